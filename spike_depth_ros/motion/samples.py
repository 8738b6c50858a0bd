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

"""Latest samples of a sensor of the rig's motion, in order of time."""

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from threading import Lock
from typing import Generic, TypeVar

from spike_depth_ros.units import SECOND_NS

# A stamp further back than that is no late sample: the clock was set.
JUMP_NS = SECOND_NS
# Nor are so many late samples that follow each other: one stamp was ahead, or the clock was set.
LATE_RUN = 5
# Number of latest samples whose distances give the period.
PERIOD_SAMPLES = 16
T = TypeVar('T')


@dataclass(slots=True)
class SampleCounters:
    """Numbers of samples since the start.

    Args:
        taken: samples that count.
        late: samples that are not later than the newest one, and are left out.
        invalid: samples that no sensor measures, such as NaN, and are left out.
        jumps: times that the clock went back, the samples jumped or came in another frame, after
            which nothing older counts.
    """

    taken: int = 0
    late: int = 0
    invalid: int = 0
    jumps: int = 0


class Samples(Generic[T]):
    """Latest samples; safe for one thread that adds and one that reads.

    Attributes:
        counters: numbers of samples.
        newest_ns: stamp of the newest sample, nanoseconds; None without one.
        jump: cause of the last jump, '' before any.
        max_gap_ns: longest time between samples over which motion is known, nanoseconds.
    """

    max_gap_ns: int

    def __init__(self, capacity: int) -> None:
        self.counters = SampleCounters()
        self.newest_ns: int | None = None
        self.jump = ''
        self._late_stamps: list[int] = []  # of late samples that follow each other, nanoseconds
        self._samples: deque[tuple[int, T]] = deque(maxlen=capacity)
        self._lock = Lock()

    def restart(self) -> None:
        """Drop all samples: those that follow are of another frame."""
        with self._lock:
            self._begin('it came in another frame')

    @property
    def period_ns(self) -> float:
        """Return the median time between the latest samples, nanoseconds; 0 without two."""
        stamps = [sample[0] for sample in self._latest()[-PERIOD_SAMPLES:]]
        return median(later - earlier for earlier, later in pairwise(stamps)) if stamps[1:] else 0

    def _take(self, t_ns: int, sample: T) -> None:
        """Add a valid sample of a time, nanoseconds, unless it is late."""
        with self._lock:
            if self.newest_ns is not None and t_ns <= self.newest_ns:
                if t_ns > self.newest_ns - JUMP_NS and not self._continues_behind(t_ns):
                    self.counters.late += 1
                    return
                back_s = (self.newest_ns - t_ns) / SECOND_NS
                self._begin(f'its stamps went back by {back_s:.3f} s')
            elif self._samples and self._is_jump(self._samples[-1], (t_ns, sample)):
                self._begin('its poses leapt')
            self.newest_ns = t_ns
            self._late_stamps.clear()
            self._samples.append((t_ns, sample))
            self.counters.taken += 1

    def _is_jump(self, before: tuple[int, T], after: tuple[int, T]) -> bool:
        """Return whether a sample cannot follow another one; by default any can."""
        return False

    def _continues_behind(self, t_ns: int) -> bool:
        """Note a late stamp; return whether LATE_RUN of them follow each other in order."""
        if self._late_stamps and t_ns <= self._late_stamps[-1]:
            self._late_stamps.clear()
        self._late_stamps.append(t_ns)
        return len(self._late_stamps) >= LATE_RUN

    def _latest(self) -> list[tuple[int, T]]:
        with self._lock:
            return list(self._samples)

    def _begin(self, cause: str) -> None:
        self.counters.jumps += 1
        self.jump = cause
        self._samples.clear()
