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

"""The binner node: event packets in, spike frames out."""

import time
from functools import partial
from typing import Any

from rclpy.node import Node
from std_msgs.msg import Header

from spike_depth_ros.events.noise import NoiseSettings
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA, MONO_CHANNELS, STEREO_CHANNELS
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.ros import graph
from spike_depth_ros.ros.binner_report import BinnerReport
from spike_depth_ros.ros.conversions import to_time
from spike_depth_ros.ros.diagnostics import ERROR, WARN, Diagnostics, Report, steady_clock
from spike_depth_ros.ros.event_topic import EventTopic
from spike_depth_ros.ros.parameter_tables import BINNER, Table
from spike_depth_ros.ros.parameters import declare, on_change
from spike_depth_ros.ros.rig_publisher import RigPublisher
from spike_depth_ros.ros.rig_source import RigSource
from spike_depth_ros.ros.spike_link import SpikePublisher, SpikeReceiver, SpikeWindow
from spike_depth_ros.units import MS_NS

TOPICS = ('left/events', 'right/events')
# Fine enough for max_wait_ms, coarse enough to cost nothing.
POLL_PERIOD_S = 0.02
WARNING_PERIOD_S = 5.0


class BinnerNode(Node):
    """Count the packets of one or two event cameras into spike frames.

    Subscribes left/events and, in stereo, right/events (and left/camera_info and
    right/camera_info where the calibration comes from there); publishes spikes, spikes/info and,
    where frames are rectified, their frame on /tf_static. receivers: in this process; they get
    rig and frames first, and as they are. beside: parameters of the other nodes in this process.
    """

    def __init__(self, *receivers: SpikeReceiver, beside: Table = ()) -> None:
        super().__init__('binner', automatically_declare_parameters_from_overrides=True)
        self.exit_code: int | None = None
        self._settings = declare(self, BINNER, beside)
        self._channels = STEREO_CHANNELS if self._settings['stereo'] else MONO_CHANNELS
        self._names = TOPICS[: self._channels // CHANNELS_PER_CAMERA]
        graph.check_distinct(self, self._names)
        self._rig = RigSource(self, self._settings, self._remap)
        self._binner = self._make_binner()
        self._report = BinnerReport(self._binner, time.monotonic_ns())
        self._frame_ids: list[str | None] = [None] * len(self._names)
        self._topic = SpikePublisher(self)
        self._receivers = (*receivers, self._topic)
        self._doubt = ''
        self._rig_out = RigPublisher(self, self._settings, self._rig, self._receivers)
        cameras = ', '.join(self.resolve_topic_name(topic) for topic in self._names)
        Diagnostics(self, 'spike frames', cameras, self._make_report)
        on_change(self, BINNER, self._change)
        for doubt in self._rig.doubts:
            self.get_logger().warning(doubt)
        # Compiled before the first packet can arrive: later they would queue up meanwhile.
        self._binner.warm_up()
        self._topics = [self._event_topic(camera) for camera in range(len(self._names))]
        self.create_timer(POLL_PERIOD_S, self._poll, clock=steady_clock())

    def _make_binner(self) -> Binner:
        p = self._settings
        return Binner(
            cameras=len(self._names),
            window_ns=round(p['window_ms'] * MS_NS),
            hop_ns=round(p['hop_ms'] * MS_NS),
            max_wait_ns=round(p['max_wait_ms'] * MS_NS),
            width=p['width'],
            height=p['height'],
            sync=p['sync'],
            noise=_noise(p),
            make_table=self._rig.table,
        )

    def _event_topic(self, camera: int) -> EventTopic:
        return EventTopic(
            self,
            TOPICS[camera],
            self._settings['event_queue'],
            partial(self._on_packet, camera),
            partial(self._on_malformed, camera),
        )

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
        self._publish(self._binner.poll(time.monotonic_ns()))

    def _publish(self, frames: list[SpikeFrame]) -> None:
        known = (frame_id for frame_id in self._frame_ids if frame_id is not None)
        self._rig_out.publish(self._binner.mapped, self._binner.sync, next(known, ''))
        for frame in frames:
            header = Header(stamp=to_time(frame.stamp_ns), frame_id=self._rig_out.frame_id)
            for receiver in self._receivers:
                receiver.take_problem(self._doubt)
                receiver.take_window(SpikeWindow(header, frame.counts))
        for problem in self._binner.problems:
            self._report.problem(problem)
            self.get_logger().warning(problem, throttle_duration_sec=WARNING_PERIOD_S)
        self._binner.problems.clear()

    def _remap(self) -> None:
        self._binner.remap()

    def _make_report(self) -> Report:
        blocked = [self._rig.problem, *(topic.problem for topic in self._topics)]
        blocked = [problem for problem in blocked if problem]
        report = self._report.make(time.monotonic_ns(), ' and '.join(blocked))
        rig_doubts = self._rig.doubts
        self._doubt = ' and '.join(rig_doubts)
        report.values['subscribers'] = self._topic.subscribers
        for problem in blocked:
            report.problem(ERROR, problem)
        silent = self._report.silent(time.monotonic_ns())
        rivals = (topic.doubt(silent[camera]) for camera, topic in enumerate(self._topics))
        for doubt in (*rig_doubts, *rivals, self._topic.conflict, self._rig_out.problem):
            if doubt:
                report.problem(WARN, doubt)
        for receiver in self._receivers:
            receiver.take_problem(self._report.no_output or self._doubt)
        return report

    def _change(self, name: str, value: float) -> None:
        self._settings[name] = value
        self._binner.set_max_wait(round(self._settings['max_wait_ms'] * MS_NS))
        self._binner.set_noise(_noise(self._settings))


def _noise(settings: dict[str, Any]) -> NoiseSettings:
    return NoiseSettings(
        hot_pixel_hz=settings['hot_pixel_hz'],
        refractory_ns=round(settings['refractory_ms'] * MS_NS),
        support_ns=round(settings['background_ms'] * MS_NS),
    )
