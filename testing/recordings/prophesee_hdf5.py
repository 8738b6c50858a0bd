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

"""Prophesee's HDF5 files: uncompressed, or with the codec ECF, which nobody has.

Source: hdf5_file of openeb.
"""

from pathlib import Path

import h5py
import numpy as np

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.units import US_NS

RECORD = np.dtype([('x', '<u2'), ('y', '<u2'), ('p', '<i2'), ('t', '<i8')])
INDEX = np.dtype([('id', '<u8'), ('ts', '<i8')])
CHUNK = 16_384
ECF = 36_559


def write_events(
    path: Path, events: EventArrays, width: int, height: int, has_size: bool = True
) -> None:
    """Write a file without compression; its size is in the attributes format and geometry."""
    records = np.empty(len(events.t_ns), RECORD)
    records['x'], records['y'], records['p'] = events.x, events.y, events.polarity
    records['t'] = events.t_ns // US_NS
    with h5py.File(path, 'w') as file:
        file.attrs['version'] = '1.0'
        if has_size:
            file.attrs['format'] = f'EVT3;height={height};width={width}'
            file.attrs['geometry'] = f'{width}x{height}'
        file.create_dataset('CD/events', data=records, chunks=(CHUNK,), maxshape=(None,))
        file['CD/indexes'] = np.zeros(2, INDEX)


def write_ecf(path: Path) -> None:
    """Write a file with a chunk of ECF that cannot be unpacked."""
    with h5py.File(path, 'w') as file:
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_chunk((CHUNK,))
        settings.set_filter(ECF, h5py.h5z.FLAG_OPTIONAL)
        space = h5py.h5s.create_simple((CHUNK,))
        kind = h5py.h5t.py_create(RECORD, logical=True)
        group = file.create_group('CD')
        events = h5py.h5d.create(group.id, b'events', kind, space, settings)
        events.write_direct_chunk((0,), b'packed', filter_mask=0)
