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

"""Spike frames of windows that end at given times, in one pass over the events."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays, spike_frame
from spike_depth_ros.geometry.pixel_table import PixelTable
from spike_depth_ros.recordings.recording import EventChunk

SILENCE_NS = 100_000_000  # events of a camera come at most this late behind those of another


class SpikeWindows:
    """Windows of one length over chunks of events, which are read as far as a window needs.

    Memory is that of a window's events and of SILENCE_NS.
    """

    def __init__(
        self, chunks: Iterator[EventChunk], tables: Sequence[PixelTable], window_ns: int
    ) -> None:
        """Count the events of chunks.

        Args:
            chunks: arrays of events; see EventRecording.events and decoded.as_arrays.
            tables: pixel table of each camera.
            window_ns: length of a window, nanoseconds.
        """
        self._chunks, self._tables, self._window_ns = chunks, tables, window_ns
        self._events: list[list[EventArrays]] = [[] for _ in tables]
        self._newest_ns = -(2**63)

    def ending_at(self, end_ns: int) -> NDArray[np.uint8]:
        """Return the spike frame of [end_ns - window_ns, end_ns), uint8 [h, w, channels].

        end_ns: end of the window, nanoseconds; not before that of an earlier call.
        """
        start_ns = end_ns - self._window_ns
        for camera, parts in enumerate(self._events):
            self._events[camera] = [part for part in parts if part.t_ns[-1] >= start_ns]
        while not self._has_reached(end_ns) and (chunk := next(self._chunks, None)):
            self._take(chunk, start_ns)
        cameras = [_concatenated(parts) for parts in self._events]
        return spike_frame(cameras, self._tables, start_ns, self._window_ns)

    def _take(self, chunk: EventChunk, start_ns: int) -> None:
        events = chunk.events
        if not isinstance(events, EventArrays):
            raise TypeError(f'A chunk holds {type(events).__name__}, not EventArrays.')
        self._newest_ns = max(self._newest_ns, chunk.t_ns)
        if len(events.t_ns) and events.t_ns[-1] >= start_ns:
            self._events[chunk.camera].append(events)

    def _has_reached(self, end_ns: int) -> bool:
        """Return whether later chunks hold no event before a time."""
        if self._newest_ns >= end_ns + SILENCE_NS:
            return True
        return all(parts and parts[-1].t_ns[-1] >= end_ns for parts in self._events)


def _concatenated(parts: list[EventArrays]) -> EventArrays:
    if not parts:
        nothing = np.zeros(0, np.int64)
        return EventArrays(nothing, nothing, nothing, nothing)
    return EventArrays(*(np.concatenate(column) for column in zip(*parts, strict=True)))
