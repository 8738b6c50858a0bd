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

"""Rotation from the samples of a gyroscope."""

import math

import numpy as np
import pytest

from spike_depth_ros.geometry.pose import from_vector, to_vector
from spike_depth_ros.motion.gyroscope import MAX_SAMPLES, Gyroscope
from spike_depth_ros.units import MS_NS, SECOND_NS

RATE = 0.7  # rad/s


def turning(times_ms: range, about: int = 2) -> Gyroscope:
    """Return a gyroscope that turns about one axis at RATE."""
    gyroscope = Gyroscope()
    rate = [0.0, 0.0, 0.0]
    rate[about] = RATE
    for t_ms in times_ms:
        gyroscope.add(t_ms * MS_NS, *rate)
    return gyroscope


@pytest.mark.parametrize('step_ms', [1, 5, 20, 50])
def test_a_constant_rate_turns_by_rate_times_time(step_ms: int) -> None:
    rotation = turning(range(0, 301, step_ms)).rotation(107 * MS_NS, 157 * MS_NS)
    assert rotation is not None
    np.testing.assert_allclose(to_vector(rotation), [0, 0, 0.05 * RATE], atol=1e-12)


def test_adjoining_intervals_multiply_to_the_whole() -> None:
    gyroscope = Gyroscope()
    for t_ms in range(0, 301, 7):
        gyroscope.add(t_ms * MS_NS, math.sin(t_ms / 30), math.cos(t_ms / 50), 0.3)
    times = [20 * MS_NS, 71 * MS_NS, 120 * MS_NS]
    parts = [gyroscope.rotation(*pair) for pair in ((times[0], times[1]), (times[1], times[2]))]
    whole = gyroscope.rotation(times[0], times[2])
    assert parts[0] is not None and parts[1] is not None and whole is not None
    np.testing.assert_allclose(parts[0] @ parts[1], whole, atol=1e-5)


def test_rotations_about_two_axes_follow_the_order_of_time() -> None:
    gyroscope = Gyroscope()
    for t_ms in range(100):  # a quarter turn about x in a tenth of a second, then one about y
        gyroscope.add(t_ms * MS_NS, 5 * math.pi, 0, 0)
    for t_ms in range(100, 201):
        gyroscope.add(t_ms * MS_NS, 0, 5 * math.pi, 0)
    rotation = gyroscope.rotation(0, 200 * MS_NS)
    quarter = math.pi / 2
    expected = from_vector([quarter, 0, 0]) @ from_vector([0, quarter, 0])
    np.testing.assert_allclose(rotation, expected, atol=0.02)


def test_rates_are_held_for_50_ms_beyond_the_samples() -> None:
    gyroscope = turning(range(101))
    rotation = gyroscope.rotation(90 * MS_NS, 140 * MS_NS)
    assert rotation is not None
    np.testing.assert_allclose(to_vector(rotation), [0, 0, 0.05 * RATE], atol=1e-12)
    assert gyroscope.rotation(101 * MS_NS, 151 * MS_NS) is None
    assert gyroscope.rotation(-51 * MS_NS, 20 * MS_NS) is None
    assert gyroscope.rotation(-50 * MS_NS, 20 * MS_NS) is not None
    assert gyroscope.rotation(SECOND_NS, 2 * SECOND_NS) is None


def test_a_gap_gives_no_rotation() -> None:
    gyroscope = turning(range(101))
    for t_ms in range(152, 300):
        gyroscope.add(t_ms * MS_NS, 0, 0, RATE)
    assert gyroscope.rotation(90 * MS_NS, 160 * MS_NS) is None
    assert gyroscope.rotation(110 * MS_NS, 120 * MS_NS) is None
    assert gyroscope.rotation(152 * MS_NS, 200 * MS_NS) is not None


def test_without_samples_there_is_no_rotation() -> None:
    assert Gyroscope().rotation(0, MS_NS) is None


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf, 71.0])
def test_impossible_rates_are_counted_and_left_out(value: float) -> None:
    gyroscope = turning(range(101))
    for axis in range(3):
        rate = [0.0, 0.0, 0.0]
        rate[axis] = value
        gyroscope.add(101 * MS_NS, *rate)
    assert gyroscope.counters.invalid == 3
    assert gyroscope.newest_ns == 100 * MS_NS


def test_late_samples_are_counted_and_left_out() -> None:
    gyroscope = turning(range(101))
    gyroscope.add(100 * MS_NS, 9, 9, 9)
    gyroscope.add(20 * MS_NS, 9, 9, 9)
    assert gyroscope.counters.late == 2
    rotation = gyroscope.rotation(10 * MS_NS, 60 * MS_NS)
    assert rotation is not None
    np.testing.assert_allclose(to_vector(rotation), [0, 0, 0.05 * RATE], atol=1e-12)


def test_a_clock_that_goes_back_starts_again() -> None:
    gyroscope = turning(range(5000, 5101))
    for t_ms in range(101):
        gyroscope.add(t_ms * MS_NS, 0, 0, -RATE)
    assert gyroscope.counters.jumps == 1
    assert gyroscope.rotation(5010 * MS_NS, 5060 * MS_NS) is None
    rotation = gyroscope.rotation(10 * MS_NS, 60 * MS_NS)
    assert rotation is not None
    np.testing.assert_allclose(to_vector(rotation), [0, 0, -0.05 * RATE], atol=1e-12)


def test_one_stamp_of_the_future_does_not_stop_it() -> None:
    gyroscope = turning(range(51))
    gyroscope.add(10**18, 0, 0, RATE)
    for t_ms in range(51, 152):
        gyroscope.add(t_ms * MS_NS, 0, 0, RATE)
    assert gyroscope.rotation(60 * MS_NS, 110 * MS_NS) is not None


def test_one_stamp_less_than_a_second_ahead_stops_it_for_a_moment() -> None:
    gyroscope = turning(range(0, 51, 5))
    gyroscope.add(950 * MS_NS, 0, 0, RATE)
    for t_ms in range(55, 201, 5):
        gyroscope.add(t_ms * MS_NS, 0, 0, RATE)
    assert (gyroscope.counters.late, gyroscope.counters.jumps) == (4, 1)
    assert gyroscope.jump == 'its stamps went back by 0.875 s'
    assert gyroscope.rotation(80 * MS_NS, 130 * MS_NS) is not None


def test_late_samples_out_of_order_do_not_start_it_again() -> None:
    gyroscope = turning(range(101))
    for t_ms in (50, 49, 48, 47, 46, 45, 45, 45, 45, 45, 45):
        gyroscope.add(t_ms * MS_NS, 0, 0, RATE)
    assert (gyroscope.counters.late, gyroscope.counters.jumps) == (11, 0)


def test_period_and_mean_rate_are_of_the_latest_samples() -> None:
    assert (Gyroscope().period_ns, Gyroscope().mean_rate) == (0, 0)
    gyroscope = turning(range(0, 2000, 10))
    assert gyroscope.period_ns == 10 * MS_NS
    for t_ms in range(2000, 4000, 40):
        gyroscope.add(t_ms * MS_NS, 3.0, 0, -4.0)
    assert gyroscope.period_ns == 40 * MS_NS
    assert gyroscope.mean_rate == pytest.approx(5)


def test_memory_is_bounded() -> None:
    gyroscope = turning(range(2 * MAX_SAMPLES))
    assert gyroscope.rotation(0, 50 * MS_NS) is None
    newest_ns = gyroscope.newest_ns
    assert newest_ns is not None
    assert gyroscope.rotation(newest_ns - 50 * MS_NS, newest_ns) is not None
