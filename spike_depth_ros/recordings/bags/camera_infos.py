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

"""sensor_msgs/CameraInfo in bags: calibration of the cameras and of rectified views."""

from spike_depth_ros.events.fields import MessageFields
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.camera_info import CameraInfoRecord

# fx and fy of a rectified view differ by less, as a part of fx.
_SQUARE = 1e-3


def read_camera_info(fields: MessageFields) -> CameraInfoRecord:
    """Read a sensor_msgs/CameraInfo; raises ValueError for bytes of another message."""
    fields.header()
    height, width = fields.numbers('II', 4)
    model = fields.text()
    d = fields.reals(fields.count())
    k, r, p = fields.reals(9), fields.reals(9), fields.reals(12)
    return CameraInfoRecord(width, height, model, d, k, r, p)


def rectified_view(info: CameraInfoRecord, width: int, height: int) -> PinholeCamera | None:
    """Return the camera of a rectified image by P, None if P is not of such an image.

    width, height: size of the image, pixels.
    """
    fx, fy, cx, cy = info.p[0], info.p[5], info.p[2], info.p[6]
    if (info.width, info.height) != (width, height) or abs(fx - fy) > _SQUARE * abs(fx):
        return None
    try:
        return PinholeCamera(width, height, float(fx), float(cx), float(cy))
    except CalibrationError:
        return None
