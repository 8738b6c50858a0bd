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

"""HDF5 files of one camera: DSEC's, TUM-VIE's and VECtor's events.

Sources: uzh-rpg/DSEC README; tonic/datasets/tumvie.py of neuromorphs/tonic; script/bag2hdf5.py of
mgaoling/mpl_dataset_toolbox.
"""

from pathlib import Path
from typing import Literal

import h5py
import hdf5plugin
import numpy as np

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.units import US_NS

CHUNK = 20_000
US_PER_MS = 1000
BLOSC = {**hdf5plugin.Blosc(cname='zstd', clevel=1)}
ZSTD = {**hdf5plugin.Zstd(clevel=1)}
Layout = Literal['DSEC', 'DSEC without t_offset', 'TUM-VIE', 'VECtor']


def write_events(path: Path, events: EventArrays, layout: Layout = 'DSEC') -> None:
    """Write the events of one camera.

    DSEC: u4 times from t_offset, a scalar, Blosc with zstd. Without t_offset the times are those
    of the events, which must fit into u4. TUM-VIE: i8 times, no t_offset. VECtor: t_offset of
    shape (1,), the time of the file's first event; Zstandard.
    """
    t_us = events.t_ns // US_NS
    offset = int(t_us[0]) if len(t_us) and layout in ('DSEC', 'VECtor') else 0
    if layout == 'DSEC':
        offset -= offset % US_PER_MS + 2 * US_PER_MS  # the first event is not at 0
    relative = t_us - offset
    packing = ZSTD if layout == 'VECtor' else BLOSC
    growing = {'chunks': (CHUNK,), 'maxshape': (None,)}
    with h5py.File(path, 'w') as file:
        group = file.create_group('events')
        for name, column in (('x', events.x), ('y', events.y)):
            group.create_dataset(name, data=column.astype('u2'), **growing, **packing)
        group.create_dataset('p', data=events.polarity.astype('u1'), **growing, **packing)
        t_type = 'i8' if layout == 'TUM-VIE' else 'u4'
        group.create_dataset('t', data=relative.astype(t_type), **growing, **packing)
        last_ms = int(relative[-1]) // US_PER_MS if len(relative) else 0
        indices = np.searchsorted(relative, np.arange(last_ms + 1) * US_PER_MS)
        file.create_dataset('ms_to_idx', data=indices.astype('u8'), **packing)
        if layout == 'DSEC':
            file['t_offset'] = np.int64(offset)
        elif layout == 'VECtor':
            file['t_offset'] = np.array([offset], 'i8')
