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

"""Time from window to window, and the causes for which a model's memory is forgotten."""

from collections import Counter
from enum import Enum

from spike_depth_ros.inference.memory import MembraneState
from spike_depth_ros.units import MS_NS

# exp(-5) = 0.7 % of a potential is left after this many time constants.
GAP_TAUS = 5


class Reset(Enum):
    """Cause for which memory is forgotten; its value is its name in /diagnostics."""

    TIME = 'time ran back or stood still'
    GAP = 'gap'
    STREAM = 'other rig or stream'
    UNFIT = 'windows unfit'
    MALFORMED = 'windows malformed'
    FAILED = 'windows failed'
    NOT_FINITE = 'not finite'


def longest_gap_ns(states: tuple[MembraneState, ...]) -> int | None:
    """Return the time after which nothing is remembered, nanoseconds; None without states."""
    taus_ms = [state.longest_tau_ms for state in states]
    return round(GAP_TAUS * max(taus_ms) * MS_NS) if taus_ms else None


class Continuity:
    """Time since the latest window that the memory holds.

    Windows without inference need no call: the time to the next one is longer.

    Attributes:
        resets: number of times that memory was forgotten, by cause.
    """

    def __init__(self, longest_gap_ns: int | None) -> None:
        """Remember nothing; longest_gap_ns: see `longest_gap_ns`."""
        self.resets: Counter[Reset] = Counter()
        self._longest_gap_ns = longest_gap_ns
        self._inferred_ns: int | None = None

    def elapsed_ns(self, stamp_ns: int) -> int | None:
        """Return the time since the window that was inferred last, None if nothing is remembered.

        stamp_ns: end of the window, after that of the one before, nanoseconds.
        """
        if self._inferred_ns is None:
            return None
        elapsed_ns = stamp_ns - self._inferred_ns
        if self._longest_gap_ns is not None and elapsed_ns > self._longest_gap_ns:
            self.forget(Reset.GAP)
            return None
        return elapsed_ns

    def infer(self, stamp_ns: int) -> None:
        """Note the end of a window that was inferred, nanoseconds."""
        self._inferred_ns = stamp_ns

    def forget(self, cause: Reset) -> None:
        """Forget; counted if there was something to forget, and the model has memory."""
        if self._inferred_ns is not None and self._longest_gap_ns is not None:
            self.resets[cause] += 1
        self._inferred_ns = None
