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

"""Synthetic rig of the soak: events of its two cameras, as a function of the seed.

Stream time is microseconds since the start of the soak; sensor time and header stamps are stream
time plus offsets. Events are not stored: a check generates them again.
"""

import time
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import OFF, ON, camera_channels
from spike_depth_ros.frames.spike_frame import STEREO_CHANNELS as CHANNELS
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG

WIDTH, HEIGHT = MVSEC_RIG.camera.width, MVSEC_RIG.camera.height
WINDOW_US = 50_000
TICK_US = 5_000  # a tick: one packet of each camera
EVENTS = 200  # events per packet
# All events of a tick are earlier: every packet ends with a separate time word.
LATEST_US = TICK_US - 10
BLOCK_TICKS = 200

Columns = tuple[npt.NDArray[np.int64], ...]


class StreamClock:
    """Clock of the stream time, which starts with the clock and restarts with `start`.

    stamp_ns: header stamp at stream time 0.
    """

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Set the stream time to 0."""
        self._start_ns = time.monotonic_ns()
        self.stamp_ns = time.time_ns()

    def now_us(self) -> int:
        """Return the stream time."""
        return (time.monotonic_ns() - self._start_ns) // 1000


class Scene:
    """Source of events, and of fingerprints of frames.

    A fingerprint is the sum, modulo 2^64, of a random weight of each event's pixel and channel,
    so the fingerprint of a union of events is the sum of theirs.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        random = np.random.default_rng(seed)
        self._weights = random.integers(0, 1 << 63, HEIGHT * WIDTH * CHANNELS, np.uint64)
        self._block = lru_cache(maxsize=2)(self._make_block)

    def tick(self, camera: int, tick: int) -> Columns:
        """Return the events of one packet: stream time, x, y and polarity, int64 [EVENTS]."""
        block = self._block(camera, tick // BLOCK_TICKS)
        first = tick % BLOCK_TICKS * EVENTS
        return tuple(column[first : first + EVENTS] for column in block)

    def marks(self, camera: int, block: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
        """Return stream time and weight of each event of a block, [BLOCK_TICKS * EVENTS]."""
        t_us, x, y, polarity = self._block(camera, block)
        channel = camera_channels(camera).start + np.where(polarity, ON, OFF)
        places = (y * WIDTH + x) * CHANNELS + channel
        return t_us, self._weights[places]

    def fingerprint(self, pixels: npt.NDArray[np.uint8]) -> int:
        """Return the fingerprint of a frame, uint8 [HEIGHT, WIDTH, CHANNELS]."""
        counts = pixels.reshape(-1)
        places = np.flatnonzero(counts)
        return int((self._weights[places] * counts[places]).sum(dtype=np.uint64))

    def _make_block(self, camera: int, block: int) -> Columns:
        random = np.random.default_rng((self._seed, camera, block))
        shape = (BLOCK_TICKS, EVENTS)
        starts = (block * BLOCK_TICKS + np.arange(BLOCK_TICKS)) * TICK_US
        t_us = np.sort(random.integers(0, LATEST_US, shape), axis=1) + starts[:, None]
        sizes = (WIDTH, HEIGHT, 2)
        return t_us.reshape(-1), *(random.integers(0, size, shape[0] * EVENTS) for size in sizes)
