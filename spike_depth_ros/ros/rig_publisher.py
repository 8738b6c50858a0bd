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

"""Publishing the rig as mapped, and the transform to its rectified frame."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rclpy.node import Node
from tf2_msgs.msg import TFMessage

from spike_depth_ros.frames.spike_frame import MONO_CHANNELS, STEREO_CHANNELS
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_rotation
from spike_depth_ros.ros.rig_source import RigSource
from spike_depth_ros.ros.spike_link import SpikeReceiver
from spike_depth_ros.units import MS_NS

RECTIFIED = '_rectified'
NO_FRAME_ID = (
    "the left camera's packets have no frame_id, so depth has none and no transform is published: "
    "set the driver's frame_id"
)


class RigPublisher:
    """Give receivers the rig as mapped and, where it is rectified, publish the turned frame.

    frame_id: of the spike frames; that of the left camera, or the frame that is turned from it.
    problem: why that frame cannot be published, '' if nothing is wrong.
    """

    def __init__(
        self,
        node: Node,
        settings: dict[str, Any],
        source: RigSource,
        receivers: Sequence[SpikeReceiver],
    ) -> None:
        self._node = node
        self._settings = settings
        self._source = source
        self._receivers = receivers
        self._mapped: npt.NDArray[np.bool_] | None = None
        self._sync = ''
        self._frames: dict[str, str] = {}
        self.frame_id = ''
        self.problem = ''
        self._transforms = node.create_publisher(TFMessage, '/tf_static', qos.latched())

    def publish(self, mapped: npt.NDArray[np.bool_] | None, sync: str, frame_id: str) -> None:
        """Publish the rig once the mapped region is known, and again when it changes.

        mapped: bool [height, width], see SpikeStream; frame_id: of the left camera.
        """
        if mapped is None:
            return
        if mapped is not self._mapped or sync != self._sync:
            self._mapped, self._sync = mapped, sync
            self._frames.clear()
            rig = self._describe(mapped, sync)
            for receiver in self._receivers:
                receiver.take_rig(rig)
        if frame_id not in self._frames:
            self._frames[frame_id] = self._publish_frame(frame_id)
        self.frame_id = self._frames[frame_id]
        self.problem = '' if frame_id else NO_FRAME_ID

    def _describe(self, mapped: npt.NDArray[np.bool_], sync: str) -> SpikeStream:
        p = self._settings
        return SpikeStream(
            window_ns=round(p['window_ms'] * MS_NS),
            hop_ns=round(p['hop_ms'] * MS_NS),
            channels=STEREO_CHANNELS if p['stereo'] else MONO_CHANNELS,
            camera=self._source.camera,
            baseline_m=self._source.baseline_m,
            sync=sync,
            mapped=mapped,
        )

    def _publish_frame(self, frame_id: str) -> str:
        """Publish the rectified frame of the left camera's; return its name."""
        rotation = self._source.map.rotation if self._source.map else None
        if rotation is None or not frame_id:
            return frame_id
        stamp = self._node.get_clock().now().to_msg()
        transform = to_rotation(rotation, frame_id, frame_id + RECTIFIED, stamp)
        self._transforms.publish(TFMessage(transforms=[transform]))
        return frame_id + RECTIFIED
