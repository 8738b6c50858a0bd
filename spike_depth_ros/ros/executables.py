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

"""Executables of the nodes.

A wrong configuration ends a node with one sentence and exit code 1; SIGINT and SIGTERM end it with
exit code 0 at any time. Modules that take long to import are imported in functions, after the
signal handlers are set.
"""

import gc
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from spike_depth_ros.ros.signals import Signals

Nodes = list[Any]  # of rclpy.node.Node, which takes long to import
# The executor returns after this time, as Python handles signals only then.
SIGNAL_PERIOD_S = 0.1
# Line of rcl's source in its error messages.
SOURCE_LINE = r',? at /[^ ]*:\d+'
NO_LOG_FILE = '--disable-external-lib-logs'


def binner() -> int:
    """Run the binner node; return the exit code."""
    return _run('binner', _make_binner)


def depth() -> int:
    """Run the depth node; return the exit code."""
    return _run('depth', _make_depth)


def pipeline() -> int:
    """Run the binner and the depth node in one process; return the exit code."""
    return _run('pipeline', _make_pipeline)


def replay() -> int:
    """Run the replay node; return the exit code."""
    return _run('replay', _make_replay)


def camera() -> int:
    """Run the camera node; return the exit code."""
    return _run('camera', _make_camera)


def _make_binner() -> Nodes:
    from spike_depth_ros.ros.binner_node import BinnerNode

    with _announced('binner'):
        return [BinnerNode()]


def _make_depth() -> Nodes:
    from spike_depth_ros.ros.depth_node import DepthNode

    return [DepthNode()]


def _make_pipeline() -> Nodes:
    """Make both nodes; the binner is destroyed first, so nothing reaches an ended worker."""
    from spike_depth_ros.ros.binner_node import BinnerNode
    from spike_depth_ros.ros.depth_node import DepthNode
    from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH

    depth = DepthNode(subscribes=False, others=BINNER)
    with _announced('binner'):
        return [BinnerNode(depth.worker, others=DEPTH), depth]


def _make_replay() -> Nodes:
    from spike_depth_ros.ros.replay_node import ReplayNode

    with _announced('replay'):
        return [ReplayNode()]


def _make_camera() -> Nodes:
    from spike_depth_ros.ros.camera.node import CameraNode

    with _announced('camera'):
        return [CameraNode()]


def _announced(name: str) -> AbstractContextManager[None]:
    """Log one line if decoders are being compiled."""
    from rclpy.logging import get_logger

    from spike_depth_ros.events.compiling import announced

    return announced(get_logger(name).info)


def _run(name: str, make: Callable[[], Nodes]) -> int:
    signals = Signals()
    try:
        nodes = _start(name, make)
    except Exception as error:
        if not (sentence := _sentence(error)):
            raise
        print(f'{name}: {sentence}', file=sys.stderr)
        return 1
    signals.starting = False
    return spin(nodes, signals)


def _start(name: str, make: Callable[[], Nodes]) -> Nodes:
    from spike_depth_ros.ros import middleware

    middleware.check()  # before rcl, which would end the process
    import rclpy
    from rclpy.signals import SignalHandlerOptions
    from rclpy.utilities import remove_ros_args

    from spike_depth_ros.ros import log_folder, parameter_files, shared_memory

    files = parameter_files.read_all(sys.argv)
    arguments = sys.argv
    if problem := log_folder.problem():
        print(f'{name}: {problem}', file=sys.stderr)
        arguments = [*sys.argv, '--ros-args', NO_LOG_FILE]
    if problem := shared_memory.replace_if_full():
        print(f'{name}: {problem}', file=sys.stderr)
    # rclpy's handlers would shut the context down while a callback publishes.
    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    unknown = remove_ros_args(sys.argv)[1:]
    if unknown:
        raise ValueError(
            f"unknown argument '{unknown[0]}': give parameters as "
            '--ros-args -p name:=value, and topics as --ros-args -r from:=to'
        )
    with shared_memory.large_segments():
        nodes = make()
    names = [node.get_fully_qualified_name() for node in nodes]
    for problem in filter(None, (file.unused_by(names) for file in files)):
        nodes[0].get_logger().warning(problem)
    return nodes


def _sentence(error: Exception) -> str:
    """Return one sentence about wrong parameters, arguments or packages; '' for other errors.

    Errors of this package derive from ValueError, rclpy's from RuntimeError or Exception.
    """
    from spike_depth_ros.installation import explain

    if isinstance(error, ValueError | RuntimeError):
        return ' '.join(re.sub(SOURCE_LINE, '', str(error)).split())
    if sentence := explain(error):
        return sentence
    from rclpy.exceptions import NameValidationException, ParameterException
    from rclpy.qos_overriding_options import InvalidQosOverridesError

    own = NameValidationException | ParameterException | InvalidQosOverridesError
    return ' '.join(str(error).split()) if isinstance(error, own) else ''


def spin(nodes: Nodes, signals: Signals) -> int:
    """Spin until a signal comes or a node has an exit code; return the exit code."""
    import rclpy
    from rclpy.experimental import EventsExecutor
    from rclpy.task import Future

    executor = EventsExecutor()
    for node in nodes:
        executor.add_node(node)
    # What the start made lasts as long as the nodes: collections that visit it delay windows.
    gc.collect()
    gc.freeze()
    never = Future()  # spin_once would return after each callback, which takes longer than many
    while not signals.received and all(node.exit_code is None for node in nodes):
        executor.spin_until_future_complete(never, timeout_sec=SIGNAL_PERIOD_S)
    executor.shutdown()
    for node in nodes:
        node.destroy_node()
    rclpy.shutdown()
    return max(node.exit_code or 0 for node in nodes)
