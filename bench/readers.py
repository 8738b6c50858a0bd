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

"""Readers of recordings, beside what a user would take instead.

The files hold EVENTS events, written by the code of the tests' fixtures. Each way reads its file
twice in a process of its own; the second time counts, when the file is in the page cache and all
code is compiled. On a busy machine, events per second of processor time compare better than
events per second. Peak memory is that of the process, with Python and all libraries. Ways that
would take minutes read a part of the file and are marked so.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from spike_depth_ros.frames.arrays import EventArrays
from testing.recordings import aedat, camera_hdf5, m3ed, mvsec_hdf5, prophesee, ros1, rosbag2
from testing.recordings.scene import HEIGHT, MVSEC_RIG, WIDTH, many_events

EVENTS = 20_000_000
LARGE_BYTES = 10_000_000_000
SIZE = WIDTH, HEIGHT
HD = 1280, 720
OURS, AS_ARRAYS, AS_FRAME = 'spike_depth_ros', 'to arrays', 'to mapped spike frames'
# Ways of each format; see reader_ways.
WAYS = {
    'ROS 1 EventArrays': (OURS, 'rosbags, its own decoder (a part)'),
    'rosbag2 EventArrays (mcap)': (OURS, 'rosbags, its own decoder (a part)'),
    'MVSEC HDF5': (OURS, 'h5py, all of it at once'),
    'DSEC HDF5': (OURS, 'h5py, all of it at once'),
    'TUM-VIE HDF5': (OURS,),
    'VECtor HDF5': (OURS,),
    'M3ED HDF5': (OURS,),
    'AEDAT4': (OURS, 'dv-processing', 'faery', 'evlib'),
    'AEDAT 3.1': (OURS,),
    'AEDAT 2.0': (OURS,),
    'RAW EVT3': (AS_FRAME, AS_ARRAYS, 'faery', 'evlib'),
    'RAW EVT2': (AS_FRAME, AS_ARRAYS, 'faery', 'evlib'),
    'RAW EVT2.1': (AS_FRAME, AS_ARRAYS, 'evlib'),
    'DAT': (OURS, 'faery'),
    'MVSEC HDF5, sparse': (OURS,),
    'RAW EVT3, sparse': (AS_FRAME,),
}
LARGE = ('MVSEC HDF5, sparse', 'RAW EVT3, sparse')


def run() -> list[dict[str, Any]]:
    """Return rows: name, value, unit, peak memory in MB, and size of the file in MB."""
    rows = []
    for name, ways in WAYS.items():
        with TemporaryDirectory() as folder:
            path = WRITERS[name](Path(folder))
            size_mb = _size_mb(path)
            for way in ways:
                row = {'name': f'{name}: {way}', **_measured(way, path)}
                rows.append({**row, 'file_mb': round(size_mb)})
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def _measured(way: str, path: Path) -> dict[str, Any]:
    command = [sys.executable, '-m', 'bench.reader_ways', way, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {'value': 'refused', 'unit': done.stderr.strip().rpartition('\n')[2][:100]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    million = found['events'] / 1e6
    return {
        'value': round(million / found['seconds'], 1),
        'unit': 'Mev/s',
        'mev_per_cpu_s': round(million / found['cpu_s'], 1),
        'peak_mb': round(found['peak_mb']),
    }


def _size_mb(path: Path) -> float:
    files = [path] if path.is_file() else [p for p in path.rglob('*') if p.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def _pair(size: tuple[int, int] = SIZE) -> tuple[EventArrays, EventArrays]:
    """Return half of the events for each of two cameras; they start 1 s after the epoch."""
    left, right = (many_events(EVENTS // 2, *size, seed, 10**9) for seed in (0, 1))
    return left, right


def _topics() -> dict[str, EventArrays]:
    left, right = _pair()
    return {'/davis/left/events': left, '/davis/right/events': right}


def _ros1(folder: Path) -> Path:
    return ros1.write_event_arrays(folder / 'b.bag', _topics(), SIZE)


def _mcap(folder: Path) -> Path:
    storage = rosbag2.StoragePlugin.MCAP
    return rosbag2.write_event_arrays(folder / 'bag', _topics(), SIZE, storage=storage)


def _mvsec(folder: Path) -> Path:
    path = folder / 'q_data.hdf5'
    mvsec_hdf5.write_data(path, _pair())
    return path


def _per_camera(layout: camera_hdf5.Layout) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        camera_hdf5.write_events(folder / 'events.h5', many_events(EVENTS, 640, 480), layout)
        return folder / 'events.h5'

    return write


def _m3ed(folder: Path) -> Path:
    m3ed.write_data(folder / 'q_data.h5', _pair(), MVSEC_RIG, 0)
    return folder / 'q_data.h5'


def _aedat4(folder: Path) -> Path:
    return aedat.write_aedat4(folder / 'a.aedat4', {'camera': many_events(EVENTS, *SIZE)}, SIZE)


def _aedat3(folder: Path) -> Path:
    return aedat.write_aedat3(folder / 'a.aedat', {'DAVIS346': many_events(EVENTS, *SIZE)})


def _aedat2(folder: Path) -> Path:
    return aedat.write_aedat2(folder / 'a.aedat', many_events(EVENTS, *SIZE), 'Davis346', SIZE)


def _raw(encoding: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        return prophesee.write_raw(folder / 'r.raw', many_events(EVENTS, *HD), encoding, HD)

    return write


def _dat(folder: Path) -> Path:
    return prophesee.write_dat(folder / 'd.dat', many_events(EVENTS, *HD), HD)


def _large_mvsec(folder: Path) -> Path:
    """Write one camera whose table is allocated but not written: all events are at time 0."""
    import h5py

    path = folder / 'q_data.hdf5'
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    settings.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    with h5py.File(path, 'w') as file:
        group = file.create_group('davis/left')
        space = h5py.h5s.create_simple((LARGE_BYTES // 32, 4))
        h5py.h5d.create(group.id, b'events', h5py.h5t.IEEE_F64LE, space, settings)
    return path


def _large_raw(folder: Path) -> Path:
    """Write a million events, then zeros, which are words of row 0."""
    path = prophesee.write_raw(folder / 'r.raw', many_events(10**6, *HD), 'evt3', HD)
    with path.open('r+b') as file:
        file.truncate(LARGE_BYTES)
    return path


WRITERS: dict[str, Callable[[Path], Path]] = {
    'ROS 1 EventArrays': _ros1,
    'rosbag2 EventArrays (mcap)': _mcap,
    'MVSEC HDF5': _mvsec,
    'DSEC HDF5': _per_camera('DSEC'),
    'TUM-VIE HDF5': _per_camera('TUM-VIE'),
    'VECtor HDF5': _per_camera('VECtor'),
    'M3ED HDF5': _m3ed,
    'AEDAT4': _aedat4,
    'AEDAT 3.1': _aedat3,
    'AEDAT 2.0': _aedat2,
    'RAW EVT3': _raw('evt3'),
    'RAW EVT2': _raw('evt2'),
    'RAW EVT2.1': _raw('evt21'),
    'DAT': _dat,
    'MVSEC HDF5, sparse': _large_mvsec,
    'RAW EVT3, sparse': _large_raw,
}
