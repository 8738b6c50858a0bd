"""The newest header stamp."""

from spike_depth_ros.events.clock import JUMP_NS
from spike_depth_ros.frames.newest import NewestStamp

STAMP_NS = 10**18


def test_a_stamp_jumps_when_it_is_ahead_of_the_time_that_passed() -> None:
    newest = NewestStamp()
    assert not newest.jumps(STAMP_NS, 0)
    newest.follow(STAMP_NS, waited_ns=7)
    assert not newest.jumps(STAMP_NS + JUMP_NS, 7)
    assert newest.jumps(STAMP_NS + JUMP_NS + 1, 7)
    assert not newest.jumps(STAMP_NS + 60 * JUMP_NS, 7 + 59 * JUMP_NS)  # a silence
    assert not newest.jumps(0, 7)  # other checks find what runs back


def test_an_older_stamp_does_not_count() -> None:
    newest = NewestStamp()
    newest.follow(STAMP_NS, 0)
    newest.follow(STAMP_NS - JUMP_NS, 5)
    assert not newest.jumps(STAMP_NS + JUMP_NS, 0)


def test_stamps_of_another_time() -> None:
    newest = NewestStamp()
    assert not newest.differs(STAMP_NS)
    newest.follow(STAMP_NS, 0)
    assert not newest.differs(STAMP_NS - JUMP_NS)
    assert newest.differs(STAMP_NS - JUMP_NS - 1)
    assert newest.differs(STAMP_NS + JUMP_NS + 1)
    newest.clear()
    assert not newest.differs(0)
    assert not newest.jumps(2 * STAMP_NS, 0)
