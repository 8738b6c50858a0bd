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

"""Random sensors of the fuzz program, whose arrays lie between guard bytes."""

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.event_counts import (
    BACKGROUND_EVENTS,
    EVENTS,
    SATURATED,
    new_event_counts,
)
from spike_depth_ros.events.histogram import EventSink
from spike_depth_ros.events.lookup import new_lookup
from spike_depth_ros.events.noise import NEVER_NS, NoiseFilter, NoiseSettings, NoiseState
from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA, MONO_CHANNELS, STEREO_CHANNELS
from spike_depth_ros.geometry.pixel_table import UNMAPPED, resize_table

GUARD_BYTES = 256
GUARD = 0xA5
SIDES = (1, 24)  # least and largest side of most sensors, pixels
FRAME_SIDES = (1, 32)
BIG_SENSOR, BIG_FRAME = (320, 240), (300, 300)
KINDS = 16


class Rig:
    """Random sensor: look-up, noise filters, and arrays between guard bytes.

    Guarded are the histogram, the event counts and the arrays of the noise filters.

    Args:
        rng: random numbers.
        number: number of the rig; it decides on a large sensor and on a random look-up.

    Attributes:
        noise: filters with random limits, possibly all off.
    """

    def __init__(self, rng: np.random.Generator, number: int) -> None:
        kind = number % KINDS
        self.width, self.height = BIG_SENSOR if kind == 0 else _sides(rng, SIDES)
        width, height = BIG_FRAME if kind == 1 else _sides(rng, FRAME_SIDES)
        if kind in (1, 2, 3):
            shape = self.height, self.width
            index = rng.integers(UNMAPPED, width * height, shape, np.int32)
        else:
            index = resize_table(self.width, self.height, width, height).index
        channels = int(rng.choice([MONO_CHANNELS, STEREO_CHANNELS]))
        self.lookup = new_lookup(
            index, int(rng.integers(0, channels // CHANNELS_PER_CAMERA)), channels
        )
        self.noise = NoiseFilter(self.width, self.height, _settings(rng))
        self._guards: list[npt.NDArray[np.uint8]] = []
        self.histogram = self._guarded(np.zeros(width * height * channels, np.uint8))
        self.counts = self._guarded(new_event_counts())
        if self.noise.state is not None:
            arrays = (self._guarded(array) for array in self.noise.state)
            self.noise.state = NoiseState(*arrays)

    def sink(self, noise: NoiseState | None) -> EventSink:
        """Return the destination of events, filtered by noise."""
        return EventSink(self.lookup, noise, self.histogram, self.counts)

    def clear(self) -> None:
        """Reset counts, filters and guards."""
        for guard in self._guards:
            guard.fill(GUARD)
        self.histogram.fill(0)
        self.counts.fill(0)
        self.noise.forget_time()
        if self.noise.state is not None:
            self.noise.state.hot.fill(False)

    def find_fault(self, time_ns: int | None) -> str:
        """Return a sentence about wrong memory once a decoder has reached a time, '' for none."""
        if any((guard != GUARD).any() for guard in self._guards):
            return 'bytes beside an array were written'
        counts = self.counts.tolist()
        counted = counts[EVENTS] - sum(counts[SATURATED : BACKGROUND_EVENTS + 1])
        if min(counts) < 0 or counted != self.histogram.sum():
            return f'the histogram holds {self.histogram.sum()} events, not {counted}: {counts}'
        return '' if self.noise.state is None else _noise_fault(self.noise.state, time_ns)

    def _guarded(self, array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Return a copy of an array between guard bytes."""
        memory = np.full(array.nbytes + 2 * GUARD_BYTES, GUARD, np.uint8)
        self._guards += [memory[:GUARD_BYTES], memory[-GUARD_BYTES:]]
        copy = memory[GUARD_BYTES:-GUARD_BYTES].view(array.dtype).reshape(array.shape)
        copy[:] = array
        return copy


def _sides(rng: np.random.Generator, sides: tuple[int, int]) -> tuple[int, int]:
    width, height = rng.integers(*sides, 2, endpoint=True).tolist()
    return width, height


def _settings(rng: np.random.Generator) -> NoiseSettings:
    return NoiseSettings(
        hot_pixel_hz=float(rng.choice([0.0, 1.0, 100.0])),
        refractory_ns=int(rng.choice([0, 1, 1_000_000, 1 << 62])),
        support_ns=int(rng.choice([0, 1, 10_000_000, 1 << 62])),
    )


def _noise_fault(state: NoiseState, time_ns: int | None) -> str:
    """Return a sentence about wrong arrays of the filters, '' for none."""
    last_ns = state.last_ns
    border = (last_ns[0], last_ns[-1], last_ns[:, 0], last_ns[:, -1])
    if any((side != NEVER_NS).any() for side in border):
        return 'the border of last_ns was written'
    if last_ns.max() > (NEVER_NS if time_ns is None else time_ns):
        return f'last_ns holds {last_ns.max()}, later than {time_ns}'
    return '' if state.hot.view(np.uint8).max() <= 1 else 'hot holds more than True and False'
