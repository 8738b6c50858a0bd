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

"""Time between windows, and causes for which memory is forgotten."""

from spike_depth_ros.inference.continuity import Continuity, Reset, longest_gap_ns
from spike_depth_ros.inference.memory import MembraneState

MS = 1_000_000


def test_the_longest_time_constant_decides() -> None:
    states = (MembraneState('state', (20.0, 80.0)), MembraneState('state2', (40.0,)))
    assert longest_gap_ns(states) == 400 * MS
    assert longest_gap_ns(()) is None


def test_skipped_windows_lengthen_the_time() -> None:
    continuity = Continuity(400 * MS)
    assert continuity.elapsed_ns(100 * MS) is None
    continuity.infer(100 * MS)
    assert continuity.elapsed_ns(150 * MS) == 50 * MS
    assert continuity.elapsed_ns(500 * MS) == 400 * MS
    assert not continuity.resets


def test_a_gap_forgets_once() -> None:
    continuity = Continuity(400 * MS)
    continuity.infer(100 * MS)
    assert [continuity.elapsed_ns(501 * MS) for _ in range(2)] == [None, None]
    assert continuity.resets == {Reset.GAP: 1}


def test_what_is_not_known_is_not_forgotten() -> None:
    continuity = Continuity(400 * MS)
    continuity.forget(Reset.TIME)
    continuity.infer(100 * MS)
    continuity.forget(Reset.TIME)
    continuity.forget(Reset.STREAM)
    assert continuity.elapsed_ns(150 * MS) is None
    assert continuity.resets == {Reset.TIME: 1}


def test_without_memory_nothing_is_counted() -> None:
    continuity = Continuity(None)
    continuity.infer(100 * MS)
    assert continuity.elapsed_ns(10**6 * MS) is not None
    continuity.forget(Reset.TIME)
    assert not continuity.resets
