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

"""Packets of events as arrays on the recording's clock."""

import heapq
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from spike_depth_ros.events.encodings import new_decoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.admission import find_fault
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.frames.synchroniser import SYNCHRONOUS_NS
from spike_depth_ros.recordings.chunks import BACKWARD, cells
from spike_depth_ros.recordings.packet_stream import PacketStream
from spike_depth_ros.recordings.recording import EventCamera, EventChunk
from spike_depth_ros.units import MS_NS, SECOND_NS

UNREADABLE = 'packets that cannot be decoded'
# Header stamps scatter: the packet of this first time that came soonest gives the offset.
FIRST_NS = 500 * MS_NS
# Events wait for a camera that has not come as far, at most this time of the recording.
WAIT_NS = SECOND_NS


def as_arrays(
    chunks: Iterable[EventChunk], cameras: Sequence[EventCamera], losses: Counter[str]
) -> Iterator[EventChunk]:
    """Turn chunks of packets into chunks of arrays; chunks of arrays pass.

    The times of events are sensor time plus one constant per camera, which header stamps give.
    Two cameras whose sensor times agree with their header stamps share the constant, whole wraps
    of the sensor clock aside: their events stay on one clock, to the microsecond.

    Args:
        chunks: chunks of a recording, in the order of EventChunk.t_ns.
        cameras: cameras of the chunks, in the order of EventChunk.camera.
        losses: gets the numbers of events and packets that are left out, by phrase.

    Yields:
        Chunks within one cell of chunks.CELL_NS, in the order of EventChunk.t_ns.
    """
    if not any(camera.encoding for camera in cameras):
        yield from chunks
        return
    remaining = iter(chunks)
    first = _first(remaining)
    offsets = _Offsets()
    for chunk in first:
        if isinstance(chunk.events, Packet):
            offsets.add(chunk.camera, chunk.events)
    merger = _Merger(len(cameras), losses)
    streams: dict[int, PacketStream] = {}
    for chunk in chain(first, remaining):
        if not isinstance(chunk.events, Packet):
            yield from merger.take(chunk.camera, chunk.events)
            continue
        camera, packet = chunk.camera, chunk.events
        if find_fault(packet) is not None:
            losses[UNREADABLE] += 1
            continue
        if camera not in streams:
            offset_ns = offsets.of(camera)
            streams[camera] = PacketStream(cameras[camera], packet.encoding, offset_ns, losses)
        yield from merger.take(camera, streams[camera].decode(packet))
    yield from merger.rest()


def _first(chunks: Iterator[EventChunk]) -> list[EventChunk]:
    """Return the chunks of the first FIRST_NS, and one more."""
    first: list[EventChunk] = []
    for chunk in chunks:
        first.append(chunk)
        if chunk.t_ns - first[0].t_ns > FIRST_NS:
            break
    return first


class _Offsets:
    """Constants from sensor time to the recording's clock, nanoseconds."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[int, int]] = {}  # offset and wrap of each camera
        self._first: dict[int, int] = {}  # first sensor time

    def add(self, camera: int, packet: Packet) -> None:
        """Follow the header stamp of one of the first packets."""
        if find_fault(packet) is not None:
            return
        decoder = new_decoder(packet.encoding)
        sensor_ns, wrap_ns = decoder.parse(packet).first_ns, decoder.wrap_ns
        if sensor_ns is None:
            return
        first_ns = self._first.setdefault(camera, sensor_ns)
        if wrap_ns:  # unwrapped from the first one
            sensor_ns = first_ns + (sensor_ns - first_ns + wrap_ns // 2) % wrap_ns - wrap_ns // 2
        offset_ns = 0 if decoder.has_host_time else packet.stamp_ns - sensor_ns
        least_ns, _ = self._found.get(camera, (offset_ns, wrap_ns))
        self._found[camera] = min(least_ns, offset_ns), wrap_ns

    def of(self, camera: int) -> int | None:
        """Return the offset of a camera; None if it is unknown.

        The first camera decides for those of the same clock.
        """
        if camera not in self._found:
            return None
        offset_ns, wrap_ns = self._found[camera]
        for reference_ns, other_wrap_ns in self._found.values():
            apart_ns = offset_ns - reference_ns
            if wrap_ns and wrap_ns == other_wrap_ns:
                apart_ns -= round(apart_ns / wrap_ns) * wrap_ns
            if abs(apart_ns) <= SYNCHRONOUS_NS:
                return offset_ns - apart_ns
        return offset_ns


class _Merger:
    """Bring the events of several cameras into the order of time.

    Packets come in the order of their log times, which follow the times of the events by the
    length of a packet and more.
    """

    def __init__(self, cameras: int, losses: Counter[str]) -> None:
        self._waiting: list[deque[EventChunk]] = [deque() for _ in range(cameras)]
        self._reached_ns: list[int | None] = [None] * cameras
        self._sent_ns: int | None = None
        self._losses = losses

    def take(self, camera: int, events: EventArrays) -> Iterator[EventChunk]:
        """Take later events of a camera; yield the chunks that no camera precedes any more."""
        if not len(events.t_ns):
            return
        passed = [ns for ns in (self._sent_ns, self._reached_ns[camera]) if ns is not None]
        if passed and events.t_ns[0] < max(passed):
            late = int(np.searchsorted(events.t_ns, max(passed)))
            self._losses[BACKWARD] += late
            events = events.select(slice(late, None))
            if not len(events.t_ns):
                return
        self._waiting[camera].extend(cells(camera, [events]))
        self._reached_ns[camera] = int(events.t_ns[-1])
        latest_ns = max(reached for reached in self._reached_ns if reached is not None) - WAIT_NS
        yield from self._until(
            min(latest_ns if ns is None else max(ns, latest_ns) for ns in self._reached_ns)
        )

    def rest(self) -> Iterator[EventChunk]:
        """Yield all chunks that wait."""
        yield from heapq.merge(*self._waiting, key=lambda chunk: chunk.t_ns)

    def _until(self, end_ns: int) -> Iterator[EventChunk]:
        """Yield the waiting chunks that are complete at a time."""
        while True:
            heads = [waiting[0] for waiting in self._waiting if waiting]
            chunk = min(heads, key=lambda head: head.t_ns, default=None)
            if chunk is None or chunk.t_ns > end_ns:
                return
            self._sent_ns = chunk.t_ns
            yield self._waiting[chunk.camera].popleft()
