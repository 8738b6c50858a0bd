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

"""Views of depth for people: a colour image and a point cloud, while somebody subscribes."""

import numpy as np
import numpy.typing as npt
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.inference.point_cloud import point_cloud
from spike_depth_ros.inference.preview import colour
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_cloud
from spike_depth_ros.ros.image_publisher import ImagePublisher


class DepthViews:
    """Publishers of `depth/image_color` and `depth/points`."""

    def __init__(self, node: Node) -> None:
        self._picture = ImagePublisher(node, 'depth/image_color')
        self._points = node.create_publisher(
            PointCloud2, 'depth/points', qos.images(), qos_overriding_options=qos.OVERRIDABLE
        )

    def publish(
        self,
        depth: npt.NDArray[np.float32],
        camera: PinholeCamera,
        range_m: tuple[float, float],
        header: Header,
    ) -> None:
        """Publish the views that have a subscriber.

        Args:
            depth: float32 [h, w], metres; not finite where there is none.
            camera: camera of the depth image.
            range_m: nearest and farthest depth of the colours, metres.
            header: header of the depth image.
        """
        to_picture, to_points = self._picture.subscribers, self._points.get_subscription_count()
        if not (to_picture or to_points):
            return
        colours = colour(depth, *range_m)
        if to_picture:
            self._picture.publish(colours, 'rgb8', header)
        if to_points:
            self._points.publish(to_cloud(point_cloud(depth, camera, colours), header))
