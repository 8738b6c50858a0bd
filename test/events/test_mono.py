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

"""mono: words made by hand."""

from events.counting import BASE_NS, Counting, mono

from spike_depth_ros.events import event_counts


def test_events_are_counted_and_those_too_far_back_dropped() -> None:
    counting = Counting('mono')
    late_ns = 50_000_000
    counting.read(mono((late_ns, 1, 2, 1), (late_ns - 40_000_000, 3, 4, 0), (0, 5, 5, 1)))
    assert counting.events() == [(1, 2, 1), (3, 4, 0)]
    assert counting.count(event_counts.BACKWARD_EVENTS) == 1
    assert counting.count(event_counts.EVENTS) == 2
    assert counting.decoder.time_ns == BASE_NS + late_ns


def test_each_packet_has_its_own_time_base() -> None:
    counting = Counting('mono')
    counting.read(mono((5, 1, 2, 1)), time_base_ns=BASE_NS + 1000)
    assert counting.decoder.time_ns == BASE_NS + 1005
