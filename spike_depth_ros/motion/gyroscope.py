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

"""Rotation of the rig between two times, from the samples of a gyroscope."""

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.pose import Matrix, from_vector
from spike_depth_ros.units import MS_NS, SECOND_NS

# No gyroscope of a robot measures more: 4000 degrees per second.
MAX_RATE = 70.0
# Longest time over which a rate is held or interpolated: IMUs send 50 samples per second and more.
MAX_GAP_NS = 50 * MS_NS
# A stamp further back than that is no late sample: the clock was set.
JUMP_NS = SECOND_NS
MAX_SAMPLES = 2048  # a second of the fastest IMUs


@dataclass(slots=True)
class SampleCounters:
    """Numbers of samples, or of poses, since the start.

    Args:
        taken: samples that count.
        late: samples that are not later than the newest one, and are left out.
        invalid: samples that are not finite or beyond any sensor, and are left out.
        jumps: times that the clock went back, after which nothing older counts.
    """

    taken: int = 0
    late: int = 0
    invalid: int = 0
    jumps: int = 0


class Gyroscope:
    """Latest samples of a gyroscope; safe for one thread that adds and one that reads.

    Attributes:
        counters: numbers of samples.
        newest_ns: stamp of the newest sample, nanoseconds; None without one.
    """

    def __init__(self) -> None:
        self.counters = SampleCounters()
        self.newest_ns: int | None = None
        self._samples: deque[tuple[int, float, float, float]] = deque(maxlen=MAX_SAMPLES)
        self._lock = Lock()

    def add(self, t_ns: int, x: float, y: float, z: float) -> None:
        """Add a sample.

        Args:
            t_ns: its stamp, nanoseconds.
            x, y, z: angular velocity in the IMU's frame, rad/s.
        """
        if not all(abs(rate) <= MAX_RATE for rate in (x, y, z)):  # NaN is not
            self.counters.invalid += 1
            return
        with self._lock:
            if self.newest_ns is not None and t_ns <= self.newest_ns:
                if t_ns > self.newest_ns - JUMP_NS:
                    self.counters.late += 1
                    return
                self._begin()
            self.newest_ns = t_ns
            self._samples.append((t_ns, x, y, z))
            self.counters.taken += 1

    def restart(self) -> None:
        """Drop all samples, as after a jump: those that follow are of another frame."""
        with self._lock:
            self._begin()

    def _begin(self) -> None:
        self.counters.jumps += 1
        self._samples.clear()

    def rotation(self, start_ns: int, end_ns: int) -> Matrix | None:
        """Return the rotation of the IMU's frame at the end to its frame at the start.

        Rates are interpolated linearly between samples, and held for MAX_GAP_NS before the first
        and after the newest one. None if there is a longer gap.

        start_ns, end_ns: times, nanoseconds, the start first.
        """
        with self._lock:
            samples = list(self._samples)
        times = np.array([sample[0] for sample in samples], np.int64)
        first = max(0, int(np.searchsorted(times, start_ns, side='right')) - 1)
        last = int(np.searchsorted(times, end_ns)) + 1
        times = times[first:last]
        knots = np.concatenate(
            [[start_ns], times[(times > start_ns) & (times < end_ns)], [end_ns]]
        )
        if not _covers(times, start_ns, end_ns):
            return None
        rates = _interpolated(knots, times, np.array(samples[first:last])[:, 1:])
        rotation = np.eye(3)
        for (t0, t1), (rate0, rate1) in zip(pairwise(knots), pairwise(rates), strict=True):
            rotation = rotation @ from_vector((rate0 + rate1) / 2 * ((t1 - t0) / SECOND_NS))
        return rotation


def _covers(times: npt.NDArray[np.int64], start_ns: int, end_ns: int) -> bool:
    """Return whether no time from start to end is further than MAX_GAP_NS from what is known."""
    if not len(times):
        return False
    gaps = np.diff(times)
    return bool(
        times[0] <= start_ns + MAX_GAP_NS
        and times[-1] >= end_ns - MAX_GAP_NS
        and (not len(gaps) or gaps.max() <= MAX_GAP_NS)
    )


def _interpolated(
    knots: npt.NDArray[np.int64], times: npt.NDArray[np.int64], rates: Matrix
) -> Matrix:
    """Return rates at knots, float64 [n, 3], held before the first and after the last time."""
    at, known = (knots - times[0]).astype(np.float64), (times - times[0]).astype(np.float64)
    return np.stack([np.interp(at, known, rate) for rate in rates.T], 1)
