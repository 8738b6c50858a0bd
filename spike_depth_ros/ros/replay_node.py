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

from rclpy.duration import Duration
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from std_srvs.srv import SetBool

from spike_depth_ros.events import encodings
from spike_depth_ros.frames.spike_frame import FRAME_IDS
from spike_depth_ros.recordings.calibrated import find_calibration
from spike_depth_ros.recordings.cameras import choose_cameras, choose_imu, in_words
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.player import Outputs, Part, Player
from spike_depth_ros.recordings.recording import (
    DepthFrame,
    DepthStream,
    EventRecording,
    ImuSample,
    ImuStream,
)
from spike_depth_ros.recordings.schedule import Schedule
from spike_depth_ros.ros.conversions import to_time
from spike_depth_ros.ros.diagnostics import WARNING_PERIOD_S, Diagnostics, steady_clock
from spike_depth_ros.ros.event_topic import event_publishers
from spike_depth_ros.ros.imu_publisher import ImuPublisher
from spike_depth_ros.ros.parameter_tables import REPLAY
from spike_depth_ros.ros.parameters import declare
from spike_depth_ros.ros.replay_messages import CameraInfoPublisher, DepthPublisher
from spike_depth_ros.ros.replay_report import ReplayReport
from spike_depth_ros.ros.replay_settings import ReplaySettings
from spike_depth_ros.units import SECOND_NS

CLOCK_PERIOD_S = 0.01
GRAPH_PERIOD_S = 0.05
# A subscriber is found before it is ready to receive, and the last best-effort messages are sent
# after publish() returns: the node waits this long at the start and at the end.
SETTLING_S = 0.5
# A binner maps all pixels of the sensors when camera_info comes, and takes no packets meanwhile.
CALIBRATION_S = 1.5
# Between two rounds of a loop: longer than the gap after which models with memory forget, as the
# start does not follow the end, and shorter than the silence that is reported.
LOOP_GAP_S = 0.5
DELIVERY = Duration(seconds=5)


