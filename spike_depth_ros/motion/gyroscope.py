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

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.pose import Matrix, from_vector
from spike_depth_ros.motion.samples import Samples
from spike_depth_ros.units import MS_NS, SECOND_NS

# No gyroscope of a robot measures more: 4000 degrees per second.
MAX_RATE = 70.0
# Longest time over which a rate is held or interpolated: IMUs send 50 samples per second and more.
MAX_GAP_NS = 50 * MS_NS
MAX_SAMPLES = 2048  # a second of the fastest IMUs
Rate = tuple[float, float, float]


class Gyroscope(Samples[Rate]):
    """Latest samples of a gyroscope."""

    max_gap_ns = MAX_GAP_NS

    def __init__(self) -> None:
        super().__init__(MAX_SAMPLES)

    def add(self, t_ns: int, x: float, y: float, z: float) -> None:
        """Add a sample.

        Args:
            t_ns: its stamp, nanoseconds.
            x, y, z: angular velocity in the IMU's frame, rad/s.
        """
        if all(abs(rate) <= MAX_RATE for rate in (x, y, z)):  # NaN is not
            self._take(t_ns, (x, y, z))
        else:
            self.counters.invalid += 1

    @property
    def mean_rate(self) -> float:
        """Return the mean absolute rate over the latest second, rad/s; 0 without a sample."""
        samples = self._latest()
        recent = [rate for t_ns, rate in samples if t_ns > samples[-1][0] - SECOND_NS]
        return float(np.linalg.norm(recent, axis=1).mean()) if recent else 0.0

    def rotation(self, start_ns: int, end_ns: int) -> Matrix | None:
        """Return the rotation of the IMU's frame at the end to its frame at the start.

        Rates are interpolated linearly between samples, and held for MAX_GAP_NS before the first
        and after the newest one. None if there is a longer gap.

        start_ns, end_ns: times, nanoseconds, the start first.
        """
        samples = self._latest()
        times = np.array([sample[0] for sample in samples], np.int64)
        first = max(0, int(np.searchsorted(times, start_ns, side='right')) - 1)
        last = int(np.searchsorted(times, end_ns)) + 1
        times = times[first:last]
        knots = np.concatenate(
            [[start_ns], times[(times > start_ns) & (times < end_ns)], [end_ns]]
        )
        if not _covers(times, start_ns, end_ns):
            return None
        rates = _interpolated(knots, times, np.array([rate for _, rate in samples[first:last]]))
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
