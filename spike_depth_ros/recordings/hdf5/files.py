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

"""HDF5 files: opened, and datasets checked before they are read."""

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from spike_depth_ros.recordings.errors import RecordingError, reading

with suppress(ImportError):  # MVSEC and M3ED need no plugin
    import hdf5plugin  # noqa: F401

# Filters of the data sets by the numbers that The HDF Group registers.
FILTERS = {
    32000: 'LZF',
    32001: 'Blosc',
    32004: 'LZ4',
    32008: 'Bitshuffle',
    32015: 'Zstandard',
    32026: 'Blosc2',
    36559: 'ECF',
}
ECF = 36559
INTEGERS, NUMBERS, TRUTHS = 'iu', 'iuf', 'iubf'  # kinds of NumPy types
# Limit of memory: a chunk is unpacked whole.
MAX_CHUNK_BYTES = 1 << 28
# No filter packs tighter: more rows were never written.
MOST_PACKED = 100_000


def open_hdf5(path: Path) -> h5py.File:
    """Open a file for reading, without a cache: chunks are read once. Raises RecordingError."""
    with reading(path):
        return h5py.File(path, 'r', rdcc_nbytes=0)


def has(file: h5py.File, *names: str) -> bool:
    """Return whether a file has all of these datasets or groups."""
    return all(name in file for name in names)


def dataset(
    file: h5py.File, name: str, shape: tuple[int | None, ...] = (None,), kinds: str = NUMBERS
) -> h5py.Dataset:
    """Return a dataset that can be read.

    Raises RecordingError, one sentence, if it is missing, of another shape or type, damaged, or
    packed by a filter that is not installed.

    Args:
        file: open file.
        name: path of the dataset in the file.
        shape: its shape; None stands for any length.
        kinds: kinds of NumPy types that it may have; 'V' for a compound.
    """
    path = Path(file.filename)
    with reading(path):
        found = file.get(name)
        if not isinstance(found, h5py.Dataset):
            raise RecordingError(f"The recording '{path}' has no dataset {name}: give another.")
        if not _fits(found.shape, shape) or found.dtype.kind not in kinds:
            raise RecordingError(
                f"The recording '{path}' cannot be read: its {name} is {found.dtype} of shape "
                f'{found.shape}, not as its data set writes it: download it again.'
            )
        _check_filters(path, found)
        _check_size(path, found)
        return found


def scalar(file: h5py.File, name: str) -> int | None:
    """Return an integer of shape () or (1,), None if the file does not have it."""
    path = Path(file.filename)
    with reading(path):
        found = file.get(name)
        if not isinstance(found, h5py.Dataset):
            return None
        value = np.asarray(found[()])
        if value.size != 1 or value.dtype.kind not in INTEGERS:
            raise RecordingError(
                f"The recording '{path}' cannot be read: its {name} is {value.dtype} of shape "
                f'{value.shape}, but must be one integer.'
            )
        return int(value.reshape(()))


def top_paths(file: h5py.File) -> str:
    """Return the names of the upper two levels of a file, shortened, for a sentence."""
    names: list[str] = []
    for name, item in file.items():
        names += [f'{name}/{below}' for below in item] if _is_group(item) else [name]
    shown = ', '.join(names[:8]) or 'nothing'
    return shown if len(names) <= 8 else f'{shown}, ...'


def _fits(found: tuple[int, ...] | None, shape: tuple[int | None, ...]) -> bool:
    return (
        found is not None
        and len(found) == len(shape)
        and all(length in (None, own) for own, length in zip(found, shape, strict=True))
    )


def _is_group(item: Any) -> bool:
    return isinstance(item, h5py.Group) and len(item) > 0


def _check_filters(path: Path, found: h5py.Dataset) -> None:
    settings = found.id.get_create_plist()
    for index in range(settings.get_nfilters()):
        number = settings.get_filter(index)[0]
        if h5py.h5z.filter_avail(number):
            continue
        if number == ECF:
            raise RecordingError(
                f"The recording '{path}' uses Prophesee's ECF codec: convert it to RAW with "
                "Metavision, or build Prophesee's hdf5_ecf plugin and set HDF5_PLUGIN_PATH."
            )
        name = FILTERS.get(number, 'unknown')
        raise RecordingError(
            f"The recording '{path}' cannot be read: its {found.name} is packed by the filter "
            f'{name} ({number}), which is not installed: run `make readers`, or '
            '`pip install hdf5plugin`.'
        )


def _check_size(path: Path, found: h5py.Dataset) -> None:
    row = math.prod(found.shape[1:]) * found.dtype.itemsize
    chunk = math.prod(found.chunks) * found.dtype.itemsize if found.chunks else row
    total = found.shape[0] * row
    if max(row, chunk) > MAX_CHUNK_BYTES or total > MOST_PACKED * (
        found.id.get_storage_size() + MAX_CHUNK_BYTES // MOST_PACKED
    ):
        raise RecordingError(
            f"The recording '{path}' is damaged: its {found.name} claims the shape {found.shape}, "
            'which the file does not hold: download it again.'
        )
