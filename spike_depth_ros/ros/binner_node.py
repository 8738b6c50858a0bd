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

"""Binner node: counts event packets into spike frames."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from rclpy.node import Node
from std_msgs.msg import Header

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.ros import graph
from spike_depth_ros.ros.binner_report import BinnerReport
from spike_depth_ros.ros.binner_settings import BinnerSettings
from spike_depth_ros.ros.conversions import to_time
from spike_depth_ros.ros.diagnostics import (
    ERROR,
    WARN,
    WARNING_PERIOD_S,
    Diagnostics,
    Report,
    steady_clock,
)
from spike_depth_ros.ros.event_topic import TOPICS, EventTopic
from spike_depth_ros.ros.parameter_row import Table
from spike_depth_ros.ros.parameter_tables import BINNER
from spike_depth_ros.ros.parameters import declare, on_change
from spike_depth_ros.ros.rig_publisher import RigPublisher
from spike_depth_ros.ros.rig_source import RigSource
from spike_depth_ros.ros.spike_link import SpikePublisher, SpikeReceiver, SpikeWindow
from spike_depth_ros.ros.spike_pictures import SpikePictures

# A fifth of the default max_wait_ms, at a negligible load.
POLL_PERIOD_S = 0.02


class BinnerNode(Node):
    """Count the packets of one or two event cameras into spike frames.

    Subscribes left/events, with two cameras right/events too, and left/camera_info and
    right/camera_info if they are the source of the calibration. Publishes spikes, spikes/info and
    spikes/image_color and, where the binner rectifies, the rectified frame on /tf_static.
    """

    def __init__(self, *receivers: SpikeReceiver, others: Table = ()) -> None:
        """Declare the parameters, compile the decoders and subscribe the cameras.

        Args:
            receivers: receivers in this process; they take descriptions and windows without
                copies, before those are published.
            others: parameters of the other nodes in this process.
        """
        super().__init__('binner', automatically_declare_parameters_from_overrides=True)
        self.exit_code: int | None = None
        settings = BinnerSettings.from_parameters(declare(self, BINNER, others))
        topics = TOPICS[: settings.cameras]
        graph.check_distinct(self, topics)
        self._rig = RigSource(self, settings, lambda: self._binner.remap())
        self._binner = _make_binner(settings, self._rig)
        self._report = BinnerReport(self._binner, time.monotonic_ns())
        self._frame_ids: list[str | None] = [None] * settings.cameras
        self._spikes = SpikePublisher(self)
        self._receivers = (*receivers, self._spikes, SpikePictures(self))
        self._rig_warning = ''
        self._rig_publisher = RigPublisher(self, settings, self._rig, self._receivers)
        hardware_id = ', '.join(self.resolve_topic_name(topic) for topic in topics)
        Diagnostics(self, 'spike frames', hardware_id, self._make_report)
        on_change(self, BINNER, self._change)
        for warning in self._rig.warnings:
            self.get_logger().warning(warning)
        # Compile before subscribing: packets would overflow the queue during it.
        self._binner.warm_up()
        depth = settings.event_queue
        self._cameras = [self._subscribe(camera, depth) for camera in range(settings.cameras)]
        self.create_timer(POLL_PERIOD_S, self._poll, clock=steady_clock())

    def _subscribe(self, camera: int, depth: int) -> EventTopic:
        take, malformed = partial(self._on_packet, camera), partial(self._on_malformed, camera)
        return EventTopic(self, TOPICS[camera], depth, take, malformed)

    def _on_packet(self, camera: int, packet: Packet) -> None:
        now_ns = time.monotonic_ns()
        self._report.packet(camera, now_ns)
        self._frame_ids[camera] = packet.frame_id
        ros_ns = self.get_clock().now().nanoseconds
        self._publish(self._binner.push(camera, packet, now_ns, ros_ns))

    def _on_malformed(self, camera: int, problem: str) -> None:
        self._binner.drop_malformed(camera, problem)
        self._publish([])

    def _poll(self) -> None:
        self._describe()
        self._publish(self._binner.poll(time.monotonic_ns()))

    def _describe(self) -> None:
        """Publish the description of the spike frames if it has changed."""
        known = (frame_id for frame_id in self._frame_ids if frame_id is not None)
        self._rig_publisher.publish(self._binner.mapped, self._binner.sync, next(known, ''))

    def _publish(self, frames: list[SpikeFrame]) -> None:
        if frames:
            self._describe()
        for frame in frames:
            frame_id = self._rig_publisher.frame_id
            window = SpikeWindow(
                Header(stamp=to_time(frame.stamp_ns), frame_id=frame_id), frame.counts
            )
            for receiver in self._receivers:
                receiver.take_problem(self._rig_warning)
                receiver.take_window(window)
        while self._binner.problems:
            problem = self._binner.problems.popleft()
            self._report.problem(problem)
            self.get_logger().warning(problem, throttle_duration_sec=WARNING_PERIOD_S)

    def _make_report(self) -> Report:
        now_ns = time.monotonic_ns()
        blocked = [self._rig.problem, *(camera.problem for camera in self._cameras)]
        blocked = [problem for problem in blocked if problem]
        report = self._report.make(now_ns, ' and '.join(blocked))
        for problem in blocked:
            report.problem(ERROR, problem)
        report.values['subscribers'] = self._spikes.subscribers
        rig_warnings = self._rig.warnings
        self._rig_warning = ' and '.join(rig_warnings)
        silent = self._report.silent(now_ns)
        others = [
            camera.warning(is_silent)
            for camera, is_silent in zip(self._cameras, silent, strict=True)
        ]
        others += [self._spikes.conflict, self._rig_publisher.warning]
        for warning in (*rig_warnings, *others):
            if warning:
                report.problem(WARN, warning)
        for receiver in self._receivers:
            receiver.take_problem(self._report.no_output or self._rig_warning)
        return report

    def _change(self, values: Mapping[str, Any]) -> None:
        settings = BinnerSettings.from_parameters(values)
        self._binner.set_max_wait(settings.max_wait_ns)
        self._binner.set_noise(settings.noise)


def _make_binner(settings: BinnerSettings, rig: RigSource) -> Binner:
    return Binner(
        cameras=settings.cameras,
        window_ns=settings.window_ns,
        hop_ns=settings.hop_ns,
        max_wait_ns=settings.max_wait_ns,
        width=settings.camera.width,
        height=settings.camera.height,
        sync=settings.sync,
        noise=settings.noise,
        make_table=rig.table,
        gives_empty=settings.empty_windows,
    )
