# Copyright 2026 spike_depth_ros maintainers
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""A sensor's clock against the header stamps."""

import pytest

from spike_depth_ros.events.clock import JUMP_NS, SETTLING_NS, SensorClock
from spike_depth_ros.units import SECOND_NS

WRAP_NS = 2**24 * 1000


@pytest.mark.parametrize(
    ('offset_ns', 'other_ns', 'wraps'),
    [
        (0, 0, 0),
        (5 * WRAP_NS + 7, 0, 5),
        (-2 * WRAP_NS - 7, 0, -2),
        (5 * WRAP_NS, 3 * WRAP_NS + 100, 2),
        (WRAP_NS // 2 + 100, WRAP_NS // 2 - 100, 0),  # near half a wrap the other camera decides
    ],
)
def test_wraps_between_two_clocks(offset_ns: int, other_ns: int, wraps: int) -> None:
    clock, other = SensorClock(WRAP_NS), SensorClock(WRAP_NS)
    clock.start(10**18 + offset_ns, 10**18)
    other.start(10**18 + other_ns, 10**18)
    assert clock.wraps_behind(other) == wraps
    apart_ns = offset_ns - wraps * WRAP_NS - other_ns
    assert clock.apart_ns(other) == apart_ns
    clock.advance_wraps(wraps)
    assert clock.offset_ns == offset_ns - wraps * WRAP_NS
    assert (clock.wraps_behind(other), clock.apart_ns(other)) == (0, apart_ns)


def test_clocks_that_never_wrap_differ_by_their_offsets() -> None:
    clock, other = SensorClock(0), SensorClock(0)
    clock.start(10**18, 5)
    other.start(10**18, 10**18)
    assert clock.offset_ns == 10**18 - 5
    assert clock.wraps_behind(other) == 0
    assert clock.apart_ns(other) == 10**18 - 5


def test_a_stream_continues_after_advance_wraps() -> None:
    clock = SensorClock(WRAP_NS)
    clock.start(0, 0)
    clock.advance_wraps(3)
    assert clock.follow(SECOND_NS, 3 * WRAP_NS + SECOND_NS) == 0
    assert clock.follow(2 * SECOND_NS, WRAP_NS) is None


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
def test_wraps_and_jumps_of_later_packets(
    stamp_ns: int, sensor_ns: int, wraps: int | None
) -> None:
    clock = SensorClock(WRAP_NS)
    clock.start(0, 0)
    assert clock.follow(stamp_ns, sensor_ns) == wraps


def test_the_offset_follows_a_change_slowly() -> None:
    clock = SensorClock(0)
    clock.start(1_234_567, 0)
    for packet in range(1, 100):
        clock.follow(packet * 4_000_000 + 1_234_567, packet * 4_000_000)
    assert clock.offset_ns == 1_234_567
    clock.follow(400_000_000 + 6_234_567, 400_000_000)
    assert clock.offset_ns == 1_234_567 + 5_000_000 * 4 // 500


def test_the_spread_is_that_of_the_last_half_second() -> None:
    clock = SensorClock(0)
    clock.start(0, 0)
    assert clock.spread_ns == 0
    clock.follow(SETTLING_NS // 2 + 4_000_000, SETTLING_NS // 2)
    assert clock.spread_ns == pytest.approx(4_000_000 * 0.5**0.5)
    clock.follow(3 * SETTLING_NS // 2 + 2_000_000, 3 * SETTLING_NS // 2)
    assert clock.spread_ns == 0  # the estimate had followed to 2 ms
