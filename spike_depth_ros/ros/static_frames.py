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

"""Static transforms between frames, from /tf_static (REP 105)."""

from collections.abc import Iterator

import numpy as np
from rclpy.node import Node
from tf2_msgs.msg import TFMessage

from spike_depth_ros.geometry.pose import Pose, from_quaternion
from spike_depth_ros.ros import qos

# A longer chain of frames is a loop.
MAX_CHAIN = 100


class StaticFrames:
    """Tree of the frames on /tf_static.

    tf2 is not needed for transforms that never change, and PyPI has none.
    """

    def __init__(self, node: Node) -> None:
        """Subscribe to /tf_static."""
        self._parents: dict[str, tuple[str, Pose]] = {}
        node.create_subscription(TFMessage, '/tf_static', self.take, qos.all_latched())

    def take(self, message: TFMessage) -> None:
        """Take transforms; those without a rotation are left out."""
        for transform in message.transforms:
            move, turn = transform.transform.translation, transform.transform.rotation
            try:
                rotation = from_quaternion(turn.x, turn.y, turn.z, turn.w)
            except ValueError:
                continue
            pose = Pose(rotation, np.array([move.x, move.y, move.z]))
            child, parent = (
                name.lstrip('/') for name in (transform.child_frame_id, transform.header.frame_id)
            )
            self._parents[child] = parent, pose

    def pose(self, frame: str, in_frame: str) -> Pose | None:
        """Return the pose of a frame in another one, None if no chain connects them."""
        above = dict(self._chain(in_frame.lstrip('/')))
        for name, pose in self._chain(frame.lstrip('/')):
            if name in above:
                return above[name].inverse() @ pose
        return None

    def _chain(self, frame: str) -> Iterator[tuple[str, Pose]]:
        """Yield a frame and those above it, each with the pose of the frame in it."""
        pose = Pose.turned(np.eye(3))
        for _ in range(MAX_CHAIN):
            yield frame, pose
            if frame not in self._parents:
                return
            frame, in_parent = self._parents[frame]
            pose = in_parent @ pose
