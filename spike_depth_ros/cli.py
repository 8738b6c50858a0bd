"""`spike-depth`: the commands of the package."""

import argparse
import importlib
import sys


def main() -> int:
    """Run the command that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(
        prog='spike-depth', description='Metric depth from event cameras with spiking networks.'
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='command')
    _add_demo(commands)
    arguments = parser.parse_args()
    module, function = arguments.function
    # Imported now: no command needs what the others import.
    return getattr(importlib.import_module(module), function)(arguments)


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
