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

"""Comparison of frames with the sender's events, window by window."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stress.soak.ledger import CameraLedger
from stress.soak.node import Frame
from stress.soak.record import Region
from stress.soak.sender import SENSOR_US
from stress.soak.stream import BLOCK_TICKS, EVENTS, TICK_US, WINDOW_US, Scene

WRAP_US = 1 << 24  # wrap of evt3's clock
# Header stamps scatter by 1 ms around the time of their packet.
STAMP_ERROR_US = 3_000
# A window closes with the first packets after it, which no fault may touch.
CLOSING_US = 2 * TICK_US
LAG_US = 3_000_000  # longest delay of a frame


@dataclass(slots=True)
class Outcome:
    """Numbers of windows of regions.

    Attributes:
        expected: windows in the regions.
        missing: windows without a frame.
        wrong: frames with other events than those sent.
        extra: frames at no window's end, and repeated frames of a window.
        error_us: largest error of a stamp.
    """

    expected: int = 0
    missing: int = 0
    wrong: int = 0
    extra: int = 0
    error_us: float = 0.0

    def add(self, other: 'Outcome') -> None:
        """Add the counts of another region."""
        self.expected += other.expected
        self.missing += other.missing
        self.wrong += other.wrong
        self.extra += other.extra
        self.error_us = max(self.error_us, other.error_us)

    @property
    def matching(self) -> int:
        """Return the number of windows with a correct frame."""
        return self.expected - self.missing - self.wrong


class Events:
    """Cumulative fingerprints, by time, of the events of a region that the node read."""

    def __init__(self, scene: Scene, ledgers: Sequence[CameraLedger], region: Region) -> None:
        blocks = range(
            region.start_us // TICK_US // BLOCK_TICKS,
            -(-region.stop_us // TICK_US // BLOCK_TICKS) + 1,
        )
        times, weights = [], []
        for camera, ledger in enumerate(ledgers):
            for block in blocks:
                t_us, weight = scene.marks(camera, block)
                is_read = np.repeat(ledger.is_read(block * BLOCK_TICKS, BLOCK_TICKS), EVENTS)
                times.append(t_us[is_read])
                weights.append(weight[is_read])
        order = np.argsort(np.concatenate(times), kind='stable')
        self._times = np.concatenate(times)[order]
        sums = np.cumsum(np.concatenate(weights)[order], dtype=np.uint64)
        self._sums = np.concatenate([np.zeros(1, np.uint64), sums])

    def fingerprints(self, ends_us: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
        """Return the expected fingerprints of frames with these window ends."""
        first, last = (np.searchsorted(self._times, ends_us - back) for back in (WINDOW_US, 0))
        fingerprints: npt.NDArray[np.uint64] = self._sums[last] - self._sums[first]
        return fingerprints


def check(
    scene: Scene, ledgers: Sequence[CameraLedger], region: Region, frames: Sequence[Frame]
) -> Outcome:
    """Compare the frames of a region with its windows."""
    events = Events(scene, ledgers, region)
    first_us, last_us = region.start_us + WINDOW_US, region.stop_us - CLOSING_US
    stamps = np.array([frame.stamp_us - region.jump_us for frame in frames])
    found = np.array([frame.fingerprint for frame in frames], np.uint64)
    phases = _phases(region, stamps)
    outcomes = [
        _compare(events, _ends(phase, first_us, last_us), stamps, found) for phase in phases
    ]
    if not outcomes:
        windows = (last_us - first_us) // WINDOW_US
        return Outcome(expected=windows, missing=windows, extra=len(frames))
    return max(outcomes, key=lambda outcome: (outcome.matching, -outcome.extra))


def frames_of(frames: Sequence[Frame], region: Region) -> list[Frame]:
    """Return the frames of windows within a region, by their stamps and arrivals."""
    first_us, last_us = region.start_us + WINDOW_US, region.stop_us - CLOSING_US
    return [
        frame
        for frame in frames
        if region.start_us <= frame.arrived_us <= region.stop_us + LAG_US
        and first_us <= frame.stamp_us - region.jump_us + STAMP_ERROR_US
        and frame.stamp_us - region.jump_us - STAMP_ERROR_US <= last_us
    ]


def _phases(region: Region, stamps: npt.NDArray[np.float64]) -> list[int]:
    """Return the possible window ends, modulo the window length, that fit the stamps.

    Windows end at multiples of their length in the node's sensor time. It differs from the
    cameras' clock by whole wraps, whose number only the node knows.
    """
    sensor_us = SENSOR_US + region.jump_us
    wraps = range(-1, (sensor_us + region.stop_us) // WRAP_US + 2)
    phases = [(wrap * WRAP_US - sensor_us) % WINDOW_US for wrap in wraps]
    return [
        phase
        for phase in phases
        if len(stamps) and np.median(np.abs(_off_grid(stamps - phase))) < STAMP_ERROR_US
    ]


def _off_grid(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the distances of times from the nearest multiple of a window."""
    half = WINDOW_US / 2
    return (times + half) % WINDOW_US - half


def _ends(phase: int, first_us: int, last_us: int) -> npt.NDArray[np.int64]:
    """Return the ends of windows in [first_us, last_us]."""
    start = first_us + (phase - first_us) % WINDOW_US
    return np.arange(start, last_us + 1, WINDOW_US)


def _compare(
    events: Events,
    ends: npt.NDArray[np.int64],
    stamps: npt.NDArray[np.float64],
    found: npt.NDArray[np.uint64],
) -> Outcome:
    places = np.rint((stamps - ends[0]) / WINDOW_US).astype(np.int64)
    errors = np.abs(stamps - ends[0] - places * WINDOW_US)
    # Stamps at the edge of the region may belong to the neighbouring window.
    is_inside = (places >= 0) & (places < len(ends))
    places, errors, found = places[is_inside], errors[is_inside], found[is_inside]
    is_near = errors < STAMP_ERROR_US
    windows, firsts = np.unique(places[is_near], return_index=True)
    is_right = found[is_near][firsts] == events.fingerprints(ends)[windows]
    return Outcome(
        expected=len(ends),
        missing=len(ends) - len(windows),
        wrong=int(np.count_nonzero(~is_right)),
        extra=len(places) - len(windows),
        error_us=float(errors[is_near].max(initial=0.0)),
    )
