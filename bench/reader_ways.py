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

"""Ways to read a recording: `python -m bench.reader_ways WAY PATH` prints JSON.

It reads twice and prints the number of events, the seconds and processor seconds (with those of
child processes) of the second time, and the peak memory of the process, MB.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import numpy as np

from bench.readers import AS_ARRAYS, AS_FRAME, LARGE_BYTES, OURS
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.decoded import as_arrays
from spike_depth_ros.recordings.open import open_recording
from testing.usage import peak_memory_mb

PART_MESSAGES = 20


def main() -> None:
    """Read and print."""
    way, path = WAYS[sys.argv[1]], Path(sys.argv[2])
    if not path.is_file() or path.stat().st_size < LARGE_BYTES:
        way(path)
    start_s, start_cpu_s = time.perf_counter(), _cpu_s()
    events = way(path)
    figures = {
        'events': events,
        'seconds': time.perf_counter() - start_s,
        'cpu_s': _cpu_s() - start_cpu_s,
        'peak_mb': peak_memory_mb(os.getpid()),
    }
    print(json.dumps(figures))


def _cpu_s() -> float:
    """Return the processor time of this process and of its children that have ended."""
    children = getrusage(RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _ours(path: Path) -> int:
    """Read arrays as the reader yields them."""
    events = 0
    with open_recording(path) as recording:
        for chunk in recording.events(recording.cameras):
            assert not isinstance(chunk.events, Packet)
            events += len(chunk.events.t_ns)
    return events


def _as_arrays(path: Path) -> int:
    """Decode packets to arrays."""
    events = 0
    with open_recording(path) as recording:
        chunks = recording.events(recording.cameras)
        for chunk in as_arrays(chunks, recording.cameras, recording.losses):
            assert not isinstance(chunk.events, Packet)
            events += len(chunk.events.t_ns)
    return events


def _as_frame(path: Path) -> int:
    """Count packets into spike frames of 346 x 260 with a pixel table."""
    from bench.recording_counts import count_recording

    return count_recording(path)


def _rosbags(path: Path) -> int:
    """Decode messages with rosbags."""
    from rosbags.highlevel import AnyReader

    events = 0
    with AnyReader([path]) as reader:
        for number, (connection, _, data) in enumerate(reader.messages()):
            if number == PART_MESSAGES:
                break
            message: Any = reader.deserialize(data, connection.msgtype)
            events += len([(event.x, event.y, event.polarity) for event in message.events])
    return events


def _h5py(path: Path) -> int:
    """Read whole datasets, and columns of times, pixels and polarities from them."""
    import h5py
    import hdf5plugin  # noqa: F401  # registers filters

    events = 0
    with h5py.File(path) as file:
        if 'davis' in file:
            for side in ('left', 'right'):
                table = file[f'davis/{side}/events'][:]
                t_ns = ((table[:, 2] - table[0, 2]) * 1e9).astype(np.int64)
                x, y = table[:, 0].astype(np.uint16), table[:, 1].astype(np.uint16)
                polarity = table[:, 3] > 0
                events += len(t_ns) if len(x) == len(y) == len(polarity) else 0
            return events
        columns = [file[f'events/{name}'][:] for name in 'xytp']
        t_ns = (columns[2].astype(np.int64) + int(file['t_offset'][()])) * 1000
        return len(t_ns)


def _dv(path: Path) -> int:
    """Read batches with dv-processing."""
    import dv_processing as dv

    reader = dv.io.MonoCameraRecording(str(path))
    return sum(len(batch) for batch in _batches(reader))


def _batches(reader: Any) -> Iterator[Any]:
    while (batch := reader.getNextEventBatch()) is not None:
        yield batch.numpy()


def _faery(path: Path) -> int:
    """Read with faery."""
    import faery

    return sum(len(events) for events in faery.events_stream_from_file(str(path)))


def _evlib(path: Path) -> int:
    """Read with evlib."""
    import evlib

    return len(evlib.load_events(str(path)).collect())


WAYS: dict[str, Callable[[Path], int]] = {
    OURS: _ours,
    AS_ARRAYS: _as_arrays,
    AS_FRAME: _as_frame,
    'rosbags, its own decoder (a part)': _rosbags,
    'h5py, all of it at once': _h5py,
    'dv-processing': _dv,
    'faery': _faery,
    'evlib': _evlib,
}


if __name__ == '__main__':
    main()
