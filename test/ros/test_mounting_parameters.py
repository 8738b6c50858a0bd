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

"""Mountings of the camera that the depth node refuses at its start."""

from pathlib import Path

import pytest

from testing.nodes import NodeProcess, one_sentence


@pytest.mark.parametrize(
    ('name', 'value', 'problem'),
    [
        ('camera_in_imu', '1 2', "must be 'roll pitch yaw' in radians"),
        ('camera_in_imu', '0 0 nan', "must be 'roll pitch yaw' in radians"),
        ('camera_in_imu', '-90 0 -90', 'its angles must be radians from -6.28 to 6.28'),
        ('camera_in_base', '0 0 0', "must be 'x y z roll pitch yaw' in metres and radians"),
        ('camera_in_base', 'forward', "must be 'x y z roll pitch yaw' in metres and radians"),
        ('camera_in_base', '0 0 9 0 0 180', 'its angles must be radians from -6.28 to 6.28'),
    ],
)
def test_a_wrong_mounting_ends_the_node(
    volume_model: Path, name: str, value: str, problem: str
) -> None:
    with NodeProcess('depth', {'model': volume_model, name: f"'{value}'"}) as process:
        code, error = process.wait()
    assert code != 0
    sentence = one_sentence(error)
    assert f"parameter '{name}' is '{value}', but {problem}" in sentence


def test_a_wrong_mounting_ends_a_node_that_moves_nothing(stereo_model: Path) -> None:
    parameters = {'model': stereo_model, 'motion': 'none', 'camera_in_imu': "'garbage'"}
    with NodeProcess('depth', parameters) as process:
        code, error = process.wait()
    assert code != 0
    assert "parameter 'camera_in_imu' is 'garbage'" in one_sentence(error)
