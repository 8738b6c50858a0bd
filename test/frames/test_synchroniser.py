"""Whether two cameras share a clock."""

import pytest

from spike_depth_ros.events.clock import SensorClock
from spike_depth_ros.frames.synchroniser import (
    DRIFT_NS,
    SYNCHRONOUS_NS,
    Synchroniser,
    apart_ns,
)

WRAP_NS = 2**24 * 1000
OFFSET_NS = 10**18


def clocks(behind_ns: int, wrap_ns: int = 0) -> list[SensorClock]:
    """Return two clocks of which the right one shows so much less at the same header stamp."""
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


def test_auto_decides_anew_at_each_start_until_it_found_drift() -> None:
    synchroniser = Synchroniser('auto')
    for behind_ns, mode in ((10**9, 'host'), (0, 'sensor')):
        synchroniser.decide(clocks(behind_ns))
        assert synchroniser.mode == mode
    assert not synchroniser.finds_drift(clocks(DRIFT_NS))
    assert synchroniser.finds_drift(clocks(-DRIFT_NS - 1))
    assert not synchroniser.finds_drift(clocks(-DRIFT_NS - 1))
    synchroniser.decide(clocks(0))
    assert synchroniser.mode == 'host'


@pytest.mark.parametrize('setting', ['sensor', 'host'])
def test_a_setting_holds_whatever_the_clocks_tell(setting: str) -> None:
    synchroniser = Synchroniser(setting)
    for behind_ns in (0, 10**9):
        synchroniser.decide(clocks(behind_ns))
        assert not synchroniser.finds_drift(clocks(behind_ns))
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
