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

"""View of the spike frames for people: a colour image, while somebody subscribes."""

from rclpy.node import Node

from spike_depth_ros.frames.event_picture import event_picture
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.ros.image_publisher import ImagePublisher
from spike_depth_ros.ros.spike_link import SPIKES, SpikeWindow

PICTURE = f'{SPIKES}/image_color'


class SpikePictures:
    """Publisher of `spikes/image_color`; a SpikeReceiver."""

    def __init__(self, node: Node) -> None:
        self._picture = ImagePublisher(node, PICTURE)

    def take_stream(self, stream: SpikeStream, frame_id: str) -> None:
        """Do nothing: a window has all that its picture shows."""

    def take_problem(self, problem: str) -> None:
        """Do nothing: `spikes/info` has the problem."""

    def take_window(self, window: SpikeWindow) -> None:
        """Publish the picture of a spike frame."""
        if self._picture.subscribers:
            self._picture.publish(event_picture(window.counts), 'rgb8', window.header)
