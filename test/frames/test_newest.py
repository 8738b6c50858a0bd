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

"""Header stamps of two cameras whose hosts' clocks may be apart."""

import pytest

from spike_depth_ros.events.clock import JUMP_NS
from spike_depth_ros.frames.newest import SILENT_NS, STAMPS_APART_NS, NewestStamps
from spike_depth_ros.units import SECOND_NS


def aligned(apart_ns: int) -> NewestStamps:
    """Return the stamps of two cameras after packets that arrived at the same time."""
    newest = NewestStamps(2)
    newest.follow(0, 100 * SECOND_NS, SECOND_NS)
    newest.follow(1, 100 * SECOND_NS + apart_ns, SECOND_NS)
    return newest


@pytest.mark.parametrize(
    ('apart_ns', 'measured_ns'), [(STAMPS_APART_NS, 0), (-5 * SECOND_NS, -5 * SECOND_NS)]
)
def test_stamps_of_simultaneous_packets_measure_the_difference_of_clocks(
    apart_ns: int, measured_ns: int
) -> None:
    newest = aligned(apart_ns)
    assert newest.apart_ns == measured_ns
    newest.follow(0, 102 * SECOND_NS, 3 * SECOND_NS)
    assert newest.apart_ns == measured_ns  # two seconds passed, not only in the stamps


@pytest.mark.parametrize('apart_ns', [0, 3600 * SECOND_NS, -3600 * SECOND_NS])
def test_a_jump_is_one_of_a_camera_s_own_stamps(apart_ns: int) -> None:
    newest = aligned(apart_ns)
    later_ns = 101 * SECOND_NS + apart_ns
    assert not newest.jumps(1, later_ns + JUMP_NS, 2 * SECOND_NS)
    assert newest.jumps(1, later_ns + JUMP_NS + 1, 2 * SECOND_NS)


@pytest.mark.parametrize('apart_ns', [0, 700_000_000, -3600 * SECOND_NS])
def test_packets_of_the_other_camera_from_before_a_reset(apart_ns: int) -> None:
    """The left camera's time jumps back by 50 s; the right one's follows."""
    newest = aligned(apart_ns)
    newest.clear()
    assert not newest.is_before_reset(1, 100 * SECOND_NS + apart_ns)
    newest.begin(0, 50 * SECOND_NS, SECOND_NS)
    assert newest.is_before_reset(1, 100 * SECOND_NS + apart_ns)
    assert newest.is_before_reset(1, 50 * SECOND_NS + apart_ns - 1)
    assert not newest.is_before_reset(1, 50 * SECOND_NS + apart_ns)


def test_a_camera_that_joins_jumps_only_if_the_other_is_silent() -> None:
    newest = NewestStamps(2)
    newest.follow(0, 100 * SECOND_NS, SECOND_NS)
    assert not newest.jumps(1, 3600 * SECOND_NS, SECOND_NS + SILENT_NS - 1)
    assert newest.jumps(1, 3600 * SECOND_NS, SECOND_NS + SILENT_NS)
    assert not newest.jumps(1, 100 * SECOND_NS, 10 * SECOND_NS)
    assert not NewestStamps(1).jumps(0, 3600 * SECOND_NS, 10 * SECOND_NS)
