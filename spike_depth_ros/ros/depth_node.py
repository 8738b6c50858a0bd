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

"""The depth node: spike frames in, metric depth out."""

import platform
import time
from typing import Any

from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import CameraInfo, Image

from spike_depth_ros.inference.confidence import to_confidence_image
from spike_depth_ros.inference.depth_image import (
    over_millimetres,
    to_metres,
    to_millimetres,
    valid_share,
)
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.preview import colour
from spike_depth_ros.ros import graph, qos
from spike_depth_ros.ros.conversions import to_camera_info, to_image, to_ns
from spike_depth_ros.ros.depth_report import DepthReport
from spike_depth_ros.ros.depth_worker import Answer, DepthWorker
from spike_depth_ros.ros.diagnostics import WARN, Diagnostics, Report
from spike_depth_ros.ros.parameter_tables import DEPTH, Table
from spike_depth_ros.ros.parameters import ParameterError, declare, on_change
from spike_depth_ros.ros.spike_link import SpikeSubscriber

WARNING_PERIOD_S = 5.0


class DepthNode(Node):
    """Infer a depth image from each spike frame.

    Subscribes spikes and spikes/info, unless a binner in the same process gives the worker what
    they carry; publishes depth/image_rect, depth/camera_info and depth/image_color, and
    depth/confidence if the model gives it. subscribes: False in one process with the binner.
    beside: parameters of the other nodes in this process. worker: takes windows and infers.
    """

    def __init__(self, subscribes: bool = True, beside: Table = ()) -> None:
        super().__init__('depth', automatically_declare_parameters_from_overrides=True)
        self.exit_code: int | None = None
        parameters = declare(self, DEPTH, beside)
        self._encoding: str = parameters['depth_encoding']
        engine = _engine(parameters)
        if engine.warning:
            self.get_logger().warning(engine.warning)
        self._contract, self._provider = engine.contract, engine.provider
        self._model, self._gives_confidence = parameters['model'], engine.gives_confidence
        self._min_confidence: float = parameters['min_confidence']
        if problem := self._refuse('min_confidence', self._min_confidence):
            raise ParameterError(problem)
        self._report = DepthReport(engine.contract, time.monotonic_ns())
        self._make_publishers()
        queue, min_events = parameters['queue'], parameters['min_events']
        self.worker = DepthWorker(
            engine, queue, min_events, self._report, self._publish, self._warn
        )
        on_change(self, DEPTH, self._change, self._refuse)
        Diagnostics(self, 'depth', f'{platform.node()}, {self._provider}', self._make_report)
        self._spikes = SpikeSubscriber(self, self.worker) if subscribes else None

    def destroy_node(self) -> None:
        """Let the worker finish its window, then destroy the node."""
        self.worker.close()
        super().destroy_node()

    def _make_publishers(self) -> None:
        self._depth = self._make_publisher('image_rect', Image)
        self._camera_info = self._make_publisher('camera_info', CameraInfo)
        self._preview = self._make_publisher('image_color', Image)
        self._confidence = (
            self._make_publisher('confidence', Image) if self._gives_confidence else None
        )

    def _make_publisher(self, name: str, kind: type) -> Publisher:
        return self.create_publisher(
            kind, f'depth/{name}', qos.images(), qos_overriding_options=qos.OVERRIDABLE
        )

    def _change(self, name: str, value: float) -> None:
        if name == 'min_confidence':
            self._min_confidence = value
        else:
            self.worker.min_events = int(value)

    def _refuse(self, name: str, value: float) -> str:
        """Return why the model does not allow a parameter's value, or ''."""
        if name != 'min_confidence' or value == 0 or self._gives_confidence:
            return ''
        return (
            f"parameter 'min_confidence' is {value}, but the model '{self._model}' gives no "
            'confidence: set it to 0.0, or load a model that gives it'
        )

    def _publish(self, answer: Answer) -> None:
        """Publish an answer; called in the worker's thread."""
        header, stream, inference = answer.header, answer.stream, answer.inference
        near_m, far_m = self._contract.depth_min_m, self._contract.depth_max_m
        scale = self._contract.depth_scale(stream)
        least = self._min_confidence  # may change meanwhile
        depth = to_metres(
            inference.depth, stream.mapped, near_m, far_m, scale, inference.confidence, least
        )
        self._report.depth_out(valid_share(depth, stream.mapped))
        if self._encoding == '32FC1':
            pixels = depth
        else:
            pixels = to_millimetres(depth)
            self._report.depth_cut(over_millimetres(depth))
        self._depth.publish(to_image(pixels, self._encoding, header))
        published_ns = self.get_clock().now().nanoseconds
        self._report.window_out(to_ns(header.stamp), published_ns, answer.events, inference)
        self._camera_info.publish(to_camera_info(stream, header))
        if self._preview.get_subscription_count():
            picture = colour(depth, near_m * scale, far_m * scale)
            self._preview.publish(to_image(picture, 'rgb8', header))
        self._publish_confidence(answer, least)

    def _publish_confidence(self, answer: Answer, least: float) -> None:
        confidence, mapped = answer.inference.confidence, answer.stream.mapped
        if self._confidence is None or confidence is None:
            return
        self._report.confidence_out(confidence[mapped], least)
        if self._confidence.get_subscription_count():
            image = to_confidence_image(confidence, mapped)
            self._confidence.publish(to_image(image, '32FC1', answer.header))

    def _warn(self, problem: str) -> None:
        self.get_logger().warning(problem, throttle_duration_sec=WARNING_PERIOD_S)

    def _make_report(self) -> Report:
        conflict = self._spikes.conflict if self._spikes else ''
        problems = (conflict, self.worker.upstream_problem)
        upstream = ' and '.join(problem for problem in problems if problem)
        report = self._report.make(
            time.monotonic_ns(), self.worker.reason, upstream, self.worker.min_events
        )
        report.values['provider'] = self._provider
        rivals = graph.rivals(self, 'depth/image_rect')
        for doubt in (*self.worker.doubts, rivals):
            if doubt:
                report.problem(WARN, doubt)
        return report


def _engine(parameters: dict[str, Any]) -> DepthEngine:
    engine = DepthEngine(*(parameters[name] for name in ('model', 'threads', 'provider')))
    engine.warm_up()
    return engine
