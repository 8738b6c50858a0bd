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

"""Depth from one event camera: stereo.launch.py with the settings and the model for one camera."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.substitutions import PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare('spike_depth_ros')


def generate_launch_description() -> LaunchDescription:
    """Return what stereo.launch.py does, whose other arguments are those of this file too."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'params_file',
                default_value=PathJoinSubstitution([SHARE, 'config', 'mono.yaml']),
                description='YAML file with the parameters of both nodes.',
            ),
            DeclareLaunchArgument(
                'model',
                default_value=PathJoinSubstitution(
                    [SHARE, 'models', 'stereospike_monocular.onnx']
                ),
                description='ONNX model of the depth node; one named in params_file goes before.',
            ),
            IncludeLaunchDescription(PathJoinSubstitution([SHARE, 'launch', 'stereo.launch.py'])),
        ]
    )
