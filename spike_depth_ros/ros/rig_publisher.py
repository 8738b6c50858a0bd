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

"""Publisher of the stream's description and of the transform to its rectified frame."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rclpy.node import Node
from tf2_msgs.msg import TFMessage

from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.binner_settings import BinnerSettings
from spike_depth_ros.ros.conversions import to_rotation
from spike_depth_ros.ros.rig_source import RigSource
from spike_depth_ros.ros.spike_link import SpikeReceiver

RECTIFIED_SUFFIX = '_rectified'
NO_FRAME_ID = (
    "the left camera's packets have no frame_id, so depth has none and no transform is published: "
    "set the driver's frame_id"
)


class RigPublisher:
    """Publisher of the description of the spike frames, and of /tf_static where it rectifies.

    Attributes:
        frame_id: optical frame of the spike frames: that of the left camera, or the rectified
            frame whose transform from it is published.
        warning: why there is no optical frame, '' if there is one.
    """

    def __init__(
        self,
        node: Node,
        settings: BinnerSettings,
        source: RigSource,
        receivers: Sequence[SpikeReceiver],
    ) -> None:
        """Create the publisher of /tf_static.

        Args:
            node: the binner node.
            settings: its settings.
            source: source of baseline and rectification.
            receivers: receivers of the description.
        """
        self._node = node
        self._settings = settings
        self._source = source
        self._receivers = receivers
        self._stream: SpikeStream | None = None
        self._frames: dict[str, str] = {}  # optical frame of the spike frames by the camera's
        self.frame_id = ''
        self.warning = ''
        self._transforms = node.create_publisher(TFMessage, '/tf_static', qos.latched())

    def publish(self, mapped: npt.NDArray[np.bool_] | None, sync: str, frame_id: str) -> None:
        """Publish the description and the transform if they differ from the published ones.

        Args:
            mapped: bool [height, width], see SpikeStream; None before the first packet.
            sync: clock in which windows are cut, 'sensor' or 'host'.
            frame_id: optical frame of the left camera, '' if its packets have none.
        """
        if mapped is None:
            return
        stream = self._stream
        if stream is None or mapped is not stream.mapped or sync != stream.sync:
            stream = self._describe(mapped, sync)
            self._frames.clear()
        if frame_id not in self._frames:
            self._frames[frame_id] = self._publish_transform(frame_id)
        if stream is not self._stream or self.frame_id != self._frames[frame_id]:
            self._stream, self.frame_id = stream, self._frames[frame_id]
            for receiver in self._receivers:
                receiver.take_stream(stream, self.frame_id)
        self.warning = '' if frame_id else NO_FRAME_ID

    def _describe(self, mapped: npt.NDArray[np.bool_], sync: str) -> SpikeStream:
        settings, rig = self._settings, self._source.map
        rotation = rig.rotation if rig else None
        return SpikeStream(
            window_ns=settings.window_ns,
            hop_ns=settings.hop_ns,
            channels=CHANNELS_PER_CAMERA * settings.cameras,
            camera=settings.camera,
            baseline_m=self._source.baseline_m,
            sync=sync,
            mapped=mapped,
            rectification=np.eye(3) if rotation is None else rotation,
            imu_rotation=rig.imu_rotation if rig else None,
        )

    def _publish_transform(self, frame_id: str) -> str:
        """Publish the transform to the rectified frame, if any; return the optical frame."""
        rotation = self._source.map.rotation if self._source.map else None
        if rotation is None or not frame_id:
            return frame_id
        stamp = self._node.get_clock().now().to_msg()
        rectified = frame_id + RECTIFIED_SUFFIX
        transform = to_rotation(rotation, frame_id, rectified, stamp)
        self._transforms.publish(TFMessage(transforms=[transform]))
        return rectified
