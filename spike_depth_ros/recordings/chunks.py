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

"""Chunks of events from blocks of arrays: checked, in order of time, cut into cells."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.events.decoder import JITTER_NS
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.recording import EventCamera, EventChunk

# Length of a cell of the recording's clock, nanoseconds; a chunk of arrays lies within one.
CELL_NS = 10_000_000

# A step of time by more than this is no jitter of a driver, nanoseconds.
JUMP_NS = 1_000_000_000
# A block with more jumps back is shuffled: sorting repairs it.
MANY_JUMPS = 64
# A block with more strays than one in so many events is shuffled.
STRAY_SHARE = 16

BACKWARD = 'events earlier than the events before them'
AHEAD = 'events far later than the events after them'
OUTSIDE = 'events outside of the sensor'


def checked(
    blocks: Iterable[EventArrays], camera: EventCamera, losses: Counter[str]
) -> Iterator[EventArrays]:
    """Yield blocks of one camera whose times do not fall and whose pixels are on the sensor.

    A block is sorted by time where it is not. Left out and counted in `losses` are events outside
    of the sensor; single events that are earlier or later than their neighbours by more than
    JITTER_NS, since nothing tells their true time; events earlier than an earlier block's last
    one; and events that are later by more than JUMP_NS than a larger number of events after them:
    one damaged time must not hide the rest. After a restart of the camera's clock all events are
    earlier.
    """
    inside = (on_sensor(block, camera, losses) for block in blocks)
    pieces = (piece for block in inside for piece in _sorted_pieces(block, losses))
    held: EventArrays | None = None  # yielded once its successor agrees
    reached_ns: int | None = None  # time of the last event yielded
    behind = 0  # events left out that were earlier than `held`
    for piece in pieces:
        piece = _since(piece, reached_ns, losses)
        if held is not None and len(piece.t_ns):
            ahead = _later(held, piece)
            if ahead and behind + _earlier(piece, held) > ahead:
                losses[AHEAD] += ahead
                held = held.select(slice(None, -ahead))
            else:
                size = len(piece.t_ns)
                piece = _since(piece, int(held.t_ns[-1]), losses)
                behind += size - len(piece.t_ns)
        if not len(piece.t_ns):
            continue
        if held is not None and len(held.t_ns):
            reached_ns = int(held.t_ns[-1])
            yield held
        held, behind = piece, 0
    if held is not None:
        yield held


def merged(streams: Sequence[Iterable[EventArrays]]) -> Iterator[EventChunk]:
    """Yield the events of several cameras, cut into cells, in the order of EventChunk.t_ns.

    streams: checked blocks of each camera.
    """
    chunks = [cells(camera, blocks) for camera, blocks in enumerate(streams)]
    return heapq.merge(*chunks, key=lambda chunk: chunk.t_ns)


def within(
    blocks: Iterable[EventArrays], start_ns: int | None, end_ns: int | None
) -> Iterator[EventArrays]:
    """Yield the part of checked blocks in the half-open range of time; stop at its end."""
    for block in blocks:
        first = 0 if start_ns is None else int(np.searchsorted(block.t_ns, start_ns))
        last = len(block.t_ns) if end_ns is None else int(np.searchsorted(block.t_ns, end_ns))
        if first < last:
            yield block.select(slice(first, last))
        if last < len(block.t_ns):
            return


def cells(camera: int, blocks: Iterable[EventArrays]) -> Iterator[EventChunk]:
    """Yield checked blocks of a camera as chunks, cut into cells."""
    for block in blocks:
        cuts = [0, *_cell_starts(block.t_ns), len(block.t_ns)]
        for first, last in pairwise(cuts):
            yield EventChunk(camera, int(block.t_ns[last - 1]), block.select(slice(first, last)))


def _cell_starts(t_ns: NDArray[np.integer[Any]]) -> list[int]:
    """Return the index of the first event of each cell after the first cell."""
    first_cell, last_cell = int(t_ns[0]) // CELL_NS, int(t_ns[-1]) // CELL_NS
    if last_cell - first_cell > len(t_ns):  # a gap of many empty cells
        return [int(last) + 1 for last in np.flatnonzero(np.diff(t_ns // CELL_NS))]
    edges = np.arange(first_cell + 1, last_cell + 1, dtype=np.int64) * CELL_NS
    return [int(start) for start in np.unique(np.searchsorted(t_ns, edges))]


def on_sensor(block: EventArrays, camera: EventCamera, losses: Counter[str]) -> EventArrays:
    """Return a block without the events outside of the sensor, which are counted in `losses`."""
    if not len(block.t_ns) or (
        block.x.min() >= 0
        and block.x.max() < camera.width
        and block.y.min() >= 0
        and block.y.max() < camera.height
    ):
        return block
    inside = (block.x >= 0) & (block.x < camera.width)
    inside &= (block.y >= 0) & (block.y < camera.height)
    losses[OUTSIDE] += int(np.count_nonzero(~inside))
    return block.select(inside)


def _sorted_pieces(block: EventArrays, losses: Counter[str]) -> Iterator[EventArrays]:
    """Yield a block sorted by time, cut at its jumps unless they are many."""
    if not np.any(block.t_ns[1:] < block.t_ns[:-1]):
        yield block
        return
    jumps = np.flatnonzero(np.abs(np.diff(block.t_ns)) > JUMP_NS) + 1
    cuts = jumps.tolist() if len(jumps) <= MANY_JUMPS else []
    for first, last in pairwise([0, *cuts, len(block.t_ns)]):
        piece = _without_strays(block.select(slice(first, last)), losses)
        yield piece.select(np.argsort(piece.t_ns, kind='stable'))


def _without_strays(block: EventArrays, losses: Counter[str]) -> EventArrays:
    """Return a block without the few events far before, or far after, their neighbours."""
    t_ns = block.t_ns
    behind = np.maximum.accumulate(t_ns) - t_ns > JITTER_NS
    ahead = t_ns - np.minimum.accumulate(t_ns[::-1])[::-1] > JITTER_NS
    late, early = int(np.count_nonzero(behind)), int(np.count_nonzero(ahead))
    if not 0 < min(late, early) <= len(t_ns) // STRAY_SHARE:
        return block
    strays, phrase = (behind, BACKWARD) if late <= early else (ahead, AHEAD)
    losses[phrase] += min(late, early)
    return block.select(~strays)


def _since(block: EventArrays, start_ns: int | None, losses: Counter[str]) -> EventArrays:
    """Return a sorted block without the events before a time, which are counted."""
    if start_ns is None or not len(block.t_ns) or block.t_ns[0] >= start_ns:
        return block
    first = int(np.searchsorted(block.t_ns, start_ns))
    losses[BACKWARD] += first
    return block.select(slice(first, None))


def _later(block: EventArrays, following: EventArrays) -> int:
    """Return the number of events later than the start of the following block, if by a jump."""
    if int(block.t_ns[-1]) - int(following.t_ns[0]) <= JUMP_NS:
        return 0
    return len(block.t_ns) - int(np.searchsorted(block.t_ns, following.t_ns[0], 'right'))


def _earlier(block: EventArrays, preceding: EventArrays) -> int:
    """Return the number of events earlier than the end of the preceding block."""
    return int(np.searchsorted(block.t_ns, preceding.t_ns[-1]))
