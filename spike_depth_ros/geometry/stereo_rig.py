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

"""Rectified stereo rig: two equal pinhole cameras side by side."""

from dataclasses import dataclass

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.checks import check_baseline

CAMERAS = ('left', 'right')
# Metres, both included. Outside of it the unit is wrong: no rig is narrower or wider.
BASELINES_M = (0.001, 10.0)


@dataclass(frozen=True)
class StereoRig:
    """Two equal rectified cameras; the right one stands baseline_m to the right of the left one.

    Raises CalibrationError for a baseline outside of BASELINES_M.

    Args:
        camera: either camera, after rectification.
        baseline_m: distance of the cameras in metres, 0.001 to 10.
    """

    camera: PinholeCamera
    baseline_m: float

    def __post_init__(self) -> None:
        check_baseline(self.baseline_m, *BASELINES_M)

    @property
    def focal_baseline(self) -> float:
        """Return f * baseline, pixels times metres: depth in metres times disparity in pixels."""
        return self.camera.f * self.baseline_m


# MVSEC's rectified rig (indoor_flying calibration). The networks are trained on its spike frames,
# and the binner maps every other rig to its camera.
MVSEC_RIG = StereoRig(PinholeCamera(346, 260, 199.65, 173.0, 130.0), 0.0999)
