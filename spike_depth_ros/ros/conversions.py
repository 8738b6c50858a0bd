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

"""Conversion between messages and arrays."""

import sys
from array import array
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Quaternion, TransformStamped
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_frame import DTYPE, MONO_CHANNELS, STEREO_CHANNELS
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.inference.point_cloud import FIELDS
from spike_depth_ros.units import SECOND_NS

try:  # a ROS distribution has it; PyPI's package of that name is ROS 1's
    from cv_bridge import CvBridge
except ImportError:
    CvBridge = None

# Data type and number of channels of the image encodings that this package uses.
ENCODINGS = {
    f'8UC{MONO_CHANNELS}': (DTYPE, MONO_CHANNELS),
    f'8UC{STEREO_CHANNELS}': (DTYPE, STEREO_CHANNELS),
    'rgb8': (np.uint8, 3),
    '16UC1': (np.uint16, 1),
    '32FC1': (np.float32, 1),
}


def to_ns(stamp: Time | Duration) -> int:
    """Return a stamp or a duration in nanoseconds."""
    return int(stamp.sec) * SECOND_NS + int(stamp.nanosec)


def to_time(ns: int) -> Time:
    """Return nanoseconds as a stamp, limited to the range of one (32-bit seconds)."""
    ns = min(max(ns, -(1 << 31) * SECOND_NS), (1 << 31) * SECOND_NS - 1)
    sec, nanosec = divmod(ns, SECOND_NS)
    return Time(sec=sec, nanosec=nanosec)


def to_image(pixels: npt.NDArray[Any], encoding: str, header: Header) -> Image:
    """Return an image message.

    Raises ValueError for pixels of another type or shape than the encoding's.

    Args:
        pixels: [height, width] or [height, width, channels].
        encoding: 8UC2, 8UC4, rgb8 (uint8), 16UC1 (uint16) or 32FC1 (float32).
        header: header of the message.
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
    return Image(
        header=header,
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=False,
        step=pixels.shape[1] * channels * pixels.itemsize,
        data=_to_bytes(pixels),
    )


def from_image(message: Image) -> npt.NDArray[Any]:
    """Return the pixels of an image message, [height, width] or [height, width, channels].

    The array may share memory with the message. Raises ValueError for an encoding that to_image
    does not know, and for data of another size than height and step give.
    """
    dtype, channels = _layout(message.encoding)
    row = message.width * channels * np.dtype(dtype).itemsize
    if message.step < row or len(message.data) != message.height * message.step:
        raise ValueError(
            f'an image of {message.width} x {message.height} pixels, {message.encoding}, has '
            f'{len(message.data)} bytes in steps of {message.step}'
        )
    if CvBridge is not None:
        return np.asarray(CvBridge().imgmsg_to_cv2(message, 'passthrough'))
    rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)[:, :row]
    sent = np.dtype(dtype).newbyteorder('>' if message.is_bigendian else '<')
    pixels = np.ascontiguousarray(rows).view(sent)
    shape = (message.height, message.width, channels)
    return pixels.reshape(shape[:2] if channels == 1 else shape).astype(dtype, copy=False)


def to_cloud(points: npt.NDArray[np.float32], header: Header) -> PointCloud2:
    """Return the message of a point cloud, float32 [n, 4]; see point_cloud."""
    size = points.itemsize
    fields = [
        PointField(name=name, offset=place * size, datatype=PointField.FLOAT32, count=1)
        for place, name in enumerate(FIELDS)
    ]
    return PointCloud2(
        header=header,
        height=1,
        width=len(points),
        fields=fields,
        is_bigendian=sys.byteorder == 'big',
        point_step=len(FIELDS) * size,
        row_step=points.nbytes,
        data=_to_bytes(points),
        is_dense=True,
    )


def to_camera_info(camera: PinholeCamera, header: Header) -> CameraInfo:
    """Return the CameraInfo of a rectified left camera: no distortion, P with Tx = 0."""
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
    """Return a transform that is a rotation.

    Args:
        rotation: float64 [3, 3], rotation of coordinates from frame_id to child_frame_id.
        frame_id: parent frame.
        child_frame_id: child frame.
        stamp: stamp of the transform.
    """
    turn, _ = cv2.Rodrigues(rotation.T)
    angle = float(np.linalg.norm(turn))
    x, y, z = (turn[:, 0] * np.sinc(angle / (2 * np.pi)) / 2).tolist()
    transform = TransformStamped(
        header=Header(stamp=stamp, frame_id=frame_id), child_frame_id=child_frame_id
    )
    transform.transform.rotation = Quaternion(x=x, y=y, z=z, w=float(np.cos(angle / 2)))
    return transform


def _to_bytes(values: npt.NDArray[Any]) -> 'array[int]':
    """Return the bytes of an array, as messages take them without a check of each byte."""
    data = array('B')
    data.frombytes(np.ascontiguousarray(values).data.cast('B'))
    return data


def _layout(encoding: str) -> tuple[type, int]:
    """Return data type and number of channels of an image encoding."""
    if encoding not in ENCODINGS:
        raise ValueError(
            f"image encoding '{encoding[:40]}' is unknown; it must be one of "
            f'{", ".join(ENCODINGS)}'
        )
    return ENCODINGS[encoding]
