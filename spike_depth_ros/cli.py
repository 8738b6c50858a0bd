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

"""`spike-depth`: the commands of the package."""

import argparse
import errno
import importlib
import os
import signal
import sys
from types import ModuleType
from typing import TypeAlias

from spike_depth_ros.installation import explain

INTERRUPTED = 130  # shells' exit code for SIGINT
MAX_SECONDS = 1e6  # of the replay node's parameters too
PACKAGE = 'spike_depth_ros'  # __name__ is another with python -m
Commands: TypeAlias = 'argparse._SubParsersAction[argparse.ArgumentParser]'
# Errors of files that the user must fix.
OF_FILES = (errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.ENOSPC, errno.EPERM, errno.EROFS)
# Offline training: each module's main takes the rest of the command line (jsonargparse).
TRAINING = {
    'train': 'train a network from a YAML file, or resume its training',
    'export': 'write a trained network as an ONNX file',
    'evaluate': 'measure models on test windows of a data set, beside conventional stereo',
    'reproduce': 'make a table or figure of a paper, its published numbers beside ours',
    'submit': "write a model's disparities for the benchmark of DSEC",
    'simulate': 'write a simulated recording with true depth',
}


def main() -> int:
    """Run the command of the command line and return the exit code.

    1: wrong settings, files or installation, with one sentence; 130: interrupted by Ctrl-C.
    """
    arguments, rest = _parsed()
    try:
        return _run(arguments, rest)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if not (sentence := _sentence(error) or explain(error)):
            raise
        print(f'spike-depth {arguments.command}: {sentence}', file=sys.stderr)
        return 1


def _parsed() -> tuple[argparse.Namespace, list[str]]:
    """Return the command's arguments, and the remaining ones for its module."""
    parser = argparse.ArgumentParser(
        prog='spike-depth', description='Metric depth from event cameras with spiking networks.'
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='command')
    _add_demo(commands)
    _add_run(commands)
    _add_info(commands)
    _add_convert(commands)
    _add_view(commands)
    for command, purpose in TRAINING.items():
        commands.add_parser(command, help=purpose, add_help=False)
    arguments, rest = parser.parse_known_args()
    if rest and arguments.command not in TRAINING:
        parser.error(f'unrecognized arguments: {" ".join(rest)}')
    return arguments, rest


def _run(arguments: argparse.Namespace, rest: list[str]) -> int:
    # Imported here: each command needs other modules, and imports take seconds.
    if arguments.command in TRAINING:
        _imported(f'spike_depth_ros.training.{arguments.command}').main(rest)
        return 0
    module, function = arguments.function
    code: int = getattr(_imported(module), function)(arguments)
    return code


def _imported(name: str) -> ModuleType:
    """Import a module; Ctrl-C during the import ends the process at once.

    A KeyboardInterrupt would be lost in an extension module that is being imported.
    """
    before = signal.getsignal(signal.SIGINT)
    if before != signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        return importlib.import_module(name)
    finally:
        signal.signal(signal.SIGINT, before)


def _sentence(error: Exception) -> str:
    """Return the sentence for wrong settings or files, '' for another error."""
    if isinstance(error, OSError) and error.errno in OF_FILES:
        place = f" '{error.filename}'" if error.filename else ''
        return f'{os.strerror(error.errno)}{place}: make room, or give another path.'
    # The package's own errors are sentences; other ValueErrors may be bugs.
    is_ours = type(error).__module__.startswith(PACKAGE)
    return str(error) if is_ours and isinstance(error, ValueError) else ''


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser('demo', help='run the shipped recording through the nodes')
    demo.add_argument('--recording', help='another recording; see run')
    _add_run_options(demo)
    demo.set_defaults(function=('spike_depth_ros.ros.demo.command', 'demo'))


def _add_run(commands: Commands) -> None:
    run = commands.add_parser('run', help='run a recording of any kind through the nodes')
    run.add_argument(
        'recording',
        type=_path,
        nargs='+',
        help='file or folder; or several that make one recording, such as one file per camera',
    )
    _add_run_options(run)
    run.set_defaults(function=('spike_depth_ros.ros.demo.command', 'run'))


def _add_run_options(command: argparse.ArgumentParser) -> None:
    _add_input_options(command)
    _add_model_option(command)
    command.add_argument(
        '--hop_ms',
        type=float,
        help='time from window to window, ms, at most the length of a window; default: 50',
    )
    command.add_argument('--output', default='demo', help='folder for depth.png and depth.mp4')


def _add_input_options(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add('--calibration', default='', help='kalibr, DSEC or ROS file; default: look for one')
    add('--right-calibration', default='', help="right camera's file of a ROS calibration")
    add(
        '--truth', nargs='+', default=[], help='more files, with true depth; default: look for one'
    )
    add('--start', type=_seconds, default=0.0, help='start after the first event, seconds')
    add(
        '--duration', type=_seconds, default=0.0, help='length of the part, seconds; 0: to the end'
    )
    add('--left', default='', help='left or only event camera; default: find it')
    add('--right', default='', help='right event camera; default: find it')


def _seconds(text: str) -> float:
    """Return a time of the command line, which nan, inf and negative numbers are not."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no time: give a number of seconds from 0 to {MAX_SECONDS:g}"
        )
    return seconds


def _add_model_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        '--model', default='', help='ONNX file; default: by the number of cameras'
    )


def _add_view(commands: Commands) -> None:
    view = commands.add_parser('view', help='show events and depth in Rerun')
    view.add_argument(
        'recording',
        type=_path,
        nargs='*',
        help='file or folder; or several that make one recording, such as one file per camera',
    )
    view.add_argument(
        '--live',
        dest='function',
        action='store_const',
        const=('spike_depth_ros.ros.view_command', 'view_live'),
        default=('spike_depth_ros.views.command', 'view'),
        help='show the topics of running nodes instead',
    )
    view.add_argument('--namespace', default='', help='namespace of the nodes, with --live')
    _add_input_options(view)
    _add_model_option(view)
    view.add_argument(
        '--output', default='', help='.rrd file, or .webp or .gif animation; default: the browser'
    )
    view.add_argument('--port', type=int, default=0, help='port of the page; default: a free one')


def _add_paths(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        'paths',
        type=_path,
        nargs='+',
        metavar='recording',
        help='file or folder; several make one recording',
    )


def _add_info(commands: Commands) -> None:
    info = commands.add_parser('info', help='show what is in a recording')
    _add_paths(info)
    info.add_argument('--truth', nargs='+', default=[], help='more files, with true depth')
    info.add_argument('--json', action='store_true', help='print JSON')
    info.set_defaults(function=('spike_depth_ros.recordings.info.command', 'main'))


def _add_convert(commands: Commands) -> None:
    convert = commands.add_parser('convert', help='write a recording in another format')
    _add_paths(convert)
    convert.add_argument(
        'output', help='new file .mcap, .aedat4 or .h5, or new folder for rosbag2 (mcap)'
    )
    convert.add_argument(
        '--format',
        choices=('rosbag2', 'mcap', 'aedat4', 'h5', 'dsec'),
        help='default: by the ending of the output; dsec is a folder like those of DSEC',
    )
    _add_input_options(convert)
    convert.set_defaults(function=('spike_depth_ros.recordings.convert.command', 'main'))


def _path(text: str) -> str:
    """Return a path with ~ expanded; an empty one, as of an unset variable, is refused."""
    if not text:
        raise argparse.ArgumentTypeError("'' is no path: give a file or folder")
    return os.path.expanduser(text)


if __name__ == '__main__':
    sys.exit(main())
