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

"""Launch description of binner and depth node, which both launch files share."""

from collections.abc import Mapping, Sequence

from launch import Action, Condition, LaunchDescription, Substitution
from launch.actions import DeclareLaunchArgument, Shutdown
from launch.conditions import IfCondition, UnlessCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare('spike_depth_ros')
INPUTS = ('left/events', 'right/events', 'left/camera_info', 'right/camera_info')
SHOWN = (
    'spikes/image_color',
    'depth/image_color',
    'depth/image_rect',
    'depth/confidence',
    'depth/age',
    'depth/points',
)
ARGUMENTS = (
    DeclareLaunchArgument(
        'namespace', default_value='', description='Namespace of both nodes and their topics.'
    ),
    DeclareLaunchArgument(
        'left_events',
        default_value='left/events',
        description='Event topic of the left or only camera (EventPacket or EventArray).',
    ),
    DeclareLaunchArgument(
        'right_events',
        default_value='right/events',
        description='Event topic of the right camera (EventPacket or EventArray).',
    ),
    DeclareLaunchArgument(
        'calibration',
        default_value='',
        description="Calibration of the rig, as the binner's parameter; a calibration in "
        'params_file overrides it.',
    ),
    DeclareLaunchArgument(
        'right_calibration',
        default_value='',
        description="Path of the right camera's file if calibration is the left ROS calibration.",
    ),
    DeclareLaunchArgument(
        'left_camera_info',
        default_value='left/camera_info',
        description='Calibration topic of the left or only camera (sensor_msgs/msg/CameraInfo).',
    ),
    DeclareLaunchArgument(
        'right_camera_info',
        default_value='right/camera_info',
        description='Calibration topic of the right camera (sensor_msgs/msg/CameraInfo).',
    ),
    DeclareLaunchArgument(
        'pipeline',
        default_value='false',
        choices=['true', 'false'],
        description='true: both nodes in one process, which passes spike frames without copies.',
    ),
    DeclareLaunchArgument(
        'use_sim_time',
        default_value='false',
        description='true: take the time from /clock, which a bag or a simulator publishes.',
    ),
    DeclareLaunchArgument(
        'log_level',
        default_value='info',
        choices=['debug', 'info', 'warn', 'error', 'fatal'],
        description='Lowest severity of log messages.',
    ),
    DeclareLaunchArgument(
        'rviz',
        default_value='false',
        choices=['true', 'false'],
        description='true: show events, depth, confidence and points in rviz2, which must be '
        'installed.',
    ),
    DeclareLaunchArgument(
        'frame',
        default_value='left_camera',
        description="Fixed frame of rviz2: the frame_id of the left camera's driver, or a frame "
        'that tf connects with it.',
    ),
)


def describe(
    settings: str | Substitution,
    model: str | Substitution,
    arguments: Sequence[DeclareLaunchArgument] = (),
    cameras: Sequence[Action] = (),
) -> LaunchDescription:
    """Return the launch of both nodes, as two processes or one.

    When one node ends, all end: the other alone would appear to work.

    Args:
        settings: default parameter file, a name in config/.
        model: default model, a name in models/.
        arguments: further launch arguments.
        cameras: actions that start cameras, which follow from them.
    """
    two = UnlessCondition(LaunchConfiguration('pipeline'))
    one = IfCondition(LaunchConfiguration('pipeline'))
    files = {name: _value(name, str) for name in ('calibration', 'right_calibration')}
    params_file = LaunchConfiguration('params_file')
    use_sim_time = {'use_sim_time': _value('use_sim_time', bool)}
    depth = {'model': _value('model', str)} | use_sim_time
    return LaunchDescription(
        [
            *arguments,
            *_file_arguments(settings, model),
            *ARGUMENTS,
            # First: launch does not end what it has started before a missing package.
            rviz(LaunchConfiguration('frame')),
            *cameras,
            _node('binner', two, [files, params_file, use_sim_time]),
            _node('depth', two, [params_file, depth]),
            _node('pipeline', one, [files, params_file, depth]),
        ]
    )


def _file_arguments(
    settings: str | Substitution, model: str | Substitution
) -> tuple[DeclareLaunchArgument, ...]:
    return (
        DeclareLaunchArgument(
            'params_file',
            default_value=PathJoinSubstitution([SHARE, 'config', settings]),
            description='YAML file with the parameters of both nodes.',
        ),
        DeclareLaunchArgument(
            'model',
            default_value=PathJoinSubstitution([SHARE, 'models', model]),
            description='ONNX model of the depth node; overrides a model in params_file.',
        ),
    )


def _value(argument: str, kind: type) -> ParameterValue:
    return ParameterValue(LaunchConfiguration(argument), value_type=kind)


def _node(executable: str, condition: Condition, parameters: list[object]) -> Node:
    return Node(
        package='spike_depth_ros',
        executable=executable,
        condition=condition,
        namespace=LaunchConfiguration('namespace'),
        parameters=parameters,
        remappings=[(name, LaunchConfiguration(name.replace('/', '_'))) for name in INPUTS],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
        on_exit=Shutdown(reason=f'{executable} has ended'),
    )


def rviz(frame: str | Substitution, parameters: Mapping[str, object] | None = None) -> Node:
    """Return rviz2, if the launch argument `rviz` asks for it.

    Args:
        frame: fixed frame.
        parameters: parameters of the node by name.
    """
    config = PathJoinSubstitution([SHARE, 'config', 'stereo.rviz'])
    return Node(
        package='rviz2',
        executable='rviz2',
        condition=IfCondition(LaunchConfiguration('rviz')),
        namespace=LaunchConfiguration('namespace'),
        parameters=[parameters] if parameters else None,
        arguments=['-d', config, '-f', frame],
        remappings=[(f'/{name}', name) for name in SHOWN],
    )
