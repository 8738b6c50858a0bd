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

"""Messages of a replay: true depth as images, and the calibration as CameraInfo."""

import numpy as np
import numpy.typing as npt
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_frame import CAMERAS, FRAME_IDS
from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.geometry.files.camera_info import CameraInfoRecord, infos
from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.recordings.bags.topic_names import COMPRESSED_DEPTH, depth_topic
from spike_depth_ros.recordings.recording import DepthFrame, DepthStream, EventCamera
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_image, to_time
from spike_depth_ros.ros.diagnostics import steady_clock
from spike_depth_ros.ros.rig_publisher import RECTIFIED_SUFFIX

CAMERA_INFO_PERIOD_S = 0.5


class DepthPublisher:
    """Publisher of one stream of true depth: Image, 32FC1.

    A topic that was recorded compressed is published compressed too while it has a subscriber.
    """

    def __init__(
        self, node: Node, stream: DepthStream, left: EventCamera, is_calibrated: bool
    ) -> None:
        """Create the publishers.

        Args:
            node: the replay node.
            stream: stream of the recording.
            left: left camera.
            is_calibrated: whether the binner rectifies, and publishes the rectified frame.
        """
        topic = depth_topic(stream)
        self._frame_id = _frame_id(stream, left, is_calibrated)
        self.publishers = [node.create_publisher(Image, topic, qos.truth())]
        if stream.name.endswith(COMPRESSED_DEPTH):
            compressed = node.create_publisher(CompressedImage, stream.name, qos.truth())
            self.publishers.append(compressed)

    def publish(self, frame: DepthFrame) -> None:
        """Publish an image; its time is the header stamp."""
        header = Header(stamp=to_time(frame.t_ns), frame_id=self._frame_id)
        image, *compressed = self.publishers
        image.publish(to_image(np.ascontiguousarray(frame.depth), '32FC1', header))
        for publisher in compressed:
            if publisher.get_subscription_count():
                data = depth_codec.encode(frame.depth, *_fine(frame.depth))
                text = depth_codec.FORMAT
                publisher.publish(CompressedImage(header=header, format=text, data=data))


class CameraInfoPublisher:
    """Publisher of the cameras' calibration, every CAMERA_INFO_PERIOD_S of real time.

    It latches too: a binner that starts late is calibrated before its first window.
    """

    def __init__(self, node: Node, rig: RigCalibration, frames: tuple[str, ...]) -> None:
        """Create the publishers.

        Args:
            node: the replay node.
            rig: calibration of the cameras.
            frames: frame of each camera.
        """
        self._node = node
        self._infos = [_message(info) for info in infos(rig)]
        self._publishers: list[Publisher] = []
        for info, camera, frame in zip(self._infos, CAMERAS, frames, strict=False):
            info.header.frame_id = frame
            topic = f'{camera}/camera_info'
            self._publishers.append(node.create_publisher(CameraInfo, topic, qos.latched()))
        node.create_timer(CAMERA_INFO_PERIOD_S, self.publish, clock=steady_clock())
        self.publish()

    def publish(self) -> None:
        """Publish the calibration, stamped with the node's time."""
        stamp = self._node.get_clock().now().to_msg()
        for publisher, info in zip(self._publishers, self._infos, strict=True):
            info.header.stamp = stamp
            publisher.publish(info)


def _frame_id(stream: DepthStream, left: EventCamera, is_calibrated: bool) -> str:
    """Return the recorded frame; where events have none, the frame of the binner's depth."""
    if stream.frame_id and left.frame_id:
        return stream.frame_id
    frame = left.frame_id or FRAME_IDS[0]
    is_rectified = stream.view == 'rectified' and is_calibrated
    return frame + RECTIFIED_SUFFIX if is_rectified else frame


def _message(info: CameraInfoRecord) -> CameraInfo:
    return CameraInfo(
        width=info.width,
        height=info.height,
        distortion_model=info.distortion_model,
        d=[float(value) for value in info.d],
        k=[float(value) for value in info.k],
        r=[float(value) for value in info.r],
        p=[float(value) for value in info.p],
    )


def _fine(depth: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Return depth_max and quantization with which the nearest depth gets the largest code."""
    known = depth[depth > 0]
    near_m, far_m = (float(known.min()), float(known.max())) if known.size else (1.0, 1.0)
    limit_m = far_m * 1.01
    steps = 65_000 / (1 / near_m - 1 / limit_m)
    return limit_m, float(np.sqrt(steps))
