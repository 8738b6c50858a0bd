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

"""Messages to arrays and back."""

from array import array
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Quaternion, TransformStamped
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_frame import DTYPE, MONO_CHANNELS, STEREO_CHANNELS
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.units import SECOND_NS

try:  # a ROS distribution has it; PyPI's package of that name is ROS 1's
    from cv_bridge import CvBridge
except ImportError:
    CvBridge = None

# type and channels of the encodings that this package sends
_ENCODINGS = {
    f'8UC{MONO_CHANNELS}': (DTYPE, MONO_CHANNELS),
    f'8UC{STEREO_CHANNELS}': (DTYPE, STEREO_CHANNELS),
    'rgb8': (np.uint8, 3),
    '16UC1': (np.uint16, 1),
    '32FC1': (np.float32, 1),
}


def to_ns(stamp: Time | Duration) -> int:
    """Return a stamp or a duration in nanoseconds."""
    return stamp.sec * SECOND_NS + stamp.nanosec


def to_time(ns: int) -> Time:
    """Return nanoseconds as a stamp; times that no stamp can hold become the nearest one."""
    ns = min(max(ns, -(1 << 31) * SECOND_NS), (1 << 31) * SECOND_NS - 1)
    sec, nanosec = divmod(ns, SECOND_NS)
    return Time(sec=sec, nanosec=nanosec)


def to_image(pixels: npt.NDArray[Any], encoding: str, header: Header) -> Image:
    """Return pixels [h, w] or [h, w, channels] as an image message.

    encoding: 8UC2, 8UC4, rgb8 (uint8), 16UC1 (uint16) or 32FC1 (float32). Raises ValueError when
    the pixels are of another type or shape.
    """
    dtype, channels = _layout(encoding)
    found = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != dtype or pixels.ndim not in (2, 3) or found != channels:
        raise ValueError(
            f'{encoding} needs {np.dtype(dtype)} pixels in {channels} channels, but they are '
            f'{pixels.dtype} {pixels.shape}'
        )
    if CvBridge is not None:
        return CvBridge().cv2_to_imgmsg(np.ascontiguousarray(pixels), encoding, header)
    data = array('B')
    data.frombytes(np.ascontiguousarray(pixels).data.cast('B'))
    return Image(
        header=header,
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=False,
        step=pixels.shape[1] * channels * pixels.itemsize,
        data=data,
    )


def from_image(message: Image) -> npt.NDArray[Any]:
    """Return the pixels of a message, [h, w] or [h, w, channels]; may be a view into it.

    Raises ValueError for an encoding that to_image does not know and for data of another size
    than the message's height and step promise.
    """
    dtype, channels = _layout(message.encoding)
    order = '>' if message.is_bigendian else '<'
    row = message.width * channels * np.dtype(dtype).itemsize
    if message.step < row or len(message.data) != message.height * message.step:
        raise ValueError(
            f'an image of {message.width} x {message.height} pixels, {message.encoding}, has '
            f'{len(message.data)} bytes in steps of {message.step}'
        )
    if CvBridge is not None:
        return CvBridge().imgmsg_to_cv2(message, 'passthrough')
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)[:, :row]
    pixels = np.ascontiguousarray(rows).view(np.dtype(dtype).newbyteorder(order))
    shape = (message.height, message.width, channels)
    return pixels.reshape(shape[:2] if channels == 1 else shape).astype(dtype, copy=False)


def to_camera_info(rig: SpikeStream, header: Header) -> CameraInfo:
    """Return the camera of the rig's spike frames: a rectified left camera without distortion."""
    camera = rig.camera
    f, cx, cy = camera.f, camera.cx, camera.cy
    return CameraInfo(
        header=header,
        width=camera.width,
        height=camera.height,
        distortion_model='plumb_bob',
        d=[0.0] * 5,
        k=[f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def to_rotation(
    rotation: npt.NDArray[np.float64], frame_id: str, child_frame_id: str, stamp: Time
) -> TransformStamped:
    """Return the transform between two frames that differ by a rotation alone.

    rotation: float64 [3, 3], takes coordinates in frame_id to those in child_frame_id.
    """
    turn, _ = cv2.Rodrigues(rotation.T)
    angle = float(np.linalg.norm(turn))
    x, y, z = (turn[:, 0] * np.sinc(angle / (2 * np.pi)) / 2).tolist()
    transform = TransformStamped(
        header=Header(stamp=stamp, frame_id=frame_id), child_frame_id=child_frame_id
    )
    transform.transform.rotation = Quaternion(x=x, y=y, z=z, w=float(np.cos(angle / 2)))
    return transform


def _layout(encoding: str) -> tuple[type, int]:
    if encoding not in _ENCODINGS:
        raise ValueError(
            f"image encoding '{encoding[:40]}' is unknown; it must be one of "
            f'{", ".join(_ENCODINGS)}'
        )
    return _ENCODINGS[encoding]
