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

"""Publisher of images, while somebody subscribes."""

from typing import Any

import numpy as np
import numpy.typing as npt
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_image


class ImagePublisher:
    """Publisher of images of one size and encoding; not safe for threads.

    It fills one message again and again: making a message takes longer than copying its pixels.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._publisher = node.create_publisher(
            Image, topic, qos.images(), qos_overriding_options=qos.OVERRIDABLE
        )
        self._message: Image | None = None
        self._layout: tuple[object, ...] = ()  # of the message's pixels

    @property
    def subscribers(self) -> int:
        """Return the number of subscribers."""
        return int(self._publisher.get_subscription_count())

    def publish(self, pixels: npt.NDArray[Any], encoding: str, header: Header) -> None:
        """Publish an image; see to_image, which says what it raises."""
        message = self._message
        if message is None or self._layout != (encoding, pixels.dtype, pixels.shape):
            self._message = message = to_image(pixels, encoding, header)
            self._layout = encoding, pixels.dtype, pixels.shape
        else:
            np.frombuffer(message.data, pixels.dtype).reshape(pixels.shape)[...] = pixels
            message.header = header
        self._publisher.publish(message)
