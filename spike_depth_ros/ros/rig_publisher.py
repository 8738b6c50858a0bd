"""Telling others how the rig is mapped, and where the rectified frame is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rclpy.node import Node
from tf2_msgs.msg import TFMessage

from spike_depth_ros.frames.rig import Rig
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_rotation
from spike_depth_ros.ros.rig_source import RigSource
from spike_depth_ros.ros.spike_link import SpikeReceiver

RECTIFIED = '_rectified'
MILLISECOND_NS = 1e6


class RigPublisher:
    """Tell receivers of the rig as mapped and, where it is rectified, publish the turned frame.

    frame_id: of the spike frames; that of the left camera, or the frame that is turned from it.
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
        self._names = ('', '')
        self.frame_id = ''
        self._transforms = node.create_publisher(TFMessage, '/tf_static', qos.latched())

    def publish(self, mapped: npt.NDArray[np.bool_] | None, sync: str, frame_id: str) -> None:
        """Publish once the mapped region is known, and whenever something changes.

        mapped: bool [height, width], see Rig; frame_id: of the left camera.
        """
        names = (sync, frame_id)
        if mapped is None or (mapped is self._mapped and names == self._names):
            return
        self._mapped, self._names = mapped, names
        rig = self._describe(mapped, sync)
        for receiver in self._receivers:
            receiver.take_rig(rig)
        self._publish_frame(frame_id)

    def _describe(self, mapped: npt.NDArray[np.bool_], sync: str) -> Rig:
        p = self._settings
        return Rig(
            window_ns=round(p['window_ms'] * MILLISECOND_NS),
            hop_ns=round(p['hop_ms'] * MILLISECOND_NS),
            channels=4 if p['stereo'] else 2,
            width=p['width'],
            height=p['height'],
            f=p['focal_length'],
            cx=p['cx'],
            cy=p['cy'],
            baseline_m=self._source.baseline_m,
            sync=sync,
            mapped=mapped,
        )

    def _publish_frame(self, frame_id: str) -> None:
        rotation = self._source.map.rotation if self._source.map else None
        self.frame_id = frame_id
        if rotation is not None:
            self.frame_id = frame_id + RECTIFIED
            stamp = self._node.get_clock().now().to_msg()
            transform = to_rotation(rotation, frame_id, self.frame_id, stamp)
            self._transforms.publish(TFMessage(transforms=[transform]))
