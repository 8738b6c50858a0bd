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

"""Motion of the rig that a model is told in an evaluation."""

import numpy as np
import pytest

from spike_depth_ros.geometry.pose import Pose, from_vector, to_vector
from spike_depth_ros.training.data.sequence import WindowSequence
from spike_depth_ros.training.evaluation.told_motion import (
    OFFSET,
    check_known,
    motions,
    told,
)
from spike_depth_ros.training.settings import SettingsError

WINDOW_NS = 50_000_000
MOTION = Pose(from_vector([0.0, 0.1, 0.0]), np.array([0.1, 0.2, 0.3]))


def sequence(poses: list[Pose]) -> WindowSequence:
    centre = np.array([pose.translation for pose in poses], np.float32)
    rotation = np.array([pose.rotation for pose in poses], np.float32)
    ends_ns = [WINDOW_NS * number for number in range(len(poses))]
    return WindowSequence([None] * len(poses), ends_ns, centre=centre, rotation=rotation)  # type: ignore[list-item]


def test_motion_is_in_the_frame_of_the_window_before() -> None:
    first = Pose(from_vector([0.0, 0.0, 0.5]), np.array([3.0, 2.0, 1.0]))
    none, found = motions(sequence([first, first @ MOTION]))
    assert none is None and found is not None
    np.testing.assert_allclose(found.rotation, MOTION.rotation, atol=1e-6)
    np.testing.assert_allclose(found.translation, MOTION.translation, atol=1e-6)


def test_unknown_poses() -> None:
    unknown = sequence([MOTION, MOTION])._replace(centre=None)
    assert motions(unknown) == [None, None]
    with pytest.raises(SettingsError, match=r'^Made does not tell how its rig'):
        check_known(unknown, 'Made')
    check_known(sequence([MOTION, MOTION]), 'Made')


def test_sensors() -> None:
    generator = np.random.default_rng(0)
    assert told(MOTION, 'full', WINDOW_NS, generator) is MOTION
    rotation = told(MOTION, 'rotation', WINDOW_NS, generator)
    np.testing.assert_array_equal(rotation.rotation, MOTION.rotation)
    assert not rotation.translation.any()
    still = Pose.turned(np.eye(3))
    errors = [
        to_vector(told(still, 'gyroscope', WINDOW_NS, generator).rotation) for _ in range(400)
    ]
    # 3 degrees per second for 0.05 s; noise of 0.007 degrees per second and root of a Hz
    np.testing.assert_allclose(np.degrees(np.mean(errors, 0)), [0.15, -0.15, 0.15], atol=3e-4)
    assert np.degrees(np.std(errors, 0)) == pytest.approx(0.007 * 0.05**0.5, rel=0.2)
    np.testing.assert_allclose(np.degrees(OFFSET), [3, -3, 3])
