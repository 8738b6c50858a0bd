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

"""Kinds of files, recognised by their first bytes."""

import os
from pathlib import Path

from spike_depth_ros.recordings.archives import is_tar, why_no_archive

SQLITE, MCAP, ZSTD, ROS1 = 'sqlite3', 'mcap', 'zstd', 'ros1'
HDF5, EMPTY, UNKNOWN = 'hdf5', 'empty', ''
AEDAT4, AEDAT3, AEDAT2 = 'aedat4', 'aedat3', 'aedat2'
PROPHESEE = 'prophesee'

_MAGIC = {
    b'SQLite format 3\0': SQLITE,
    b'\x89MCAP': MCAP,
    b'\x28\xb5\x2f\xfd': ZSTD,
    b'#ROSBAG V': ROS1,
    b'\x89HDF\r\n\x1a\n': HDF5,
    b'#!AER-DAT4.': AEDAT4,
    b'#!AER-DAT3.': AEDAT3,
    b'#!AER-DAT2.': AEDAT2,
    b'% ': PROPHESEE,
}
# Files that users give by mistake, and the remedy.
_FOREIGN = {
    b'version https://git-lfs': 'is a pointer of git LFS: run `git lfs pull`',
    b'\x1f\x8b': 'is packed with gzip: unpack it with `gunzip`',
    b'BZh': 'is packed with bzip2: unpack it with `bunzip2`',
    b'\xfd7zXZ': 'is packed with xz: unpack it with `unxz`',
    b'Event Stream': 'is an Event Stream file (.es): convert it to AEDAT4 or RAW with faery',
    b'\x04\x22\x4d\x18': 'is packed with lz4: unpack it with `unlz4`',
    b'\x93NUMPY': 'is one array of NumPy: give the folder of the sequence',
    b'#!AER-DAT': 'is an AEDAT file of an unknown version: export it as AEDAT 4.0 with DV',
}
# Bytes of a spike frame of Vidar's cameras, 400 x 250 and 1024 x 1000 pixels of one bit (SpikeCV,
# load_dat.py); their files are nothing else.
_VIDAR_BYTES = (400 * 250 // 8, 1024 * 1000 // 8)
FORMATS = 'rosbag2, ROS 1 bag, HDF5, AEDAT, Prophesee RAW and DAT'
_ZIP = b'PK\3\4'
_MAGIC_BYTES = 32
_MCAP_MAGIC_BYTES = 8


def kind(path: Path) -> str:
    """Return the kind of a file, UNKNOWN for one of no known kind."""
    return kind_of_bytes(_start(path))


def kind_of_bytes(start: bytes) -> str:
    """Return the kind of a file by its first bytes, UNKNOWN for no known kind."""
    if not start:
        return EMPTY
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), UNKNOWN)


def why_not(path: Path) -> str:
    """Return why a file cannot be read, and the remedy, as the end of a sentence."""
    found = kind(path)
    if found == ROS1:
        return 'is a ROS 1 bag: give it to `spike-depth run`, which reads all formats'
    if found == ZSTD:
        return (
            'is compressed with zstd: give the folder with its metadata.yaml, or unpack it with '
            '`unzstd`'
        )
    if found == EMPTY:
        return 'is empty: copy or record it again'
    start = _start(path)
    if start.startswith(_ZIP):
        return why_no_archive(path)
    if is_tar(path):
        return 'is a tar archive: unpack it with `tar -xf`, and give the folder in it'
    if path.suffix == '.dat' and any(path.stat().st_size % size == 0 for size in _VIDAR_BYTES):
        return (
            'has no header and the size of a spike camera (Vidar): its spikes are samples of '
            'brightness, not events, so give a recording of an event camera'
        )
    reasons = (reason for magic, reason in _FOREIGN.items() if start.startswith(magic))
    return next(reasons, f'is of no format that is read: give one of {FORMATS}')


def has_mcap_end(path: Path) -> bool:
    """Return whether an mcap file ends with the magic bytes; one that is cut off does not."""
    with path.open('rb') as file:
        magic = file.read(_MCAP_MAGIC_BYTES)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _MCAP_MAGIC_BYTES, _MCAP_MAGIC_BYTES))
        return file.read() == magic


def _start(path: Path) -> bytes:
    with path.open('rb') as file:
        return file.read(_MAGIC_BYTES)
