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

"""Launch descriptions of cameras, their drivers and the nodes that make depth."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, Shutdown
from launch.substitutions import IfElseSubstitution, LaunchConfiguration, NotEqualsSubstitution
from launch_ros.actions import ComposableNodeContainer, Node
from launch_ros.descriptions import ComposableNode
from launch_ros.parameter_descriptions import ParameterValue

from spike_depth_ros.ros.camera.drivers import INIVATION, PROPHESEE, Argument, Driver, DriverNode
from spike_depth_ros.ros.launch_description import describe

STEREO = ('stereo.yaml', 'coincidence.onnx')
MONO = ('mono.yaml', 'stereospike_monocular.onnx')
SERIALS = (
    DeclareLaunchArgument('left_serial', description='Serial number of the left camera.'),
    DeclareLaunchArgument('right_serial', description='Serial number of the right camera.'),
)
PROPHESEE_ARGUMENTS = (
    *SERIALS,
    DeclareLaunchArgument(
        'left_settings', default_value='', description="JSON file of the left camera's settings."
    ),
    DeclareLaunchArgument(
        'right_settings', default_value='', description="JSON file of the right camera's settings."
    ),
    DeclareLaunchArgument(
        'left_biases', default_value='', description="File of the left camera's biases."
    ),
    DeclareLaunchArgument(
        'right_biases', default_value='', description="File of the right camera's biases."
    ),
    DeclareLaunchArgument(
        'erc_mode',
        default_value='na',
        choices=['na', 'disabled', 'enabled'],
        description='Event rate control of sensors that have it; na: leave it.',
    ),
    DeclareLaunchArgument(
        'erc_rate', default_value='100000000', description='Limit of the rate, events a second.'
    ),
)
INIVATION_ARGUMENTS = (
    *SERIALS,
    DeclareLaunchArgument(
        'device_type',
        default_value='dvxplorer',
        choices=['davis', 'dvxplorer'],
        description='Kind of both cameras.',
    ),
    DeclareLaunchArgument(
        'time_reset_delay',
        default_value='2',
        description='Time until the clocks are reset, seconds; raise it if they differ.',
    ),
)
CAMERA_ARGUMENTS = (
    DeclareLaunchArgument(
        'left',
        default_value='',
        description='Left or only camera: name such as DAVIS346_00000123, tcp://host:port or path '
        'of a Unix socket; default: the first camera on USB.',
    ),
    DeclareLaunchArgument(
        'right', default_value='', description='Right camera, as left; default: one camera.'
    ),
    DeclareLaunchArgument(
        'synchronised',
        default_value='true',
        choices=['true', 'false'],
        description='false: two cameras on USB without a sync cable.',
    ),
    DeclareLaunchArgument(
        'wait_s', default_value='0.0', description='Longest wait for the cameras, seconds.'
    ),
    DeclareLaunchArgument(
        'noise_filter_ms',
        default_value='0.0',
        description='Time of the filter of background activity, ms; 0: off.',
    ),
    DeclareLaunchArgument(
        'contrast_on', default_value='-1', description="Threshold of a DVXplorer's ON events."
    ),
    DeclareLaunchArgument(
        'contrast_off', default_value='-1', description="Threshold of a DVXplorer's OFF events."
    ),
    DeclareLaunchArgument(
        'biases', default_value='', description='Biases of a DAVIS or DVS128, On=6/255, Off=4/6.'
    ),
)
CAMERA_PARAMETERS = (
    Argument('left', str),
    Argument('right', str),
    Argument('synchronised', bool),
    Argument('wait_s', float),
    Argument('noise_filter_ms', float),
    Argument('contrast_on', int),
    Argument('contrast_off', int),
    Argument('biases', str),
)


def describe_prophesee() -> LaunchDescription:
    """Return the launch of two synchronised Prophesee cameras and of depth from them."""
    return describe(*STEREO, PROPHESEE_ARGUMENTS, [_container(PROPHESEE)])


def describe_inivation() -> LaunchDescription:
    """Return the launch of two synchronised iniVation cameras and of depth from them."""
    return describe(*STEREO, INIVATION_ARGUMENTS, [_container(INIVATION)])


def describe_camera() -> LaunchDescription:
    """Return the launch of the camera node, with one camera or two, and of depth from it."""
    is_stereo = NotEqualsSubstitution(LaunchConfiguration('right'), '')
    settings, model = (
        IfElseSubstitution(is_stereo, two, one) for two, one in zip(STEREO, MONO, strict=True)
    )
    return describe(settings, model, CAMERA_ARGUMENTS, [_camera()])


def _container(driver: Driver) -> ComposableNodeContainer:
    """Return one process with both cameras; it makes a node when the one before is complete."""
    return ComposableNodeContainer(
        name=f'{driver.package}_container',
        namespace=LaunchConfiguration('namespace'),
        package='rclcpp_components',
        executable='component_container_isolated',
        composable_node_descriptions=[_component(driver, node) for node in driver.nodes],
        output='screen',
        on_exit=Shutdown(reason=f'{driver.package} has ended'),
    )


def _component(driver: Driver, node: DriverNode) -> ComposableNode:
    return ComposableNode(
        package=driver.package,
        plugin=driver.plugin,
        name=node.name,
        namespace=LaunchConfiguration('namespace'),
        parameters=[{name: _value(value) for name, value in node.parameters.items()}],
        remappings=list(node.remappings),
    )


def _camera() -> Node:
    return Node(
        package='spike_depth_ros',
        executable='camera',
        namespace=LaunchConfiguration('namespace'),
        parameters=[{argument.name: _value(argument) for argument in CAMERA_PARAMETERS}],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
        on_exit=Shutdown(reason='camera has ended'),
    )


def _value(value: object) -> object:
    """Return a value, or the launch argument that gives it, in the parameter's type."""
    if not isinstance(value, Argument):
        return value
    return ParameterValue(LaunchConfiguration(value.name), value_type=value.kind)
