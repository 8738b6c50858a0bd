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
