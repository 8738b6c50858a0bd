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

"""Division of time into slots, so that every window is a whole number of them."""


class Slots:
    """Slots between the edges of all windows, numbered from time 0.

    Window w is [(w + 1) * hop - window, (w + 1) * hop). Where the hop divides the window, all
    edges are multiples of the hop, and slot s is [s * hop, (s + 1) * hop). Elsewhere the start of
    a window divides each hop into two slots.

    Attributes:
        hop_ns: distance of windows, nanoseconds.
        per_hop: slots of a hop, 1 or 2.
        per_window: slots of a window.
    """

    def __init__(self, window_ns: int, hop_ns: int) -> None:
        """Divide the time; window_ns is at least hop_ns, nanoseconds."""
        hops, rest_ns = divmod(window_ns, hop_ns)
        self.hop_ns = hop_ns
        self.per_hop = 2 if rest_ns else 1
        self.per_window = self.per_hop * hops + bool(rest_ns)
        self._start_ns = hop_ns - rest_ns  # of windows within a hop

    def at(self, time_ns: int) -> int:
        """Return the slot of a time, nanoseconds."""
        hop, within_ns = divmod(time_ns, self.hop_ns)
        return hop * self.per_hop + (within_ns >= self._start_ns)

    def start_ns(self, slot: int) -> int:
        """Return the time at which a slot begins, nanoseconds."""
        hop, second = divmod(slot, self.per_hop)
        return hop * self.hop_ns + second * self._start_ns

    def of_window(self, window: int) -> range:
        """Return the slots of a window."""
        end = self.per_hop * (window + 1)
        return range(end - self.per_window, end)

    def oldest_window(self, slot: int) -> int:
        """Return the oldest window that has no slot before a slot."""
        return -(-(slot + self.per_window) // self.per_hop) - 1
