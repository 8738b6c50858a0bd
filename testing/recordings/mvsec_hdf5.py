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

"""MVSEC's HDF5 files: the layout that mvsec_h5py.py of daniilidis-group/mvsec writes."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.recording import SIDES, DepthFrame
from spike_depth_ros.units import SECOND_NS

WIDTH, HEIGHT = 346, 260
IMAGE_STEP_NS = 32_000_000
# Of all samples of the IMU: acceleration, m/s^2, and angular velocity, rad/s.
GRAVITY, TURN = (0.0, -9.81, 0.0), (0.1, 0.2, -0.3)


def write_data(path: Path, cameras: Sequence[EventArrays], right_images: bool = True) -> None:
    """Write <sequence>_data.hdf5; the first image is taken before the first event.

    Args:
        path: file to write.
        cameras: left events, or left and right.
        right_images: False for outdoor_day, which has no right image_raw.
    """
    with h5py.File(path, 'w') as file:
        for side, events in zip(SIDES, cameras, strict=False):
            table = events_table(events)
            group = file.create_group(f'davis/{side}')
            group.create_dataset('events', data=table)
            if len(table) and (side == 'left' or right_images):
                _write_images(group, table[:, 2])


def write_truth(path: Path, depth: Sequence[DepthFrame], sides: Sequence[str] = SIDES) -> None:
    """Write <sequence>_gt.hdf5: rows on top NaN, some pixels 0, the rectified and the raw view."""
    frames = np.stack([frame.depth for frame in depth]).astype('f4')
    frames[:, :5] = np.nan
    frames[:, 5, ::3] = 0
    times = np.array([frame.t_ns for frame in depth]) / SECOND_NS
    with h5py.File(path, 'w') as file:
        for side in sides:
            for name in ('depth_image_rect', 'depth_image_raw'):
                place = f'davis/{side}/{name}'
                _write_frames(file, place, frames, times)
            file[f'davis/{side}/odometry'] = np.tile(np.eye(4), (len(times), 1, 1))
            file[f'davis/{side}/odometry_ts'] = times


def events_table(events: EventArrays) -> NDArray[np.float64]:
    """Return f8 [n, 4]: x, y, Unix time in seconds, polarity -1 or 1."""
    table = np.empty((len(events.t_ns), 4))
    table[:, 0], table[:, 1] = events.x, events.y
    table[:, 2] = events.t_ns / SECOND_NS
    table[:, 3] = np.where(events.polarity, 1.0, -1.0)
    return table


def _write_images(group: h5py.Group, event_s: NDArray[np.float64]) -> None:
    step_s = IMAGE_STEP_NS / SECOND_NS
    times = np.arange(event_s[0] - step_s / 2, event_s[-1], step_s)
    images = np.empty((len(times), HEIGHT, WIDTH), 'u1')
    images[:] = np.arange(len(times), dtype='u1')[:, None, None]
    _write_frames(group, 'image_raw', images, times)
    group['image_raw_event_inds'] = np.searchsorted(event_s, times, 'right') - 1  # starts at -1
    group['imu'] = np.tile([*GRAVITY, *TURN], (len(times), 1))
    group['imu_ts'] = times


def _write_frames(
    group: h5py.Group, name: str, frames: NDArray[np.generic], times: NDArray[np.float64]
) -> None:
    chunk = (1, *frames.shape[1:])
    group.create_dataset(name, data=frames, chunks=chunk, compression='lzf')
    group[f'{name}_ts'] = times
