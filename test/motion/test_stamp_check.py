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


"""Comparison of stamps with the clock on arrival, and with those of windows."""

import math

import pytest

from spike_depth_ros.motion.stamp_check import StampCheck
from spike_depth_ros.units import MS_NS


def checked(
    lead_ms: int, ages_ms: tuple[int, ...] | None, window_age_ms: int, windows: int = 5
) -> StampCheck:
    """Return a comparison over windows; the ages of messages on arrival take turns."""
    check = StampCheck(50 * MS_NS)
    for number in range(windows):
        age_ns = None if ages_ms is None else ages_ms[number % len(ages_ms)] * MS_NS
        check.add(lead_ms * MS_NS, age_ns, None if age_ns is None else window_age_ms * MS_NS)
    return check


@pytest.mark.parametrize(
    ('ages_ms', 'fault'),
    [
        ((2,), ''),
        ((-10,), ''),
        ((-11,), 'is stamped 0.011 s ahead of the ROS time'),
        ((-100, 300, 300), 'is stamped 0.100 s ahead of the ROS time'),  # delays add to the age
        ((50, 900, 900), ''),
        ((51, 900), 'comes 0.051 s after its stamp, but must come within 0.05 s'),
    ],
)
def test_ages_of_messages_where_windows_have_the_clock(
    ages_ms: tuple[int, ...], fault: str
) -> None:
    # The lead is no matter: windows come as late as their cameras, queues and processors are.
    for lead_ms in (-200, 30, 700):
        found = checked(lead_ms, ages_ms, window_age_ms=130).fault(is_covered=True)
        assert found.startswith(fault) and bool(found) == bool(fault)


@pytest.mark.parametrize(
    ('ages_ms', 'window_age_ms'), [(None, 0), ((10**9,), 10**9), ((5,), 1000), ((5,), -11)]
)
def test_leads_where_windows_have_another_clock(
    ages_ms: tuple[int, ...] | None, window_age_ms: int
) -> None:
    def fault(lead_ms: int, is_covered: bool) -> str:
        return checked(lead_ms, ages_ms, window_age_ms).fault(is_covered)

    assert fault(150, True) == fault(-50, False) == fault(-200, True) == ''
    assert fault(151, True).startswith('is 0.151 s ahead of the windows')
    assert fault(-51, False).startswith('is 0.051 s behind the windows')


def test_few_windows_tell_nothing() -> None:
    check = checked(900, (-900,), 30, windows=4)
    assert check.fault(is_covered=False) == '' and math.isnan(check.lead_ns)
    assert checked(900, (-900,), 30).lead_ns == 900 * MS_NS
