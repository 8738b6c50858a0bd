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

"""View node: events and depth of running nodes in Rerun."""

from typing import Any

import numpy as np
import numpy.typing as npt
import rerun as rr
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import Image

from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, to_ns
from spike_depth_ros.ros.depth_meters import FIRING_RATE
from spike_depth_ros.ros.diagnostics import WARNING_PERIOD_S
from spike_depth_ros.ros.spike_link import SpikeSubscriber, SpikeWindow
from spike_depth_ros.views import paths
from spike_depth_ros.views.layout import layout
from spike_depth_ros.views.rerun_log import RerunLog, Scene

RANGE_M = 0.5, 10.0  # of the colours: the topics do not tell the model's range


class ViewNode(Node):
    """Log spikes, depth/image_rect, depth/confidence, depth/age and the depth node's firing rates.

    Nothing is logged before spikes/info describes the spike frames.
    """

    def __init__(self, stream: rr.RecordingStream) -> None:
        """Subscribe the topics; stream: recording stream of Rerun, whose output is set."""
        super().__init__('view')
        self.exit_code: int | None = None
        self._stream = stream
        self._described: SpikeStream | None = None
        self._log: RerunLog | None = None
        namespace = self.get_namespace().strip('/')
        self._depth_status = f'{namespace}/depth: depth'.lstrip('/')
        self._spikes = SpikeSubscriber(self, self)
        for topic, take in (
            ('depth/image_rect', self._on_depth),
            ('depth/confidence', self._on_confidence),
            ('depth/age', self._on_age),
        ):
            self.create_subscription(Image, topic, take, qos.images())
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)

    def take_stream(self, stream: SpikeStream, frame_id: str) -> None:
        """Begin to log frames of a camera, or of another camera than before."""
        if self._described is not None and self._described.camera == stream.camera:
            return
        self._described = stream
        cameras = stream.channels // CHANNELS_PER_CAMERA
        self._stream.send_blueprint(layout(cameras, False, True, (), paths.LATENCY_MS))
        self._log = RerunLog(self._stream, Scene(stream.camera, cameras, RANGE_M, None))

    def take_window(self, window: SpikeWindow) -> None:
        """Log a spike frame."""
        if self._log is not None:
            self._log.spike_frame(to_ns(window.header.stamp), window.counts)

    def take_problem(self, problem: str) -> None:
        """Log the binner's problem as a warning."""
        if problem:
            self._warn(problem)

    def reject_stream(self, problem: str) -> None:
        """Log why the description of the spike frames cannot be used."""
        self._warn(problem)

    def drop_malformed(self, problem: str) -> None:
        """Log why an image is no spike frame."""
        self._warn(problem)

    def _on_depth(self, message: Image) -> None:
        arrived_ns = self.get_clock().now().nanoseconds
        depth = self._pixels(message)
        if self._log is None or depth is None:
            return
        if depth.dtype == np.uint16:  # millimetres, 0 where there is none
            depth = np.where(depth > 0, depth / np.float32(1000), np.float32(np.nan))
        t_ns = to_ns(message.header.stamp)
        self._log.depth(t_ns, depth)
        self._log.duration(t_ns, paths.LATENCY_MS, arrived_ns - t_ns)

    def _on_confidence(self, message: Image) -> None:
        confidence = self._pixels(message)
        if self._log is not None and confidence is not None:
            self._log.confidence(to_ns(message.header.stamp), confidence)

    def _on_age(self, message: Image) -> None:
        age_s = self._pixels(message)
        if self._log is not None and age_s is not None:
            self._log.event_age(to_ns(message.header.stamp), age_s)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        prefix = f'{FIRING_RATE} '
        rates = {
            pair.key.removeprefix(prefix): float(pair.value)
            for status in message.status
            if status.name == self._depth_status
            for pair in status.values
            if pair.key.startswith(prefix)
        }
        if self._log is not None and rates:
            self._log.firing_rates(to_ns(message.header.stamp), rates)

    def _pixels(self, message: Image) -> npt.NDArray[Any] | None:
        try:
            return from_image(message)
        except ValueError as error:
            self._warn(str(error))
            return None

    def _warn(self, problem: str) -> None:
        self.get_logger().warning(problem, throttle_duration_sec=WARNING_PERIOD_S)
