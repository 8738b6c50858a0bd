"""A sensor's clock against the header stamps."""

import pytest

from spike_depth_ros.events.clock import JUMP_NS, SensorClock

WRAP_NS = 2**24 * 1000
SECOND_NS = 1_000_000_000


@pytest.mark.parametrize(
    ('offset_ns', 'shared_ns', 'wraps'),
    [
        (5 * WRAP_NS + 7, None, 0),  # the first camera's own time is the common clock
        (0, 0, 0),
        (5 * WRAP_NS + 7, 0, 5),
        (-2 * WRAP_NS - 7, 0, -2),
        (5 * WRAP_NS, 3 * WRAP_NS + 100, 2),
        (WRAP_NS // 2 + 100, WRAP_NS // 2 - 100, 0),  # near half a wrap the other camera decides
    ],
)
def test_the_first_packet_tells_the_wraps(
    offset_ns: int, shared_ns: int | None, wraps: int
) -> None:
    clock = SensorClock(WRAP_NS)
    assert clock.start(10**18 + offset_ns, 10**18, shared_ns) == wraps
    assert clock.offset_ns == offset_ns - wraps * WRAP_NS


def test_a_clock_that_never_wraps_takes_any_offset() -> None:
    clock = SensorClock(0)
    assert clock.start(10**18, 5, None) == 0
    assert clock.offset_ns == 10**18 - 5


@pytest.mark.parametrize(
    ('stamp_ns', 'sensor_ns', 'wraps'),
    [
        (SECOND_NS, SECOND_NS, 0),
        (SECOND_NS + JUMP_NS, SECOND_NS, 0),
        (SECOND_NS + JUMP_NS + 1, SECOND_NS, None),
        (SECOND_NS, SECOND_NS + JUMP_NS + 1, None),
        (3 * WRAP_NS + SECOND_NS, SECOND_NS, 3),
        (3 * WRAP_NS + SECOND_NS, SECOND_NS - JUMP_NS - 1, None),
        (SECOND_NS, SECOND_NS + WRAP_NS, None),  # time that never passed
    ],
)
def test_later_packets_tell_wraps_and_jumps(
    stamp_ns: int, sensor_ns: int, wraps: int | None
) -> None:
    clock = SensorClock(WRAP_NS)
    clock.start(0, 0, None)
    assert clock.follow(stamp_ns, sensor_ns) == wraps


def test_the_offset_follows_slowly_and_a_constant_one_exactly() -> None:
    clock = SensorClock(0)
    clock.start(1_234_567, 0, None)
    for packet in range(1, 100):
        clock.follow(packet * 4_000_000 + 1_234_567, packet * 4_000_000)
    assert clock.offset_ns == 1_234_567
    clock.follow(400_000_000 + 6_234_567, 400_000_000)
    assert clock.offset_ns == 1_234_567 + 5_000_000 * 4 // 500
