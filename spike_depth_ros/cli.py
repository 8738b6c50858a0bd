"""`spike-depth`: the commands of the package."""

import argparse
import importlib
import sys

# Offline training: each module's main takes the rest of the command line (jsonargparse).
TRAINING = {
    'train': 'train a network as a YAML file says, or go on where it stopped',
    'export': 'write a trained network as an ONNX file',
    'evaluate': 'measure the shipped models on held-out simulated scenes',
    'simulate': 'write a simulated recording with true depth',
}


def main() -> int:
    """Run the command that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(
        prog='spike-depth', description='Metric depth from event cameras with spiking networks.'
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='command')
    _add_demo(commands)
    for command, purpose in TRAINING.items():
        commands.add_parser(command, help=purpose, add_help=False)
    arguments, rest = parser.parse_known_args()
    if arguments.command in TRAINING:
        return _train(arguments.command, rest)
    if rest:
        parser.error(f'unrecognized arguments: {" ".join(rest)}')
    module, function = arguments.function
    # Imported now: no command needs what the others import.
    return getattr(importlib.import_module(module), function)(arguments)


def _train(command: str, arguments: list[str]) -> int:
    try:
        module = importlib.import_module(f'spike_depth_ros.training.{command}')
        from spike_depth_ros.inference.session import ModelError
        from spike_depth_ros.recordings.rosbag2 import RecordingError
        from spike_depth_ros.training.settings import SettingsError
    except ModuleNotFoundError as error:
        print(
            f'spike-depth {command} needs {error.name}, which is not installed: run `make '
            'training`, or install requirements/training.txt and spikingjelly.txt.',
            file=sys.stderr,
        )
        return 1
    try:
        module.main(arguments)
    except (SettingsError, ModelError, RecordingError) as error:
        print(f'spike-depth {command}: {error}', file=sys.stderr)
        return 1
    return 0


def _add_demo(commands: 'argparse._SubParsersAction[argparse.ArgumentParser]') -> None:
    demo = commands.add_parser('demo', help='run a recording through the nodes')
    demo.add_argument('--recording', default='', help='rosbag2 folder; default: the one shipped')
    demo.add_argument('--left', default='', help='event topic of the left or only camera')
    demo.add_argument('--right', default='', help='event topic of the right camera')
    demo.add_argument('--model', default='', help='ONNX file; default: by the number of cameras')
    demo.add_argument('--output', default='demo', help='folder for depth.png and depth.mp4')
    demo.set_defaults(function=('spike_depth_ros.ros.demo.command', 'demo'))


if __name__ == '__main__':
    sys.exit(main())
