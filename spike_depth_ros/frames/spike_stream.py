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

"""Description of a stream of spike frames: camera, baseline, windows and mapped pixels."""

from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.camera import PinholeCamera


@dataclass(frozen=True, eq=False)
class SpikeStream:
    """Description of a stream of spike frames.

    Args:
        window_ns, hop_ns: length of a window, and time from window to window, nanoseconds.
        channels: channels of a frame, 4 with two cameras and 2 with one.
        camera: rectified camera of the frames, the left one of two.
        baseline_m: distance of the cameras in metres; 0 with one camera.
        sync: clock in which windows are cut: 'sensor' (synchronised sensor time) or 'host' (ROS
            time of the header stamps).
        mapped: bool [height, width], False for pixels to which no pixel of the left sensor is
            mapped.
        rectification: float64 [3, 3], rotation from the raw left camera's frame to the frames'.
        imu_rotation: float64 [3, 3], rotation from the frame of the rig's IMU to the frames'; None
            where no calibration tells it.
    """

    window_ns: int
    hop_ns: int
    channels: int
    camera: PinholeCamera
    baseline_m: float
    sync: str
    mapped: npt.NDArray[np.bool_]
    rectification: npt.NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    imu_rotation: npt.NDArray[np.float64] | None = None


def is_same(stream: SpikeStream, other: SpikeStream | None) -> bool:
    """Return whether two streams have equal fields, the mask of mapped pixels included."""
    return other is not None and all(
        np.array_equal(getattr(stream, each.name), getattr(other, each.name))
        for each in fields(stream)
    )
