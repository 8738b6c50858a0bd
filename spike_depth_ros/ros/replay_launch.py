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

"""Launch description of a replay: the nodes follow from the recording."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from ruamel.yaml import YAML

from spike_depth_ros.frames.spike_frame import FRAME_IDS
from spike_depth_ros.ros.demo.source import Inputs, open_source
from spike_depth_ros.ros.event_topic import reliable_events
from spike_depth_ros.ros.launch_description import rviz

ARGUMENTS = (
    DeclareLaunchArgument(
        'recording',
        description='File or folder of any kind that is read; or a list, such as '
        '"[left.raw, right.raw]", of files that make one recording.',
    ),
    DeclareLaunchArgument(
        'truth',
        default_value='',
        description='File with true depth, or a list; default: in the recording or beside it.',
    ),
    DeclareLaunchArgument(
        'calibration',
        default_value='',
        description='kalibr, DSEC or ROS file; default: in the recording or beside it.',
    ),
    DeclareLaunchArgument(
        'right_calibration',
        default_value='',
        description="Path of the right camera's file if calibration is the left ROS calibration.",
    ),
    DeclareLaunchArgument(
        'left', default_value='', description='Left or only event camera; default: find it.'
    ),
    DeclareLaunchArgument(
        'right', default_value='', description='Right event camera; default: find it.'
    ),
    DeclareLaunchArgument(
        'model',
        default_value='',
        description='ONNX model of the depth node; default: by the number of cameras.',
    ),
    DeclareLaunchArgument(
        'hop_ms',
        default_value='',
        description='Time from window to window, ms, at most the length of a window; default: 50.',
    ),
    DeclareLaunchArgument('rate', default_value='1.0', description='Speed; 1: real time.'),
    DeclareLaunchArgument(
        'start', default_value='0.0', description='Start after the first event, seconds.'
    ),
    DeclareLaunchArgument(
        'duration',
        default_value='0.0',
        description='Length of the part to play, seconds; 0: to the end.',
    ),
    DeclareLaunchArgument(
        'loop',
        default_value='false',
        choices=['true', 'false'],
        description='true: start again at the end.',
    ),
    DeclareLaunchArgument(
        'clock',
        default_value='false',
        choices=['true', 'false'],
        description='true: publish /clock with the time of the recording, which all nodes follow; '
        'false: stamp messages with the current time.',
    ),
    DeclareLaunchArgument(
        'namespace', default_value='', description='Namespace of the nodes and their topics.'
    ),
    DeclareLaunchArgument(
        'log_level',
        default_value='info',
        choices=['debug', 'info', 'warn', 'error', 'fatal'],
        description='Lowest severity of log messages.',
    ),
    DeclareLaunchArgument(
        'rviz',
        default_value='true',
        choices=['true', 'false'],
        description='false: do not show events and depth in rviz2.',
    ),
)


def describe() -> LaunchDescription:
    """Return the launch; when the replay or another node ends, all end."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=_actions)])


def _actions(context: LaunchContext) -> list[Node]:
    """Open the recording and return the nodes that fit it."""
    source = open_source(_inputs(context))
    clock = _given(context, 'clock') == 'true'
    use_sim_time: dict[str, object] = {'use_sim_time': clock}
    namespace, cameras = _given(context, 'namespace'), len(source.cameras)
    binner = source.binner_parameters() | reliable_events('subscription', cameras, namespace)
    replay = source.replay_parameters() | {
        **reliable_events('publisher', cameras, namespace),
        'rate': float(_given(context, 'rate')),
        'loop': _given(context, 'loop') == 'true',
        'publish_clock': clock,
    }
    return [
        # First: launch does not end nodes before a missing package.
        rviz(source.cameras[0].frame_id or FRAME_IDS[0], use_sim_time),
        _node('binner', binner | use_sim_time),
        _node('depth', {'model': str(source.model)} | use_sim_time),
        _node('replay', replay),
    ]


def _inputs(context: LaunchContext) -> Inputs:
    model, hop_ms = _given(context, 'model'), _given(context, 'hop_ms')
    return Inputs(
        recording=_paths(_given(context, 'recording')),
        truth=_paths(_given(context, 'truth')),
        model=Path(model).expanduser() if model else None,
        start_s=float(_given(context, 'start')),
        duration_s=float(_given(context, 'duration')),
        hop_ms=float(hop_ms) if hop_ms else None,
        calibration=_given(context, 'calibration'),
        right_calibration=_given(context, 'right_calibration'),
        left=_given(context, 'left'),
        right=_given(context, 'right'),
    )


def _given(context: LaunchContext, argument: str) -> str:
    return str(LaunchConfiguration(argument).perform(context))


def _paths(text: str) -> tuple[Path, ...]:
    """Return a path, or those of a list in YAML."""
    texts = YAML(typ='safe').load(text) if text.startswith('[') else [text]
    return tuple(Path(path).expanduser() for path in texts if path)


def _node(executable: str, parameters: dict[str, object]) -> Node:
    return Node(
        package='spike_depth_ros',
        executable=executable,
        namespace=LaunchConfiguration('namespace'),
        parameters=[parameters],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
        on_exit=Shutdown(reason=f'{executable} has ended'),
    )
