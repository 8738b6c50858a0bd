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

"""Small recordings of every format, to be damaged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

from rosbags.rosbag2 import StoragePlugin

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.convert.conversion import Span, convert
from spike_depth_ros.recordings.convert.formats import FORMATS, new_output
from spike_depth_ros.recordings.progress import Progress
from spike_depth_ros.recordings.writers.writer import Contents
from testing.recordings import (
    aedat,
    camera_hdf5,
    dense,
    dsec,
    m3ed,
    mvsec_bags,
    mvsec_hdf5,
    prophesee,
    prophesee_hdf5,
    ros1,
    rosbag2,
)
from testing.recordings.memory_recording import MemoryRecording
from testing.recordings.scene import HEIGHT, WIDTH, Scene, scene

EVENTS = 300  # of each camera
SIZE = WIDTH, HEIGHT


@dataclass(frozen=True)
class Sample:
    """Recording of one format.

    Attributes:
        paths, truth: arguments of open_recording.
        files: files to damage.
    """

    paths: tuple[Path, ...]
    truth: tuple[Path, ...]
    files: tuple[Path, ...]


def write(name: str, folder: Path) -> Sample:
    """Write the sample of a format into a folder."""
    paths, truth = SAMPLES[name](folder)
    files = tuple(sorted(path for path in folder.rglob('*') if path.is_file()))
    return Sample(paths, truth, files)


_Paths = tuple[tuple[Path, ...], tuple[Path, ...]]


def _scene() -> Scene:
    whole = scene()
    left, right = (events.select(slice(0, EVENTS)) for events in whole.cameras)
    return replace(whole, left=left, right=right, depth=whole.depth[:2])


def _topics() -> dict[str, EventArrays]:
    left, right = _scene().cameras
    return {'/left/events': left, '/right/events': right}


def _rosbag2(folder: Path, storage: StoragePlugin) -> _Paths:
    path = rosbag2.write_event_arrays(folder / 'bag', _topics(), SIZE, storage=storage)
    return (path,), ()


def _converted(folder: Path, name: str, with_depth: bool) -> _Paths:
    depth = _scene().depth[:1] if with_depth else ()
    recording = MemoryRecording(_scene().cameras, depth)
    contents = Contents(recording.cameras, ('left', 'right'), recording.depth_streams, None, {})
    path = folder / 'converted.mcap' if name == 'mcap' else folder / 'converted'
    with new_output(path, FORMATS[name], contents) as writer:
        convert(recording, recording.cameras, writer, Span(), Progress(''))
    return (path,), ()


def _ros1(folder: Path, compression: str) -> _Paths:
    path = folder / 'events.bag'
    return (ros1.write_event_arrays(path, _topics(), SIZE, compression=compression),), ()


def _mvsec_bags(folder: Path) -> _Paths:
    small = _scene()
    mvsec_bags.write_data(folder / 'd.bag', {'left': small.left}, small.rig)
    mvsec_bags.write_truth(folder / 'g.bag', small.depth[:1], small.rig, ('left',))
    return (folder / 'd.bag',), (folder / 'g.bag',)


def _mvsec_hdf5(folder: Path) -> _Paths:
    small = _scene()
    mvsec_hdf5.write_data(folder / 'd.hdf5', small.cameras)
    mvsec_hdf5.write_truth(folder / 'g.hdf5', small.depth[:1], ('left',))
    return (folder / 'd.hdf5',), (folder / 'g.hdf5',)


def _per_camera(folder: Path, layout: camera_hdf5.Layout) -> _Paths:
    start_ns = _scene().start_ns if layout == 'TUM-VIE' else 0  # its times begin at 0
    for side, events in zip(('left', 'right'), _scene().cameras, strict=True):
        events = events._replace(t_ns=events.t_ns - start_ns)
        camera_hdf5.write_events(folder / f'{side}.h5', events, layout)
    return (folder / 'left.h5', folder / 'right.h5'), ()


def _m3ed(folder: Path) -> _Paths:
    small = _scene()
    m3ed.write_data(folder / 'q_data.h5', small.cameras, small.rig, small.start_ns)
    return (folder / 'q_data.h5',), ()


def _prophesee_hdf5(folder: Path) -> _Paths:
    prophesee_hdf5.write_events(folder / 'p.h5', _scene().left, *SIZE)
    return (folder / 'p.h5',), ()


def _dsec(folder: Path) -> _Paths:
    dsec.write_tree(folder / 'sequence', _scene(), images=0)
    return (folder / 'sequence',), ()


def _dense(folder: Path) -> _Paths:
    small = _scene()
    path = dense.write_sequence(folder / 'sequence', small.left, small.depth[:1], small.start_ns)
    return (path,), ()


def _raw(folder: Path, encoding: str) -> _Paths:
    return (prophesee.write_raw(folder / 'r.raw', _scene().left, encoding, SIZE),), ()


def _dat(folder: Path) -> _Paths:
    events = _scene().left
    events = events._replace(t_ns=events.t_ns - _scene().start_ns)
    return (prophesee.write_dat(folder / 'd.dat', events, SIZE),), ()


def _aedat4(folder: Path) -> _Paths:
    left, right = _scene().cameras
    path = aedat.write_aedat4(folder / 'a.aedat4', {'left': left, 'right': right}, SIZE)
    return (path,), ()


def _aedat3(folder: Path) -> _Paths:
    path = aedat.write_aedat3(folder / 'a.aedat', {'DAVIS346': _scene().left}, start_us=0)
    return (path,), ()


def _aedat2(folder: Path) -> _Paths:
    left = _scene().left
    start_us = int(left.t_ns[0]) // 1000
    return (aedat.write_aedat2(folder / 'a.aedat', left, 'Davis346', SIZE, start_us),), ()


SAMPLES: Mapping[str, Callable[[Path], _Paths]] = MappingProxyType(
    {
        'M3ED': _m3ed,
        'Prophesee HDF5': _prophesee_hdf5,
        'rosbag2 sqlite3': partial(_rosbag2, storage=StoragePlugin.SQLITE3),
        'rosbag2 mcap': partial(_rosbag2, storage=StoragePlugin.MCAP),
        'rosbag2 packets': partial(_converted, name='rosbag2', with_depth=False),
        'mcap with depth': partial(_converted, name='mcap', with_depth=True),
        'ROS 1 bag': partial(_ros1, compression=''),
        'ROS 1 bag, lz4': partial(_ros1, compression='lz4'),
        'MVSEC bags': _mvsec_bags,
        'MVSEC HDF5': _mvsec_hdf5,
        'DSEC': _dsec,
        'VECtor': partial(_per_camera, layout='VECtor'),
        'TUM-VIE': partial(_per_camera, layout='TUM-VIE'),
        'DENSE': _dense,
        'RAW, EVT2': partial(_raw, encoding='evt2'),
        'RAW, EVT2.1': partial(_raw, encoding='evt21'),
        'RAW, EVT3': partial(_raw, encoding='evt3'),
        'DAT': _dat,
        'AEDAT4': _aedat4,
        'AEDAT 3.1': _aedat3,
        'AEDAT 2.0': _aedat2,
    }
)

# Share of the inputs; 1 for formats that take many times as long to open: rosbag2, folders,
# and AEDAT4 and HDF5 files that another process reads.
WEIGHTS: Mapping[str, int] = MappingProxyType(
    {
        'RAW, EVT2': 40,
        'RAW, EVT2.1': 40,
        'RAW, EVT3': 40,
        'DAT': 40,
        'AEDAT 3.1': 40,
        'AEDAT 2.0': 40,
        'ROS 1 bag': 10,
        'ROS 1 bag, lz4': 10,
        'MVSEC HDF5': 10,
        'VECtor': 10,
        'TUM-VIE': 10,
    }
)
