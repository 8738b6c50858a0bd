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

"""M3ED's files: the layout that rosbag2hdf5.py and fasterlio_gt.py of daniilidis-group/m3ed write.

The sensor of 1280 x 720 pixels has the scene in its upper left corner.
"""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.geometry.stereo_rig import StereoRig
from spike_depth_ros.recordings.recording import SIDES, DepthFrame
from spike_depth_ros.units import US_NS

WIDTH, HEIGHT = 1280, 720
US_PER_MS = 1000
IMAGES = 3
IMU_SAMPLES, LOST_SAMPLE = 40, 17
# From an IMU with x ahead, y left and z up.
T_LEFT_IMU = np.array([[0.0, -1, 0, 0.1], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])


def write_data(path: Path, cameras: Sequence[EventArrays], rig: StereoRig, start_ns: int) -> None:
    """Write <sequence>_data.h5.

    Args:
        path: file to write.
        cameras: left events, or left and right.
        rig: cameras, without distortion.
        start_ns: time that becomes 0.
    """
    with h5py.File(path, 'w') as file:
        file.attrs['version'] = '1.2'
        for number, (side, events) in enumerate(zip(SIDES, cameras, strict=False)):
            group = file.create_group(f'prophesee/{side}')
            t_us = (events.t_ns - start_ns) // US_NS
            for name, column, dtype in (
                ('x', events.x, 'u2'),
                ('y', events.y, 'u2'),
                ('t', t_us, 'i8'),
                ('p', events.polarity, 'i1'),
            ):
                group.create_dataset(name, data=column.astype(dtype), compression='lzf')
            last_ms = int(t_us[-1]) // US_PER_MS
            group['ms_map_idx'] = np.searchsorted(t_us, np.arange(last_ms) * US_PER_MS)
            _write_calibration(group.create_group('calib'), rig, number * rig.baseline_m)
            images = np.full((IMAGES, 800, 1280, 1), 7 + number, 'u1')
            file.create_dataset(f'ovc/{side}/data', data=images, compression='lzf')
        file['ovc/ts'] = np.arange(IMAGES) * 40_000
        imu = file.create_group('ovc/imu')
        imu['ts'] = np.arange(IMU_SAMPLES) * 2500
        imu['omega'] = np.outer(np.arange(IMU_SAMPLES), (0, 0, 0.01))
        imu['accel'] = np.tile((0.0, 0.0, 9.81), (IMU_SAMPLES, 1))
        imu['omega'][LOST_SAMPLE] = np.nan
        imu['calib/T_to_prophesee_left'] = T_LEFT_IMU


def write_truth(path: Path, depth: Sequence[DepthFrame], start_ns: int) -> None:
    """Write <sequence>_depth_gt.h5: unknown depth is +Inf."""
    frames = np.full((len(depth), HEIGHT, WIDTH), np.inf, 'f4')
    for number, frame in enumerate(depth):
        height, width = frame.depth.shape
        frames[number, :height, :width] = _infinite(frame.depth)
    with h5py.File(path, 'w') as file:
        file.create_dataset(
            'depth/prophesee/left', data=frames, chunks=(1, HEIGHT, WIDTH), compression='lzf'
        )
        _write_poses(file, [(frame.t_ns - start_ns) // US_NS for frame in depth])


def write_poses(path: Path) -> None:
    """Write <sequence>_pose_gt.h5."""
    with h5py.File(path, 'w') as file:
        _write_poses(file, [0, 100_000])


def _write_poses(file: h5py.File, times_us: list[int]) -> None:
    poses = np.tile(np.eye(4), (len(times_us), 1, 1))
    file['Ln_T_L0'], file['Cn_T_C0'] = poses, poses
    file['ts'] = np.array(times_us, 'i8')
    file['ts_map_prophesee_left'] = np.zeros(len(times_us), 'u8')


def _write_calibration(group: h5py.Group, rig: StereoRig, right_m: float) -> None:
    to_left = np.eye(4)
    to_left[0, 3] = right_m
    camera = rig.camera
    group['camera_model'], group['distortion_model'] = 'pinhole', 'radtan'
    group['distortion_coeffs'] = np.zeros(4)
    group['intrinsics'] = [camera.f, camera.f, camera.cx, camera.cy]
    group['resolution'] = [WIDTH, HEIGHT]
    group['T_to_prophesee_left'] = to_left


def _infinite(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(np.isfinite(depth), depth, np.inf).astype('f4')
