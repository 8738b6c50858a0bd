"""Depth from two event cameras: binner and depth node."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.conditions import IfCondition, UnlessCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare('spike_depth_ros')
ARGUMENTS = (
    DeclareLaunchArgument(
        'namespace', default_value='', description='Namespace of both nodes and their topics.'
    ),
    DeclareLaunchArgument(
        'params_file',
        default_value=PathJoinSubstitution([SHARE, 'config', 'stereo.yaml']),
        description='YAML file with the parameters of both nodes.',
    ),
    DeclareLaunchArgument(
        'model',
        default_value=PathJoinSubstitution([SHARE, 'models', 'coincidence.onnx']),
        description='ONNX model of the depth node; one named in params_file goes before.',
    ),
    DeclareLaunchArgument(
        'left_events',
        default_value='left/events',
        description='Event topic of the left camera (EventPacket or EventArray).',
    ),
    DeclareLaunchArgument(
        'right_events',
        default_value='right/events',
        description='Event topic of the right camera (EventPacket or EventArray).',
    ),
    DeclareLaunchArgument(
        'calibration',
        default_value='',
        description='Calibration file of the rig, or camera_info to take it from the topics; one '
        'named in params_file goes before.',
    ),
    DeclareLaunchArgument(
        'right_calibration',
        default_value='',
        description="The right camera's file where calibration is the left one's of ROS.",
    ),
    DeclareLaunchArgument(
        'left_camera_info',
        default_value='left/camera_info',
        description='Calibration topic of the left camera (sensor_msgs/msg/CameraInfo).',
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
        description='true: both nodes in one process, which hands spike frames over directly.',
    ),
    DeclareLaunchArgument(
        'use_sim_time',
        default_value='false',
        description='true: take the time from /clock, as a bag or a simulator publishes it.',
    ),
    DeclareLaunchArgument(
        'log_level',
        default_value='info',
        choices=['debug', 'info', 'warn', 'error', 'fatal'],
        description='Least severe log messages that both nodes write.',
    ),
)


def generate_launch_description() -> LaunchDescription:
    """Return both nodes, as two processes or as one, and the arguments that configure them."""
    params_file = LaunchConfiguration('params_file')
    use_sim_time = ParameterValue(LaunchConfiguration('use_sim_time'), value_type=bool)
    left_or_both = ParameterValue(LaunchConfiguration('calibration'), value_type=str)
    right = ParameterValue(LaunchConfiguration('right_calibration'), value_type=str)
    model = ParameterValue(LaunchConfiguration('model'), value_type=str)
    log_level = ['--log-level', LaunchConfiguration('log_level')]
    inputs = [
        ('left/events', LaunchConfiguration('left_events')),
        ('right/events', LaunchConfiguration('right_events')),
        ('left/camera_info', LaunchConfiguration('left_camera_info')),
        ('right/camera_info', LaunchConfiguration('right_camera_info')),
    ]
    binner = Node(
        package='spike_depth_ros',
        executable='binner',
        condition=UnlessCondition(LaunchConfiguration('pipeline')),
        namespace=LaunchConfiguration('namespace'),
        parameters=[
            {'calibration': left_or_both, 'right_calibration': right},
            params_file,
            {'use_sim_time': use_sim_time},
        ],
        remappings=inputs,
        ros_arguments=log_level,
        output='screen',
    )
    depth = Node(
        package='spike_depth_ros',
        executable='depth',
        condition=UnlessCondition(LaunchConfiguration('pipeline')),
        namespace=LaunchConfiguration('namespace'),
        parameters=[params_file, {'model': model, 'use_sim_time': use_sim_time}],
        ros_arguments=log_level,
        output='screen',
    )
    pipeline = Node(
        package='spike_depth_ros',
        executable='pipeline',
        condition=IfCondition(LaunchConfiguration('pipeline')),
        namespace=LaunchConfiguration('namespace'),
        parameters=[
            {'calibration': left_or_both, 'right_calibration': right},
            params_file,
            {'model': model, 'use_sim_time': use_sim_time},
        ],
        remappings=inputs,
        ros_arguments=log_level,
        output='screen',
    )
    return LaunchDescription([*ARGUMENTS, binner, depth, pipeline])
