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

"""Replay node: publishes a recording as camera drivers would."""

import time
from threading import Event, Thread

from event_camera_msgs.msg import EventPacket
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage

from spike_depth_ros.events import encodings
from spike_depth_ros.recordings.cameras import find_cameras, in_words
from spike_depth_ros.recordings.first_packets import first_packets
from spike_depth_ros.recordings.player import Player
from spike_depth_ros.recordings.rosbag2 import Recording
from spike_depth_ros.recordings.truth import find_truth
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_time
from spike_depth_ros.ros.diagnostics import WARNING_PERIOD_S, steady_clock
from spike_depth_ros.ros.event_topic import TOPICS
from spike_depth_ros.ros.parameter_tables import REPLAY
from spike_depth_ros.ros.parameters import declare
from spike_depth_ros.ros.replay_settings import ReplaySettings
from spike_depth_ros.units import SECOND_NS

EVENT_QUEUE = 1000
CLOCK_PERIOD_S = 0.01
GRAPH_PERIOD_S = 0.05
# A subscriber is found before it is ready to receive, and the last best-effort messages are sent
# after publish() returns: the node waits this long at the start and at the end.
SETTLING_S = 0.5
DELIVERY = Duration(seconds=5)


class ReplayNode(Node):
    """Publish the event packets and the true depth of a rosbag2 recording, then end.

    Publishes left/events, right/events, the recorded topics of true depth and, with
    publish_clock, /clock.
    """

    def __init__(self) -> None:
        super().__init__('replay', automatically_declare_parameters_from_overrides=True)
        self.exit_code: int | None = None
        settings = ReplaySettings.from_parameters(declare(self, REPLAY))
        self._wait_ns = settings.wait_ns
        with Recording(settings.recording) as recording:
            self._start_log_ns = recording.start_ns
            cameras = find_cameras(recording.topics, settings.left, settings.right)
            first_packets(recording, cameras)  # raises an error for packets that no decoder reads
            truth = find_truth(recording)
        self.get_logger().info(in_words(cameras))
        self._events = self._make_event_publishers(cameras)
        self._truth = {
            topic: self.create_publisher(CompressedImage, topic, qos.truth()) for topic in truth
        }
        self._stopped = Event()
        self._player = Player(
            settings.recording,
            cameras,
            truth,
            settings.rate,
            restamp=not settings.publish_clock,
            wait=self._stopped.wait,
            send=self._send,
            warn=self._warn,
        )
        if settings.publish_clock:
            self._clock_publisher = self.create_publisher(Clock, '/clock', 1)
            self.create_timer(CLOCK_PERIOD_S, self._publish_clock, clock=steady_clock())
        encodings.warm_up()  # compiled now, as the player uses them at the end
        self._thread = Thread(target=self._play, name='player', daemon=True)
        self._thread.start()

    def destroy_node(self) -> None:
        """End the player, then destroy the node."""
        self._stopped.set()
        self._thread.join()
        super().destroy_node()

    def _make_event_publishers(self, cameras: tuple[str, ...]) -> dict[str, Publisher]:
        return {
            topic: self.create_publisher(
                EventPacket, name, qos.events(EVENT_QUEUE), qos_overriding_options=qos.OVERRIDABLE
            )
            for topic, name in zip(cameras, TOPICS, strict=False)
        }

    def _play(self) -> None:
        """Publish the recording, then set the exit code."""
        try:
            if self._wait_for_subscribers():
                self._player.play()
                self._wait_for_delivery()
            if self._player.damaged:
                self.get_logger().warning(f'left out {self._player.damaged} damaged messages')
            self.exit_code = 0
        except Exception as error:  # any error must end the node
            self.get_logger().error(' '.join(str(error).split()) or repr(error))
            self.exit_code = 1

    def _wait_for_subscribers(self) -> bool:
        """Wait for a subscriber of each camera; return False if the node is to stop.

        Raises ValueError, one sentence, if none comes in time.
        """
        if not self._wait_ns:
            return True
        deadline_ns = time.monotonic_ns() + self._wait_ns
        for publisher in self._events.values():
            while not publisher.get_subscription_count():
                if time.monotonic_ns() > deadline_ns:
                    raise ValueError(
                        f"nobody subscribed to '{publisher.topic_name}' within "
                        f'{self._wait_ns / SECOND_NS:g} s: start the binner, raise wait_s, or set '
                        'it to 0'
                    )
                if self._stopped.wait(GRAPH_PERIOD_S):
                    return False
        return not self._stopped.wait(SETTLING_S)

    def _send(self, topic: str, cdr: bytes) -> None:
        publisher = self._events.get(topic) or self._truth[topic]
        publisher.publish(cdr)

    def _warn(self, problem: str) -> None:
        self.get_logger().warning(problem, throttle_duration_sec=WARNING_PERIOD_S)

    def _publish_clock(self) -> None:
        """Publish the recording's time; before the replay its start, which sets clocks early."""
        log_time_ns = self._player.log_time_ns() or self._start_log_ns
        self._clock_publisher.publish(Clock(clock=to_time(log_time_ns)))

    def _wait_for_delivery(self) -> None:
        for publisher in (*self._events.values(), *self._truth.values()):
            publisher.wait_for_all_acked(DELIVERY)
        self._stopped.wait(SETTLING_S)
