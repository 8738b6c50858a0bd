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

"""Camera node: publishes the events of iniVation cameras."""

import time
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from event_camera_msgs.msg import EventPacket
from rclpy.node import Node
from std_msgs.msg import Header

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.geometry.files.load import load
from spike_depth_ros.ros import graph
from spike_depth_ros.ros.camera.feed import RETRY_S, CameraFeed
from spike_depth_ros.ros.camera.settings import CameraSettings, tuning
from spike_depth_ros.ros.camera.sources import CameraError, Source, open_sources
from spike_depth_ros.ros.conversions import to_time
from spike_depth_ros.ros.diagnostics import WARN, WARNING_PERIOD_S, Diagnostics, Report
from spike_depth_ros.ros.event_topic import TOPICS, event_publishers
from spike_depth_ros.ros.imu_publisher import ImuPublisher
from spike_depth_ros.ros.parameter_tables import EVENT_CAMERAS
from spike_depth_ros.ros.parameters import declare, on_change
from spike_depth_ros.ros.replay_messages import CameraInfoPublisher
from spike_depth_ros.units import SECOND_NS


class CameraNode(Node):
    """Publish left/events, right/events, imu and, with a calibration, their camera_info.

    Header stamps are ROS time of a packet's first event; the words of the packet have the camera's
    own time. Cameras that are unplugged, or servers that end, are looked for each second.
    """

    def __init__(self) -> None:
        """Open the cameras; raises CameraError, one sentence, if they are not there in time."""
        super().__init__('camera', automatically_declare_parameters_from_overrides=True)
        self.exit_code: int | None = None
        self._settings = settings = CameraSettings.from_parameters(declare(self, EVENT_CAMERAS))
        topics = TOPICS[: len(settings.sources)]
        graph.check_distinct(self, topics)
        self._frame_ids = settings.frames
        self._event_publishers = event_publishers(self, len(topics))
        self._sizes: tuple[tuple[int, int], ...] = ()
        imu_rotation = None
        if settings.calibration:
            cameras: Literal[1, 2] = 2 if len(topics) == 2 else 1
            rig = load(settings.calibration, settings.right_calibration, cameras)
            self._sizes = tuple((camera.width, camera.height) for camera in rig.cameras)
            self._camera_infos = CameraInfoPublisher(self, rig, settings.frames)
            imu_rotation = rig.imu_rotation
        imu = ImuPublisher(self, settings.frames[0], settings.frames[0], imu_rotation)
        self._before: Counter[int] = Counter()
        self._since_ns = time.monotonic_ns()
        self._feed = CameraFeed(
            _wait_for(settings),
            lambda: open_sources(self._settings),
            settings.packet_ns,
            lambda: int(self.get_clock().now().nanoseconds),
            self._send,
            imu.publish,
        )
        hardware_id = ', '.join(camera.name for camera in self._feed.cameras)
        self.get_logger().info(f'cameras: {hardware_id}')
        Diagnostics(self, 'cameras', hardware_id, self._make_report)
        on_change(self, EVENT_CAMERAS, self._change)

    def destroy_node(self) -> None:
        """End the feed, then destroy the node."""
        self._feed.stop()
        super().destroy_node()

    def _send(self, camera: int, packet: Packet, stamp_ns: int) -> None:
        self._event_publishers[camera].publish(
            EventPacket(
                header=Header(stamp=to_time(stamp_ns), frame_id=self._frame_ids[camera]),
                height=packet.height,
                width=packet.width,
                seq=packet.seq,
                time_base=packet.time_base_ns,
                encoding=packet.encoding,
                is_bigendian=packet.big_endian,
                events=array('B', packet.data.tobytes()),
            )
        )

    def _change(self, values: Mapping[str, Any]) -> None:
        self._settings = replace(self._settings, tuning=tuning(values))
        self._feed.tune(self._settings.tuning)

    def _make_report(self) -> Report:
        now_ns = time.monotonic_ns()
        elapsed_s = (now_ns - self._since_ns) / SECOND_NS
        counters = self._feed.counters
        report = Report()
        for number, (camera, publisher) in enumerate(
            zip(self._feed.cameras, self._event_publishers, strict=True)
        ):
            side = TOPICS[number].partition('/')[0]
            rate = (counters.events[number] - self._before[number]) / elapsed_s
            report.values[f'{side} camera'] = camera.name
            report.values[f'{side} size'] = f'{camera.width} x {camera.height}'
            report.values[f'{side} events per second'] = rate
            report.values[f'{side} packets'] = counters.packets[number]
            report.values[f'{side} subscribers'] = publisher.get_subscription_count()
        report.values['imu samples'] = counters.imu_samples
        report.values['reconnections'] = counters.reconnections
        report.values |= dict(counters.losses)
        self._before, self._since_ns = counters.events.copy(), now_ns
        for problem in self._problems():
            report.problem(WARN, problem)
            self.get_logger().warning(problem, throttle_duration_sec=WARNING_PERIOD_S)
        return report

    def _problems(self) -> list[str]:
        found = [self._feed.problem, *self._feed.warnings]
        for camera, size in zip(self._feed.cameras, self._sizes, strict=False):
            if (camera.width, camera.height) != size:
                found.append(
                    f'{camera.name} has {camera.width} x {camera.height} pixels, but its '
                    f'calibration is of {size[0]} x {size[1]}: give that of this camera'
                )
        return [problem for problem in found if problem]


def _wait_for(settings: CameraSettings) -> Sequence[Source]:
    """Open the cameras, and try again until the wait is over; raises CameraError then."""
    deadline_ns = time.monotonic_ns() + settings.wait_ns
    while True:
        try:
            return open_sources(settings)
        except CameraError:
            if time.monotonic_ns() >= deadline_ns:
                raise
        time.sleep(min(RETRY_S, max(0.0, (deadline_ns - time.monotonic_ns()) / SECOND_NS)))
