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

"""Decision whether two cameras share a clock."""

import pytest

from spike_depth_ros.events.clock import SensorClock
from spike_depth_ros.frames.synchroniser import (
    DRIFT_NS,
    DWELL_NS,
    SYNCHRONOUS_NS,
    Synchroniser,
    apart_ns,
)

WRAP_NS = 2**24 * 1000
OFFSET_NS = 10**18


def clocks(behind_ns: int, wrap_ns: int = 0) -> list[SensorClock]:
    """Return two clocks; at equal header stamps the right one is behind by `behind_ns`."""
    pair = [SensorClock(wrap_ns), SensorClock(wrap_ns)]
    pair[0].start(OFFSET_NS, 0)
    pair[1].start(OFFSET_NS + behind_ns, 0)
    return pair


@pytest.mark.parametrize('sign', [-1, 1])
@pytest.mark.parametrize(
    ('apart_ns', 'mode'), [(0, 'sensor'), (SYNCHRONOUS_NS, 'sensor'), (SYNCHRONOUS_NS + 1, 'host')]
)
def test_auto_lets_the_clocks_decide(apart_ns: int, mode: str, sign: int) -> None:
    synchroniser = Synchroniser('auto')
    synchroniser.decide(clocks(sign * apart_ns))
    assert synchroniser.mode == mode


def test_auto_decides_again_at_each_start() -> None:
    synchroniser = Synchroniser('auto')
    for behind_ns, mode in ((10**9, 'host'), (0, 'sensor')):
        synchroniser.decide(clocks(behind_ns))
        assert synchroniser.mode == mode


def observe(synchroniser: Synchroniser, behind_ns: int, after_ns: int) -> bool:
    """Observe two clocks with a difference, some time after the start."""
    pair = clocks(behind_ns)
    for clock in pair:
        clock.follow(clock.stamp_ns + after_ns, after_ns)
    return synchroniser.finds_otherwise(pair)


@pytest.mark.parametrize('sign', [-1, 1])
def test_auto_changes_when_clocks_contradict_the_mode_for_long_enough(sign: int) -> None:
    synchroniser = Synchroniser('auto')
    synchroniser.decide(clocks(0))
    assert not observe(synchroniser, sign * DRIFT_NS, 0)
    assert not observe(synchroniser, sign * (DRIFT_NS + 1), 0)
    assert not observe(
        synchroniser, sign * DRIFT_NS, DWELL_NS - 2
    )  # without clocks the time starts again
    assert not observe(synchroniser, sign * (DRIFT_NS + 1), DWELL_NS)
    assert observe(synchroniser, sign * (DRIFT_NS + 1), 2 * DWELL_NS + 1)
    # A measured mode stays at the next start and ignores the first stamps.
    synchroniser.decide(clocks(0))
    assert synchroniser.mode == 'host'
    assert not observe(synchroniser, SYNCHRONOUS_NS + 1, 0)
    assert not observe(synchroniser, SYNCHRONOUS_NS, 0)
    assert observe(synchroniser, SYNCHRONOUS_NS, DWELL_NS)
    assert synchroniser.mode == 'sensor'


def test_a_start_forgets_since_when_the_clocks_contradict_the_mode() -> None:
    synchroniser = Synchroniser('auto')
    synchroniser.decide(clocks(10**9))
    assert not observe(synchroniser, 0, 10 * DWELL_NS)
    synchroniser.decide(clocks(10**9))  # time jumped back
    assert not observe(synchroniser, 0, 0)
    assert observe(synchroniser, 0, DWELL_NS)
    assert synchroniser.mode == 'sensor'


def test_a_clock_that_sends_nothing_decides_nothing() -> None:
    synchroniser = Synchroniser('auto')
    synchroniser.decide(clocks(0))
    assert not observe(synchroniser, 2 * DRIFT_NS, 0)
    assert not synchroniser.finds_otherwise(clocks(2 * DRIFT_NS)[:1])
    assert not observe(synchroniser, 2 * DRIFT_NS, DWELL_NS)  # the dwell begins again
    assert observe(synchroniser, 2 * DRIFT_NS, 2 * DWELL_NS)


@pytest.mark.parametrize(
    ('apart_ns', 'mode'), [(SYNCHRONOUS_NS, 'sensor'), (SYNCHRONOUS_NS + 1, 'host')]
)
def test_a_camera_that_joins_decides_at_once_as_a_start_does(apart_ns: int, mode: str) -> None:
    synchroniser = Synchroniser('auto')
    synchroniser.decide(clocks(0)[:1])
    assert synchroniser.finds_otherwise(clocks(apart_ns), joins=True) is (mode == 'host')
    assert synchroniser.mode == mode


@pytest.mark.parametrize('setting', ['sensor', 'host'])
def test_a_setting_holds_against_the_clocks(setting: str) -> None:
    synchroniser = Synchroniser(setting)
    for behind_ns in (0, 10**9):
        synchroniser.decide(clocks(behind_ns))
        assert not synchroniser.finds_otherwise(clocks(behind_ns), joins=True)
        assert synchroniser.mode == setting


def test_whole_wraps_are_no_distance() -> None:
    left, right = clocks(3 * WRAP_NS + 7, WRAP_NS)
    synchroniser = Synchroniser('auto')
    synchroniser.decide([left, right])
    assert apart_ns([left, right]) == 7
    assert synchroniser.mode == 'sensor'
    assert synchroniser.wraps_behind(right, [left]) == 3
    assert synchroniser.wraps_behind(left, []) == 0


def test_common_time_is_sensor_time_or_ros_time() -> None:
    left, right = clocks(10**9)
    sensor, host = Synchroniser('sensor'), Synchroniser('host')
    assert [sensor.offset_ns(clock) for clock in (left, right)] == [0, 0]
    assert sensor.ros_offset_ns([left, right]) == OFFSET_NS
    assert [host.offset_ns(clock) for clock in (left, right)] == [OFFSET_NS, OFFSET_NS + 10**9]
    assert host.ros_offset_ns([left, right]) == 0
    assert sensor.ros_offset_ns([]) == 0


def test_one_camera_has_its_own_time() -> None:
    synchroniser = Synchroniser('auto')
    synchroniser.decide(clocks(0)[:1])
    assert synchroniser.mode == 'sensor'
    assert apart_ns(clocks(5)[:1]) == 0


def test_a_wrong_setting_is_refused() -> None:
    with pytest.raises(ValueError, match="sync='gps' must be 'auto', 'sensor' or 'host'"):
        Synchroniser('gps')
