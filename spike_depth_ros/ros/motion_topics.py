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

"""Topics that tell the motion of the rig: an IMU, and an odometry."""

import time
from abc import ABC, abstractmethod
from dataclasses import replace

import numpy as np
from nav_msgs.msg import Odometry as OdometryMessage
from rclpy.node import Node
from sensor_msgs.msg import Imu

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.geometry.pose import Pose, from_quaternion
from spike_depth_ros.motion.gyroscope import MAX_RATE, Gyroscope
from spike_depth_ros.motion.odometry import Odometry
from spike_depth_ros.motion.samples import SampleCounters
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_ns
from spike_depth_ros.ros.diagnostics import WARN, Report
from spike_depth_ros.ros.static_frames import StaticFrames
from spike_depth_ros.units import NOT_MEASURED, SECOND_NS

# A topic without a message for this time is silent.
SILENT_NS = SECOND_NS


class MotionTopic(ABC):
    """Topic of samples that tell the motion of the rig between two times.

    Attributes:
        name: name of the topic.
        history: samples.
        reason: why the last call of `between` gave no motion, '' if it did.
    """

    name: str
    history: Gyroscope | Odometry
    parameter: str  # that gives the camera's pose

    def __init__(self, frames: StaticFrames, mounted: Pose | None) -> None:
        """Begin without samples.

        Args:
            frames: static frames.
            mounted: pose of the left raw camera in the frame of the messages, None: unknown.
        """
        self._frames, self._mounted = frames, mounted
        self._frame_id = ''
        self._received_ns: int | None = None
        self._before = SampleCounters()
        self.reason = ''

    @property
    def has_come(self) -> bool:
        """Return whether a message has come since the start."""
        return self._received_ns is not None

    def between(self, start_ns: int, end_ns: int, stream: SpikeStream, frame: str) -> Pose | None:
        """Return the pose of the camera at the end in its frame at the start; None: see `reason`.

        Args:
            start_ns, end_ns: ends of two windows, nanoseconds of ROS time.
            stream: description of the spike frames.
            frame: their optical frame.
        """
        self.reason = ''
        if not self.has_come:
            self.reason = f'no {self.name}'
            return None
        camera = self._camera(stream, frame)
        if camera is None:
            self.reason = (
                f'the pose of the camera in the frame {self._frame_id!r} of {self.name} is '
                f'unknown: set {self.parameter}, or publish a static transform'
            )
            return None
        motion = self._moved(start_ns, end_ns)
        if motion is None:
            self.reason = self._uncovered(end_ns)
            return None
        return camera.inverse() @ motion @ camera

    def add_to(self, report: Report, now_ns: int) -> None:
        """Add counters and problems to a report; now_ns: monotonic time."""
        now, before = replace(self.history.counters), self._before
        self._before = now
        if self._received_ns is None:
            return
        report.values[f'{self.name} messages'] = now.taken
        report.values[f'{self.name} messages late'] = now.late
        report.values[f'{self.name} messages invalid'] = now.invalid
        report.values[f'{self.name} time resets'] = now.jumps
        silent_ns = now_ns - self._received_ns
        if silent_ns > SILENT_NS:
            report.problem(
                WARN,
                f'no {self.name} for {silent_ns / SECOND_NS:.1f} s, so what the model remembers '
                'is not moved with the rig by it',
            )
        if new := now.invalid - before.invalid:
            report.problem(WARN, f'{new} {self.name} messages invalid: {self._invalid()}')
        if new := now.jumps - before.jumps:
            report.problem(WARN, f'{self.name} jumped {new} times')

    def _take(self, frame_id: str) -> None:
        """Note a message; samples in another frame than before do not go on from those."""
        if self.has_come and frame_id != self._frame_id:
            self.history.restart()
        self._received_ns, self._frame_id = time.monotonic_ns(), frame_id

    def _camera(self, stream: SpikeStream, frame: str) -> Pose | None:
        """Return the pose of the rectified camera in the frame of the messages."""
        if self._mounted is not None:
            return self._mounted @ Pose.turned(stream.rectification.T)
        return self._frames.pose(frame, self._frame_id)

    def _uncovered(self, end_ns: int) -> str:
        newest_ns = self.history.newest_ns
        if newest_ns is None:
            return f'no valid {self.name}'
        return (
            f'{self.name} has gaps, or other stamps than the windows: its newest is '
            f'{(newest_ns - end_ns) / SECOND_NS:+.3f} s from the end of the window'
        )

    @abstractmethod
    def _moved(self, start_ns: int, end_ns: int) -> Pose | None:
        """Return the pose of the messages' frame at the end in that at the start."""

    @abstractmethod
    def _invalid(self) -> str:
        """Return what invalid messages are, in words."""


class ImuTopic(MotionTopic):
    """Topic `imu`: rotation by a gyroscope."""

    name, parameter = 'imu', 'camera_in_imu'

    def __init__(self, node: Node, frames: StaticFrames, mounted: Pose | None) -> None:
        """Subscribe; see MotionTopic."""
        super().__init__(frames, mounted)
        self.history = self._gyroscope = Gyroscope()
        node.create_subscription(
            Imu, self.name, self._on_imu, qos.sensor_data(), qos_overriding_options=qos.OVERRIDABLE
        )

    def _on_imu(self, message: Imu) -> None:
        self._take(message.header.frame_id)
        if message.angular_velocity_covariance[0] == NOT_MEASURED:
            self.history.counters.invalid += 1
            return
        rate = message.angular_velocity
        self._gyroscope.add(to_ns(message.header.stamp), rate.x, rate.y, rate.z)

    def _camera(self, stream: SpikeStream, frame: str) -> Pose | None:
        if self._mounted is None and stream.imu_rotation is not None:
            return Pose.turned(stream.imu_rotation.T)
        camera = super()._camera(stream, frame)
        return None if camera is None else Pose.turned(camera.rotation)

    def _moved(self, start_ns: int, end_ns: int) -> Pose | None:
        rotation = self._gyroscope.rotation(start_ns, end_ns)
        return None if rotation is None else Pose.turned(rotation)

    def _invalid(self) -> str:
        return f'not finite, over {MAX_RATE:g} rad/s, or without angular velocity'


class OdometryTopic(MotionTopic):
    """Topic `odometry`: rotation and translation."""

    name, parameter = 'odometry', 'camera_in_base'

    def __init__(self, node: Node, frames: StaticFrames, mounted: Pose | None) -> None:
        """Subscribe; see MotionTopic."""
        super().__init__(frames, mounted)
        self.history = self._odometry = Odometry()
        node.create_subscription(
            OdometryMessage,
            self.name,
            self._on_odometry,
            qos.sensor_data(),
            qos_overriding_options=qos.OVERRIDABLE,
        )

    def _on_odometry(self, message: OdometryMessage) -> None:
        self._take(message.child_frame_id)
        place, turn = message.pose.pose.position, message.pose.pose.orientation
        try:
            rotation = from_quaternion(turn.x, turn.y, turn.z, turn.w)
        except ValueError:
            self.history.counters.invalid += 1
            return
        pose = Pose(rotation, np.array([place.x, place.y, place.z]))
        self._odometry.add(to_ns(message.header.stamp), pose)

    def _moved(self, start_ns: int, end_ns: int) -> Pose | None:
        return self._odometry.motion(start_ns, end_ns)

    def _invalid(self) -> str:
        return 'a pose that is not finite, or no rotation'
