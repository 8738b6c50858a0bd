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

"""`spike-depth view --live`: events and depth of running nodes in Rerun."""

import argparse
from pathlib import Path

from spike_depth_ros.ros import middleware


def view_live(arguments: argparse.Namespace) -> int:
    """Show the topics of running nodes, or write them, until Ctrl-C; return the exit code.

    Modules that take long to import are imported here, after the signal handlers are set.

    Raises a ValueError of this package, one sentence, for what cannot be written or served.
    """
    if arguments.recording:
        raise LiveError(
            f"'{arguments.recording[0]}' is a recording, but --live shows running nodes: leave "
            'one of the two out.'
        )
    middleware.check()  # before rcl, which would end the process
    from spike_depth_ros.ros.signals import Signals

    signals = Signals()
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    from spike_depth_ros.ros.executables import spin
    from spike_depth_ros.ros.view_node import ViewNode
    from spike_depth_ros.views.output import check_rrd, output

    path = Path(arguments.output).expanduser() if arguments.output else None
    if path is not None:
        check_rrd(path)
    names = arguments.namespace.strip('/')
    remapping = ['--ros-args', '-r', f'__ns:=/{names}'] if names else []
    # rclpy's handlers would shut the context down while a callback runs.
    rclpy.init(args=remapping, signal_handler_options=SignalHandlerOptions.NO)
    signals.starting = False  # from here on, a signal must not leave half a file or the viewer
    with output(path, arguments.port, None) as stream:
        code = spin([ViewNode(stream)], signals)
    if path is not None:
        print(f'wrote {path}: `rerun {path}` opens it')
    return code


class LiveError(ValueError):
    """Arguments that do not go together; the message is one sentence."""
