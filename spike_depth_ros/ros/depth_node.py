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

"""Depth node: infers metric depth from spike frames."""

import platform
import time
from collections.abc import Mapping
from typing import Any

from rclpy.node import Node

from spike_depth_ros.inference.confidence import to_confidence_image
from spike_depth_ros.inference.depth_image import (
    over_millimetres,
    to_metres,
    valid_share,
)
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.ros import graph
from spike_depth_ros.ros.conversions import to_ns
from spike_depth_ros.ros.depth_images import DepthImages
from spike_depth_ros.ros.depth_report import DepthReport
from spike_depth_ros.ros.depth_settings import DepthSettings
from spike_depth_ros.ros.depth_views import DepthViews
from spike_depth_ros.ros.depth_worker import DepthResult, DepthWorker
from spike_depth_ros.ros.diagnostics import WARN, WARNING_PERIOD_S, Diagnostics, Report
from spike_depth_ros.ros.image_publisher import ImagePublisher
from spike_depth_ros.ros.parameter_row import Table
from spike_depth_ros.ros.parameter_tables import DEPTH
from spike_depth_ros.ros.parameters import ParameterError, declare, on_change
from spike_depth_ros.ros.rig_motion import rig_motion
from spike_depth_ros.ros.spike_link import SpikeSubscriber


class DepthNode(Node):
    """Infer a depth image from each spike frame.

    Subscribes spikes and spikes/info, unless a binner in the same process passes them to the
    worker. Publishes depth/image_rect and depth/camera_info; depth/confidence if the model outputs
    it; depth/age; depth/image_color and depth/points for people.

    Attributes:
        worker: takes spike frames and infers depth.
    """

    def __init__(self, subscribes: bool = True, others: Table = ()) -> None:
        """Load the model and start the worker.

        Args:
            subscribes: False in one process with the binner.
            others: parameters of the other nodes in this process.
        """
        super().__init__('depth', automatically_declare_parameters_from_overrides=True)
        self.exit_code: int | None = None
        self._settings = DepthSettings.from_parameters(declare(self, DEPTH, others))
        engine = self._load()
        self._contract, self._provider = engine.contract, engine.provider
        self._gives_confidence = engine.gives_confidence
        if problem := self._refuse('min_confidence', self._settings.min_confidence):
            raise ParameterError(problem)
        self._report = DepthReport(engine.contract, time.monotonic_ns())
        self._make_publishers()
        self._motion = rig_motion(self, engine.contract, self._settings)
        self.worker = DepthWorker(
            engine,
            self._settings.queue,
            self._settings.min_events,
            self._report,
            self._publish,
            self._warn,
            self._motion,
        )
        self.worker.hold_ns = self._settings.hold_ns
        self.worker.needs_confidence = self._needs_confidence
        on_change(self, DEPTH, self._change, self._refuse)
        Diagnostics(self, 'depth', f'{platform.node()}, {self._provider}', self._make_report)
        self._spikes = SpikeSubscriber(self, self.worker) if subscribes else None

    def destroy_node(self) -> None:
        """End the worker after its current window, then destroy the node."""
        self.worker.close()
        super().destroy_node()

    def _load(self) -> DepthEngine:
        settings = self._settings
        engine = DepthEngine(settings.model, settings.threads, settings.provider)
        engine.warm_up()
        engine.load_shorter()  # now: windows that come during it would be dropped
        if engine.warning:
            self.get_logger().warning(engine.warning)
        return engine

    def _make_publishers(self) -> None:
        self._images = DepthImages(self)
        self._age = ImagePublisher(self, 'depth/age')
        self._views = DepthViews(self)
        self._confidence = (
            ImagePublisher(self, 'depth/confidence') if self._gives_confidence else None
        )

    def _change(self, values: Mapping[str, Any]) -> None:
        self._settings = DepthSettings.from_parameters(values)
        self.worker.min_events = self._settings.min_events
        self.worker.hold_ns = self._settings.hold_ns

    def _refuse(self, name: str, value: float) -> str:
        """Return why the model does not allow a parameter's value, or ''."""
        if name != 'min_confidence' or value == 0 or self._gives_confidence:
            return ''
        return (
            f"parameter 'min_confidence' is {value}, but the model '{self._settings.model}' gives "
            'no confidence: set it to 0.0, or load a model that gives it'
        )

    def _publish(self, result: DepthResult) -> None:
        """Publish a result on the topics that have a subscriber; called in the worker's thread."""
        header, stream, inference = result.header, result.stream, result.inference
        near_m, far_m = self._contract.depth_min_m, self._contract.depth_max_m
        scale = self._contract.depth_scale(stream)
        min_confidence = self._settings.min_confidence  # read once: a parameter change replaces it
        depth = to_metres(
            inference.depth,
            stream.mapped,
            near_m,
            far_m,
            scale,
            inference.confidence,
            min_confidence,
        )
        encoding = self._settings.depth_encoding
        self._images.publish(depth, encoding, stream.camera, header)
        if result.is_measured:
            self._report.depth_out(valid_share(depth, stream.mapped))
        if result.is_measured and encoding == '16UC1':
            self._report.depth_cut(over_millimetres(depth))
        if result.age_ns:
            self._report.window_held(result.age_ns)
        else:
            published_ns = self.get_clock().now().nanoseconds
            self._report.window_out(to_ns(header.stamp), published_ns, result.events, inference)
        self._views.publish(depth, stream.camera, (near_m * scale, far_m * scale), header)
        self._publish_confidence(result, min_confidence)
        if self._age.subscribers:
            age = result.event_age.seconds(to_ns(header.stamp), stream.mapped)
            self._age.publish(age, '32FC1', header)

    def _publish_confidence(self, result: DepthResult, min_confidence: float) -> None:
        confidence, mapped = result.inference.confidence, result.stream.mapped
        if self._confidence is None or confidence is None:
            return
        if result.is_measured:
            self._report.confidence_out(confidence, mapped, min_confidence)
        if self._confidence.subscribers:
            image = to_confidence_image(confidence, mapped)
            self._confidence.publish(image, '32FC1', result.header)

    def _needs_confidence(self) -> bool:
        """Return whether each window's confidence is read: the report takes that of some."""
        settings = self._settings
        read = settings.min_confidence or settings.hold_ns
        return bool(read or (self._confidence is not None and self._confidence.subscribers))

    def _warn(self, problem: str) -> None:
        self.get_logger().warning(problem, throttle_duration_sec=WARNING_PERIOD_S)

    def _make_report(self) -> Report:
        conflict = self._spikes.conflict if self._spikes else ''
        problems = (conflict, self.worker.upstream_problem)
        upstream = ' and '.join(problem for problem in problems if problem)
        report = self._report.make(
            time.monotonic_ns(),
            self.worker.reason,
            upstream,
            self.worker.min_events,
            self.worker.resets,
            self.worker.half_lives_ms,
        )
        report.values['provider'] = self._provider
        if self._motion is not None:
            self._motion.add_to(report, time.monotonic_ns())
        for warning in (*self.worker.warnings, graph.conflict(self, 'depth/image_rect')):
            if warning:
                report.problem(WARN, warning)
        return report
