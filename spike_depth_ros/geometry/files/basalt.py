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

"""Calibrations of Basalt, such as TUM-VIE's: kb4 lenses and the pose of each camera."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files import kalibr
from spike_depth_ros.geometry.files.section import Section
from spike_depth_ros.geometry.pose import from_quaternion

# Top of the file.
TOP = 'value0'
# Left and right event camera by the number of cameras: TUM-VIE's frame cameras come first.
EVENT_CAMERAS = {2: (0, 1), 4: (2, 3)}


def read(document: Section, cameras: Literal[1, 2]) -> RigCalibration:
    """Read the event cameras from a parsed file.

    kb4 is the equidistant model of Kannala and Brandt. T_imu_cam leads from a camera's frame to
    that of the IMU. Raises CalibrationError with the key of a value that is missing or wrong.

    Args:
        document: top of the file.
        cameras: number of cameras; 1 reads the left one.
    """
    top = document.section(TOP)
    lenses, poses = top.sections('intrinsics'), top.sections('T_imu_cam')
    if len(lenses) not in EVENT_CAMERAS or len(poses) != len(lenses):
        raise CalibrationError(
            f'{TOP} has {len(lenses)} intrinsics and {len(poses)} T_imu_cam, but must have 4 of '
            'each (left and right frame camera, left and right event camera) or 2'
        )
    numbers = EVENT_CAMERAS[len(lenses)]
    sizes = top.numbers('resolution', len(lenses), 2)
    left, right = (_pose(poses[number]) for number in numbers)
    relative = np.linalg.inv(right) @ left
    imu = np.asarray(np.linalg.inv(left), np.float64)
    chain: dict[object, object] = {
        f'cam{place}': _camera(lenses[number], sizes[number], relative, imu)
        for place, number in enumerate(numbers[:cameras])
    }
    return kalibr.read(Section(chain), cameras)


def _camera(
    lens: Section,
    size: npt.NDArray[np.float64],
    pose: npt.NDArray[np.float64],
    imu: npt.NDArray[np.float64],
) -> dict[str, Any]:
    """Return a camera with the keys of a kalibr camchain."""
    if (model := lens.text('camera_type')) != 'kb4':
        raise CalibrationError(f"{lens.place}.camera_type is '{model}', but only kb4 is read")
    values = lens.section('intrinsics')
    return {
        'camera_model': 'pinhole',
        'intrinsics': [float(values.numbers(name)) for name in ('fx', 'fy', 'cx', 'cy')],
        'distortion_model': 'equidistant',
        'distortion_coeffs': [float(values.numbers(name)) for name in ('k1', 'k2', 'k3', 'k4')],
        'resolution': [int(length) for length in size],
        'T_cn_cnm1': pose.tolist(),
        kalibr.IMU: imu.tolist(),
    }


def _pose(section: Section) -> npt.NDArray[np.float64]:
    """Return the transform of a position and a unit quaternion, float64 [4, 4]."""
    x, y, z, w = (float(section.numbers(name)) for name in ('qx', 'qy', 'qz', 'qw'))
    square = x * x + y * y + z * z + w * w
    if abs(square - 1) > 1e-2:
        raise CalibrationError(f'the quaternion in {section.place} has the square {square:g}')
    pose = np.eye(4)
    pose[:3, :3] = from_quaternion(x, y, z, w)
    pose[:3, 3] = [float(section.numbers(name)) for name in ('px', 'py', 'pz')]
    return pose
