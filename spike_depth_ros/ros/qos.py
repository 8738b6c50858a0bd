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

"""QoS profiles of the topics; qos_overrides.* parameters change those of data topics."""

from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSPolicyKind,
    QoSProfile,
    QoSReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

OVERRIDABLE = QoSOverridingOptions.with_default_policies()
OVERRIDABLE_DURABILITY = QoSOverridingOptions(
    [
        QoSPolicyKind.HISTORY,
        QoSPolicyKind.DEPTH,
        QoSPolicyKind.RELIABILITY,
        QoSPolicyKind.DURABILITY,
    ]
)


def events(depth: int) -> QoSProfile:
    """Return the profile of event topics: BEST_EFFORT, as camera drivers publish."""
    return QoSProfile(depth=depth, reliability=QoSReliabilityPolicy.BEST_EFFORT)


def calibration() -> QoSProfile:
    """Return the profile of CameraInfo: volatile and BEST_EFFORT match every camera driver."""
    return QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)


def images() -> QoSProfile:
    """Return the profile of images: RELIABLE, as rviz and image_pipeline subscribe.

    The history holds a second at 100 Hz: a subscriber that a busy machine stops for so long, or
    whose images were lost, gets them afterwards. Both ends need it.
    """
    return QoSProfile(depth=100, reliability=QoSReliabilityPolicy.RELIABLE)


def latched() -> QoSProfile:
    """Return a profile that keeps the latest message for late subscribers (transient local)."""
    return QoSProfile(
        depth=1,
        reliability=QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL,
    )


def all_latched() -> QoSProfile:
    """Return the profile of a subscriber of latched messages of many publishers."""
    return QoSProfile(
        depth=100,
        reliability=QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL,
    )


def sensor_data() -> QoSProfile:
    """Return the profile of an IMU or an odometry: BEST_EFFORT matches every publisher.

    The queue holds the samples of a busy moment: 0.1 s of the fastest IMUs.
    """
    return QoSProfile(depth=200, reliability=QoSReliabilityPolicy.BEST_EFFORT)


def measurements() -> QoSProfile:
    """Return the profile of a publisher of an IMU: RELIABLE matches every subscriber."""
    return QoSProfile(depth=200, reliability=QoSReliabilityPolicy.RELIABLE)


def truth() -> QoSProfile:
    """Return the profile of true depth: a late subscriber gets the last 20 images (1 s)."""
    return QoSProfile(
        depth=20,
        reliability=QoSReliabilityPolicy.RELIABLE,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL,
    )
