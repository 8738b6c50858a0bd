"""ROS time of windows' ends."""

from spike_depth_ros.frames.stamps import Stamps


def test_a_slot_keeps_the_offset_at_which_it_was_passed() -> None:
    stamps = Stamps()
    for slot, offset_ns in ((3, 10), (3, 11), (5, 12), (6, 13), (6, 14)):
        stamps.follow(slot, offset_ns)
    assert [stamps.offset_ns(slot) for slot in (2, 3, 4, 5)] == [10, 12, 12, 13]
    assert stamps.offset_ns(6) == 14  # not passed yet: the latest


def test_nothing_is_left_after_a_reset() -> None:
    stamps = Stamps()
    stamps.follow(3, 10)
    stamps.clear()
    assert stamps.offset_ns(2) == 0
    stamps.follow(1, 20)
    assert stamps.offset_ns(0) == 20
