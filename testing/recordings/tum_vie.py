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

"""TUM-VIE's calibration in the JSON of Basalt; see camera_hdf5 for its events."""

import json
import math
from pathlib import Path

from spike_depth_ros.geometry.stereo_rig import StereoRig


def write_calibration(path: Path, rig: StereoRig) -> None:
    """Write four cameras: left and right frame camera, left and right event camera.

    The event cameras are turned by 90 degrees about the IMU's axis z; the right one stands
    baseline_m from the left one along its own x.
    """
    camera = rig.camera
    half = math.sqrt(0.5)
    turned = {'qx': 0.0, 'qy': 0.0, 'qz': half, 'qw': half}
    frame = {'px': 9.0, 'py': 9.0, 'pz': 9.0, 'qx': 0.0, 'qy': 0.0, 'qz': 0.0, 'qw': 1.0}
    left = {'px': 0.01, 'py': 0.02, 'pz': 0.03, **turned}
    right = {'px': 0.01, 'py': 0.02 + rig.baseline_m, 'pz': 0.03, **turned}
    lens = {'fx': camera.f, 'fy': camera.f, 'cx': camera.cx, 'cy': camera.cy}
    lens |= dict.fromkeys(('k1', 'k2', 'k3', 'k4'), 0.0)
    value = {
        'T_imu_cam': [frame, frame, left, right],
        'intrinsics': [{'camera_type': 'kb4', 'intrinsics': lens}] * 4,
        'resolution': [[1024, 1024], [1024, 1024], [1280, 720], [1280, 720]],
    }
    path.write_text(json.dumps({'value0': value}, indent=4))
