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

"""Opening of HDF5 files: the paths in a file tell its data set."""

from collections.abc import Callable
from pathlib import Path

import h5py

from spike_depth_ros.recordings.errors import RecordingError, reading
from spike_depth_ros.recordings.hdf5 import camera_file, files, m3ed, mvsec, prophesee
from spike_depth_ros.recordings.hdf5.dsec import DsecRecording
from spike_depth_ros.recordings.hdf5.pair import PairRecording
from spike_depth_ros.recordings.recording import EventRecording

# Datasets without events or depth, and the file to give instead.
_NOT_EVENTS = {
    'rectify_map': 'is a rectification map of DSEC: give the events.h5 beside it',
    'Cn_T_C0': 'has poses alone: give the file of the events',
}


def open_file(path: Path) -> EventRecording:
    """Open an HDF5 file of events or of true depth. Raises RecordingError."""
    with files.open_hdf5(path) as file, reading(path):
        reader = _reader(path, file)
    return reader(path)


def _reader(path: Path, file: h5py.File) -> Callable[[Path], EventRecording]:
    if mvsec.is_mvsec(file):
        return mvsec.MvsecRecording
    if m3ed.is_m3ed(file):
        return m3ed.M3edRecording
    if camera_file.is_camera_file(file):
        return DsecRecording if camera_file.dataset_of(file) == 'DSEC' else PairRecording
    if prophesee.is_prophesee(file):
        return PairRecording
    for name, reason in _NOT_EVENTS.items():
        if files.has(file, name):
            raise RecordingError(f"The recording '{path}' {reason}.")
    raise RecordingError(
        f"The recording '{path}' is an HDF5 file of an unknown layout, with "
        f'{files.top_paths(file)}: give one of MVSEC, DSEC, M3ED, TUM-VIE, VECtor or Prophesee.'
    )