class ReplayNode(Node):
    """Publish the events, the calibration and the true depth of a recording, then end.

    Publishes left/events, right/events, camera_info of each camera that is calibrated, imu where
    it was recorded, with publish_truth the true depth of the left camera and, with publish_clock,
    /clock. The service ~/pause takes true to pause and false to resume.
    """

    def __init__(self) -> None:
        super().__init__('replay', automatically_declare_parameters_from_overrides=True)
        self.exit_code: int | None = None
        self._settings = settings = ReplaySettings.from_parameters(declare(self, REPLAY))
        self._recording = recording = open_recording(settings.recording, settings.truth)
        self._cameras = choose_cameras(recording, settings.left, settings.right)
        self.get_logger().info(in_words(self._cameras))
        for note in recording.notes:
            self.get_logger().info(note)
        self._events = event_publishers(self, len(self._cameras))
        self._publish_calibration()
        self._depths = {
            stream: DepthPublisher(self, stream, self._cameras[0], self._is_calibrated)
            for stream in recording.depth_streams
            if stream.side == 'left' and settings.publish_truth
        }
        self._stopped = Event()
        self._schedule = Schedule(settings.rate)
        self._player = self._make_player(recording)
        self._report = ReplayReport(self._player, self._schedule, recording)
        self._diagnostics = Diagnostics(self, 'replay', str(recording.path), self._report)
        if settings.publish_clock:
            self._clock_publisher = self.create_publisher(Clock, '/clock', 1)
            self.create_timer(CLOCK_PERIOD_S, self._publish_clock, clock=steady_clock())
        self.create_service(SetBool, '~/pause', self._pause)
        encodings.warm_up()  # compiled now, as the player uses them at the end
        self._thread = Thread(target=self._play, name='player', daemon=True)
        self._thread.start()

    def destroy_node(self) -> None:
        """End the player, then destroy the node."""
        self._stopped.set()
        self._schedule.stop()
        self._thread.join()
        self._recording.close()
        super().destroy_node()

    def _make_player(self, recording: EventRecording) -> Player:
        settings = self._settings
        imu = choose_imu(recording, self._cameras[0])
        self._imu = self._make_imu(imu) if imu else None
        depths = tuple(self._depths)
        part = Part(self._cameras, depths, settings.start_ns, settings.duration_ns, imu)
        out = Outputs(self._send_events, self._send_depth, self._send_imu, self._warn)
        restamp = not settings.publish_clock
        return Player(recording, part, self._schedule, settings.rate, restamp, out)

    def _make_imu(self, stream: ImuStream) -> ImuPublisher:
        self.get_logger().info(f'imu: {stream.name}')
        camera_frame = self._cameras[0].frame_id or FRAME_IDS[0]
        frame = camera_frame if stream.has_camera_axes else stream.frame_id
        return ImuPublisher(self, frame, camera_frame, self._imu_rotation)

    def _publish_calibration(self) -> None:
        settings = self._settings
        found = find_calibration(
            self._recording, self._cameras, settings.calibration, settings.right_calibration
        )
        self._is_calibrated = found is not None
        self._imu_rotation = found.rig.imu_rotation if found else None
        if found is None:
            self.get_logger().info('no calibration was found, so no camera_info is published')
            return
        self.get_logger().info(f'camera_info is from {found.origin}')
        pairs = zip(self._cameras, FRAME_IDS, strict=False)
        frames = tuple(camera.frame_id or frame for camera, frame in pairs)
        self._camera_info = CameraInfoPublisher(self, found.rig, frames)

    def _play(self) -> None:
        """Publish the recording, again in a loop, then set the exit code."""
        try:
            if self._wait_for_subscribers():
                self._player.play()
                while self._settings.loop and not self._stopped.wait(LOOP_GAP_S):
                    self._player.play()
                self._diagnostics.publish()  # the final numbers
                self._wait_for_delivery()
            for problem in self._report.problems():
                self.get_logger().warning(problem)
            self.exit_code = 0
        except Exception as error:  # any error must end the node
            self.get_logger().error(' '.join(str(error).split()) or repr(error))
            self.exit_code = 1

    def _wait_for_subscribers(self) -> bool:
        """Wait for a subscriber of each camera; return False if the node is to stop.

        Raises ValueError, one sentence, if none comes in time.
        """
        wait_ns = self._settings.wait_ns
        if not wait_ns:
            return True
        deadline_ns = time.monotonic_ns() + wait_ns
        for publisher in self._events:
            while not publisher.get_subscription_count():
                if time.monotonic_ns() > deadline_ns:
                    raise ValueError(
                        f"nobody subscribed to '{publisher.topic_name}' within "
                        f'{wait_ns / SECOND_NS:g} s: start the binner, raise wait_s, or set '
                        'it to 0'
                    )
                if self._stopped.wait(GRAPH_PERIOD_S):
                    return False
        return not self._stopped.wait(CALIBRATION_S if self._is_calibrated else SETTLING_S)

    def _send_events(self, camera: int, cdr: bytes) -> None:
        self._events[camera].publish(cdr)

    def _send_depth(self, stream: DepthStream, frame: DepthFrame) -> None:
        self._depths[stream].publish(frame)

    def _send_imu(self, sample: ImuSample) -> None:
        if self._imu is not None:
            self._imu.publish(sample)

    def _warn(self, problem: str) -> None:
        self.get_logger().warning(problem, throttle_duration_sec=WARNING_PERIOD_S)

    def _publish_clock(self) -> None:
        """Publish the recording's time; before the replay its start, which sets clocks early."""
        log_time_ns = self._schedule.log_time_ns() or self._player.start_ns
        self._clock_publisher.publish(Clock(clock=to_time(log_time_ns)))

    def _pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if request.data:
            self._schedule.pause()
        else:
            self._schedule.resume()
        response.success = True
        response.message = 'paused' if request.data else 'playing'
        return response

    def _wait_for_delivery(self) -> None:
        depths = [p for depth in self._depths.values() for p in depth.publishers]
        for publisher in (*self._events, *depths):
            publisher.wait_for_all_acked(DELIVERY)
        self._stopped.wait(SETTLING_S)
