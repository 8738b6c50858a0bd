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

"""Publisher of the topic `imu`, and of the transform from the camera to the IMU."""

import numpy as np
import numpy.typing as npt
from geometry_msgs.msg import Vector3
from rclpy.node import Node
from sensor_msgs.msg import Imu
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from spike_depth_ros.recordings.recording import ImuSample
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_rotation, to_time
from spike_depth_ros.units import NOT_MEASURED

TOPIC = 'imu'
IMU_SUFFIX = '_imu'
# Covariance of the orientation, which the message does not have.
NO_ORIENTATION = np.array([NOT_MEASURED, *[0.0] * 8])


class ImuPublisher:
    """Publisher of sensor_msgs/Imu without orientation, and of /tf_static where it is calibrated.

    Attributes:
        frame_id: frame of the IMU: the recorded one, or one beside the camera's.
    """

    def __init__(
        self,
        node: Node,
        frame_id: str,
        camera_frame: str,
        rotation: npt.NDArray[np.float64] | None,
    ) -> None:
        """Create the publishers.

        Args:
            node: the node.
            frame_id: recorded frame of the IMU, '' without one.
            camera_frame: frame of the left camera.
            rotation: float64 [3, 3], rotation from the IMU's frame to the left camera's; None:
                unknown.
        """
        self.frame_id = frame_id
        self._publisher = node.create_publisher(
            Imu, TOPIC, qos.measurements(), qos_overriding_options=qos.OVERRIDABLE
        )
        if rotation is not None:
            if frame_id in ('', camera_frame):
                self.frame_id = camera_frame + IMU_SUFFIX
            self._transforms = node.create_publisher(TFMessage, '/tf_static', qos.latched())
            stamp = node.get_clock().now().to_msg()
            transform = to_rotation(rotation.T, camera_frame, self.frame_id, stamp)
            self._transforms.publish(TFMessage(transforms=[transform]))

    def publish(self, sample: ImuSample) -> None:
        """Publish a measurement; its time is the header stamp."""
        rate, acceleration = (
            Vector3(x=x, y=y, z=z)
            for x, y, z in (sample.angular_velocity, sample.linear_acceleration)
        )
        self._publisher.publish(
            Imu(
                header=Header(stamp=to_time(sample.t_ns), frame_id=self.frame_id),
                orientation_covariance=NO_ORIENTATION,
                angular_velocity=rate,
                linear_acceleration=acceleration,
            )
        )
