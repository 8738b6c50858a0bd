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
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from nav_msgs.msg import Odometry as OdometryMessage
from rclpy.node import Node
from sensor_msgs.msg import Imu
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.geometry.pose import Pose, from_quaternion
from spike_depth_ros.motion.gyroscope import MAX_RATE, Gyroscope
from spike_depth_ros.motion.odometry import Odometry
from spike_depth_ros.motion.samples import SampleCounters
from spike_depth_ros.motion.stamp_check import StampCheck
from spike_depth_ros.ros import graph, qos
from spike_depth_ros.ros.conversions import to_ns
from spike_depth_ros.ros.diagnostics import WARN, Report
from spike_depth_ros.ros.static_frames import StaticFrames
from spike_depth_ros.units import MS_NS, NOT_MEASURED, SECOND_NS

# A topic without a message for this time is silent.
SILENT_NS = SECOND_NS
# Largest mean rate of a second, rad/s: in degrees per second, that of a rig that turns slowly.
MAX_MEAN_RATE = 17.0
# Largest share of messages that come late without a fault.
MAX_LATE = 0.1


class MotionTopic(ABC):
    """Topic of samples that tell the motion of the rig between two times.

    Attributes:
        name: name of the topic.
        history: samples.
        reason: why the latest call of `between` that gave no motion gave none, '' before any.
    """

    name: str
    history: Gyroscope | Odometry
    parameter: str  # that gives the camera's pose

    def __init__(self, node: Node, frames: StaticFrames, mounted: Pose | None) -> None:
        """Begin without samples.

        Args:
            node: the depth node.
            frames: static frames.
            mounted: pose of the left raw camera in the frame of the messages, None: unknown.
        """
        self._node, self._frames, self._mounted = node, frames, mounted
        self._frame_id = ''
        self._received_ns: int | None = None
        self._compared_ns: int | None = None  # arrival of the message that the last window met
        self._age_ns: int | None = None  # of the newest message on its arrival, by ROS time
        self._stamps = StampCheck(self.history.max_gap_ns)
        self._before = SampleCounters()
        self.reason = ''

    @property
    def has_come(self) -> bool:
        """Return whether a message has come since the start."""
        return self._received_ns is not None

    def window_in(self, stamp_ns: int) -> None:
        """Compare the stamp of a window that has just come with that of the newest message."""
        newest_ns = self.history.newest_ns
        if newest_ns is not None and self._compared_ns != self._received_ns:
            self._compared_ns = self._received_ns
            self._stamps.add(newest_ns - stamp_ns, self._age_ns, self._age_of(stamp_ns))

    def between(self, start_ns: int, end_ns: int, stream: SpikeStream, frame: str) -> Pose | None:
        """Return the pose of the camera at the end in its frame at the start; None: see `reason`.

        Args:
            start_ns, end_ns: ends of two windows, nanoseconds of ROS time.
            stream: description of the spike frames.
            frame: their optical frame.
        """
        if not self.has_come:
            self.reason = f'no {self.name}'
            return None
        if problem := self._implausible():
            self.reason = problem
            return None
        camera = self._camera(stream, frame)
        if camera is None:
            self.reason = (
                f'the pose of the camera in the frame {self._frame_id!r} of {self.name} is '
                f'unknown: set {self.parameter}, or publish a static transform'
            )
            return None
        motion = self._moved(start_ns, end_ns)
        if motion is None and (silence := self._silence(time.monotonic_ns())):
            self.reason = silence
            return None
        if fault := self._stamps.fault(motion is not None):
            self.reason = f'{self.name} {fault}'
            return None
        if motion is None:
            self.reason = self._uncovered(end_ns)
            return None
        return camera.inverse() @ motion @ camera

    def add_to(self, report: Report, now_ns: int, is_failing: bool) -> None:
        """Add counters, and one sentence about what is wrong first.

        Args:
            report: gets both.
            now_ns: monotonic time, nanoseconds.
            is_failing: whether many windows were not moved.
        """
        now, before = replace(self.history.counters), self._before
        self._before = now
        if self.has_come:
            report.values[f'{self.name} messages'] = now.taken
            report.values[f'{self.name} messages late'] = now.late
            report.values[f'{self.name} messages invalid'] = now.invalid
            report.values[f'{self.name} jumps'] = now.jumps
            report.values[f'{self.name} lead (ms)'] = self._stamps.lead_ns / MS_NS
        silence = self._silence(now_ns)
        problems = (
            graph.conflict(self._node, self.name),
            silence and f'{silence}, so what the model remembers is not moved with the rig by it',
            *self._wrong(now, before),
            self._unmoved(is_failing),
        )
        if problem := next(filter(None, problems), ''):
            report.problem(WARN, problem)

    def _wrong(self, now: SampleCounters, before: SampleCounters) -> Iterator[str]:
        """Yield a sentence for each kind of wrong messages since the last report."""
        if new := now.invalid - before.invalid:
            yield f'{new} {self.name} messages invalid: {self._invalid()}'
        if (new := now.late - before.late) > MAX_LATE * (now.taken - before.taken):
            yield f'{new} {self.name} messages late: their stamps stand still, or are mixed'
        if new := now.jumps - before.jumps:
            yield f'{self.name} jumped {new} times: {self.history.jump}'

    def _unmoved(self, is_failing: bool) -> str:
        """Return a sentence if windows are not moved, else ''."""
        reason = self._implausible() or (self.reason if is_failing and self.has_come else '')
        return f'the memory is not moved with the rig: {reason}' if reason else ''

    def _silence(self, now_ns: int) -> str:
        """Return a sentence if no message has come for SILENT_NS, else ''; now_ns: monotonic."""
        silent_ns = 0 if self._received_ns is None else now_ns - self._received_ns
        return f'no {self.name} for {silent_ns / SECOND_NS:.1f} s' if silent_ns > SILENT_NS else ''

    def _implausible(self) -> str:
        """Return a sentence if no rig moves as the messages tell, else ''."""
        return ''

    def _age_of(self, stamp_ns: int) -> int | None:
        """Return ROS time less a stamp, nanoseconds; None: ROS time is simulated, and steps."""
        is_simulated = self._node.get_parameter('use_sim_time').value
        return None if is_simulated else self._node.get_clock().now().nanoseconds - stamp_ns

    def _take(self, header: Header, frame_id: str) -> bool:
        """Note a message; samples in another frame than before do not go on from those.

        header, frame_id: header, and frame of the measurement. Returns whether it has a stamp.
        """
        if self.has_come and frame_id != self._frame_id:
            self.history.restart()
        self._received_ns, self._frame_id = time.monotonic_ns(), frame_id
        self._age_ns = self._age_of(to_ns(header.stamp))
        has_stamp = to_ns(header.stamp) > 0
        self.history.counters.invalid += not has_stamp
        return has_stamp

    def _camera(self, stream: SpikeStream, frame: str) -> Pose | None:
        """Return the pose of the rectified camera in the frame of the messages."""
        if self._mounted is not None:
            return self._mounted @ Pose.turned(stream.rectification.T)
        return self._frames.pose(frame, self._frame_id)

    def _uncovered(self, end_ns: int) -> str:
        newest_ns = self.history.newest_ns
        if newest_ns is None:
            return f'no valid {self.name}'
        period_ns, max_gap_ns = self.history.period_ns, self.history.max_gap_ns
        if period_ns > max_gap_ns:
            return (
                f'{self.name} comes every {period_ns / SECOND_NS:.3f} s by its stamps, but must '
                f'come every {max_gap_ns / SECOND_NS:g} s or more often'
            )
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
        self.history = self._gyroscope = Gyroscope()
        super().__init__(node, frames, mounted)
        node.create_subscription(
            Imu, self.name, self._on_imu, qos.sensor_data(), qos_overriding_options=qos.OVERRIDABLE
        )

    def _on_imu(self, message: Imu) -> None:
        if not self._take(message.header, message.header.frame_id):
            return
        if message.angular_velocity_covariance[0] == NOT_MEASURED:
            self.history.counters.invalid += 1
            return
        rate = message.angular_velocity
        self._gyroscope.add(to_ns(message.header.stamp), rate.x, rate.y, rate.z)

    def _implausible(self) -> str:
        mean = self._gyroscope.mean_rate
        if mean <= MAX_MEAN_RATE:
            return ''
        return (
            f'{self.name} turns at {mean:.0f} rad/s in the mean of a second: have its driver give '
            'rad/s, not degrees'
        )

    def _camera(self, stream: SpikeStream, frame: str) -> Pose | None:
        if self._mounted is None and stream.imu_rotation is not None:
            return Pose.turned(stream.imu_rotation.T)
        camera = super()._camera(stream, frame)
        return None if camera is None else Pose.turned(camera.rotation)

    def _moved(self, start_ns: int, end_ns: int) -> Pose | None:
        rotation = self._gyroscope.rotation(start_ns, end_ns)
        return None if rotation is None else Pose.turned(rotation)

    def _invalid(self) -> str:
        return f'not finite, over {MAX_RATE:g} rad/s, without angular velocity, or stamped 0'


class OdometryTopic(MotionTopic):
    """Topic `odometry`: rotation and translation."""

    name, parameter = 'odometry', 'camera_in_base'

    def __init__(self, node: Node, frames: StaticFrames, mounted: Pose | None) -> None:
        """Subscribe; see MotionTopic."""
        self.history = self._odometry = Odometry()
        super().__init__(node, frames, mounted)
        node.create_subscription(
            OdometryMessage,
            self.name,
            self._on_odometry,
            qos.sensor_data(),
            qos_overriding_options=qos.OVERRIDABLE,
        )

    def _on_odometry(self, message: OdometryMessage) -> None:
        if not self._take(message.header, message.child_frame_id):
            return
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
        return 'a pose that is not finite, no rotation, or a stamp of 0'
