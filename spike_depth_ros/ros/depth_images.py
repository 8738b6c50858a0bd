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

"""Publishers of `depth/image_rect` and `depth/camera_info`, while somebody subscribes."""

import numpy as np
import numpy.typing as npt
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.inference.depth_image import to_millimetres
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_camera_info
from spike_depth_ros.ros.image_publisher import ImagePublisher


class DepthImages:
    """Publishers of depth images and of their camera.

    The camera_info goes first: a subscriber of both then has it before the image, which is larger.
    """

    def __init__(self, node: Node) -> None:
        self._camera_info = node.create_publisher(
            CameraInfo,
            'depth/camera_info',
            qos.images(),
            qos_overriding_options=qos.OVERRIDABLE,
        )
        self._depth = ImagePublisher(node, 'depth/image_rect')

    def publish(
        self, depth: npt.NDArray[np.float32], encoding: str, camera: PinholeCamera, header: Header
    ) -> None:
        """Publish a depth image.

        Args:
            depth: float32 [h, w], metres.
            encoding: '32FC1' (metres) or '16UC1' (millimetres).
            camera: camera of the depth image.
            header: header of both messages.
        """
        if self._camera_info.get_subscription_count():
            self._camera_info.publish(to_camera_info(camera, header))
        if self._depth.subscribers:
            pixels = depth if encoding == '32FC1' else to_millimetres(depth)
            self._depth.publish(pixels, encoding, header)
