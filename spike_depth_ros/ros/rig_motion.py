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

"""Motion of what a model remembers with the rig, by the topics `odometry` and `imu`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rclpy.node import Node

from spike_depth_ros.frames.spike_frame import STEREO_CHANNELS
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.geometry.pose import Pose
from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.motion.memory_motion import MemoryMotion
from spike_depth_ros.ros.depth_settings import DepthSettings
from spike_depth_ros.ros.diagnostics import Report, without_numbers
from spike_depth_ros.ros.motion_topics import ImuTopic, OdometryTopic
from spike_depth_ros.ros.mounting import MOUNTING, ORIENTATION, to_pose
from spike_depth_ros.ros.static_frames import StaticFrames

if TYPE_CHECKING:
    from spike_depth_ros.motion.warp import Volume

# A topic that comes but tells nothing for so many windows that follow each other is a problem.
MANY_WINDOWS = 10
# So is one that tells nothing for so many windows, and such a share of them, between two reports.
SOME_WINDOWS, SHARE = 5, 0.25


def rig_motion(node: Node, contract: ModelContract, settings: DepthSettings) -> 'RigMotion | None':
    """Return the motion of a model's memory, None for a model without, or if it is to stay.

    Args:
        node: the depth node.
        contract: contract of the model; one camera gives no volume over disparity to move.
        settings: settings of the node.

    Raises ParameterError for a mounting that is none, also where nothing moves.
    """
    base = to_pose('camera_in_base', settings.camera_in_base, MOUNTING)
    imu = to_pose('camera_in_imu', settings.camera_in_imu, ORIENTATION)
    has_volume = bool(contract.states) and contract.channels == STEREO_CHANNELS
    if not has_volume or settings.motion == 'none':
        return None
    return RigMotion(node, base, imu, node.get_logger().info)


class RigMotion:
    """Motion of what a model remembers: by the odometry, else by the gyroscope, else none.

    Attributes:
        frame_id: optical frame of the spike frames.
    """

    def __init__(
        self, node: Node, base: Pose | None, imu: Pose | None, say: Callable[[str], None]
    ) -> None:
        """Subscribe to the topics, and to /tf_static.

        Args:
            node: the depth node.
            base, imu: poses of the left camera in the frames of odometry and of the IMU, as the
                parameters give them; None: from elsewhere.
            say: takes a sentence for the log.
        """
        from spike_depth_ros.motion.warp import warm_up  # loads numba: only where it is needed

        warm_up()
        frames = StaticFrames(node)
        self._topics = OdometryTopic(node, frames, base), ImuTopic(node, frames, imu)
        self.frame_id = ''
        self._memory = MemoryMotion()
        self._say = say
        self._source = 'none'
        self._told: set[str] = set()  # sentences in the log, without their numbers
        self._moved = self._unmoved = self._unmoved_in_row = 0
        self._before = 0, 0  # moved and unmoved windows at the last report

    def forget(self) -> None:
        """Drop the motion that waits, when the memory is reset."""
        self._memory.forget()

    def window_in(self, stamp_ns: int) -> None:
        """Compare the stamp of a window that has just come, nanoseconds, with the topics'."""
        for topic in self._topics:
            topic.window_in(stamp_ns)

    def move(
        self,
        states: Mapping[str, 'Volume'],
        span_ns: tuple[int, int],
        stream: SpikeStream,
    ) -> None:
        """Move states, in place, to where the rig looks at the end of a window.

        Args:
            states: see MemoryMotion.move.
            span_ns: ends of the window before and of this one, nanoseconds of ROS time.
            stream: description of the spike frames.
        """
        pose = self._between(span_ns, stream)
        if pose is None:
            self._unmoved += 1
            self._unmoved_in_row += 1
            return
        self._moved += 1
        self._unmoved_in_row = 0
        self._memory.move(states, pose, stream.camera, stream.baseline_m)

    def add_to(self, report: Report, now_ns: int) -> None:
        """Add counters and problems to a report; now_ns: monotonic time."""
        report.values['motion by'] = self._source
        report.values['windows moved'] = self._moved
        report.values['windows not moved'] = self._unmoved
        is_failing = self._is_failing()
        for topic in self._topics:
            topic.add_to(report, now_ns, is_failing)

    def _is_failing(self) -> bool:
        """Return whether many windows were not moved; starts the next period."""
        now, before = (self._moved, self._unmoved), self._before
        self._before = now
        moved, unmoved = now[0] - before[0], now[1] - before[1]
        many = max(SOME_WINDOWS, SHARE * (moved + unmoved))
        return unmoved >= many or self._unmoved_in_row >= MANY_WINDOWS

    def _between(self, span_ns: tuple[int, int], stream: SpikeStream) -> Pose | None:
        for topic in self._topics:
            pose = topic.between(*span_ns, stream, self.frame_id)
            if pose is not None:
                self._tell(topic.name)
                return pose
        self._tell('none')
        return None

    def _tell(self, source: str) -> None:
        """Log a change of the source, the first time: /diagnostics has what goes on and off."""
        if source == self._source:
            return
        self._source = source
        reasons = ' and '.join(topic.reason for topic in self._topics)
        sentence = f'memory moves by {source}' if source != 'none' else f'memory stays: {reasons}'
        if (kind := without_numbers(sentence)) not in self._told:
            self._told.add(kind)
            self._say(sentence)
