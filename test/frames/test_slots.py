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

"""Every window is a whole number of slots, which follow each other without a gap."""

from hypothesis import given
from hypothesis import strategies as st

from spike_depth_ros.frames.slots import Slots
from spike_depth_ros.units import MS_NS

CUTS_NS = st.integers(MS_NS, 100 * MS_NS).flatmap(
    lambda window_ns: st.tuples(st.just(window_ns), st.integers(MS_NS, window_ns))
)


def test_a_hop_that_divides_the_window_is_one_slot() -> None:
    slots = Slots(window_ns=50, hop_ns=10)
    assert [slots.at(time_ns) for time_ns in (-1, 0, 9, 10)] == [-1, 0, 0, 1]
    assert slots.of_window(4) == range(5)


def test_a_hop_that_does_not_is_two() -> None:
    """Windows of 50 every 20: [-30, 20), [-10, 40), [10, 60)."""
    slots = Slots(window_ns=50, hop_ns=20)
    assert [slots.start_ns(slot) for slot in range(-1, 4)] == [-10, 0, 10, 20, 30]
    assert slots.of_window(0) == range(-3, 2)
    assert slots.of_window(2) == range(1, 6)


@given(CUTS_NS, st.integers(-1000, 10**9), st.integers(-(10**12), 10**18))
def test_windows_begin_and_end_with_slots(
    cut_ns: tuple[int, int], window: int, time_ns: int
) -> None:
    window_ns, hop_ns = cut_ns
    slots = Slots(window_ns, hop_ns)
    own = slots.of_window(window)
    assert slots.start_ns(own.stop) == (window + 1) * hop_ns
    assert slots.start_ns(own.start) == (window + 1) * hop_ns - window_ns
    slot = slots.at(time_ns)
    assert slots.start_ns(slot) <= time_ns < slots.start_ns(slot + 1)
    oldest = slots.oldest_window(slot)
    assert slots.of_window(oldest - 1).start < slot <= slots.of_window(oldest).start
