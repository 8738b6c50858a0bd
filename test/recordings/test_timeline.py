"""When to send what of a recording."""

import pytest

from spike_depth_ros.recordings.timeline import Timeline, stamp_shift_ns

S = 1_000_000_000


def test_messages_are_due_in_the_recordings_time() -> None:
    timeline = Timeline(start_log_ns=1000 * S, start_ns=5 * S, rate=2.0)

    assert timeline.delay_s(1004 * S, now_ns=5 * S) == 2.0
    assert timeline.delay_s(1004 * S, now_ns=6 * S) == 1.0
    assert timeline.delay_s(1004 * S, now_ns=8 * S) == 0.0
    assert timeline.log_time_ns(7 * S) == 1004 * S


@pytest.mark.parametrize(
    ('stamp_ns', 'expected'),
    [
        (1001 * S, 4000 * S),  # a second early: stamped before it was logged
        (7, 4000 * S + 1002 * S - 7),  # another clock: the stamp counts as the log time
        (99_999 * S, 4000 * S + 1002 * S - 99_999 * S),
    ],
)
def test_stamps_move_to_the_present(stamp_ns: int, expected: int) -> None:
    assert stamp_shift_ns(stamp_ns, 1002 * S, 1000 * S, present_ns=5000 * S) == expected
