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

"""`spike-depth demo`."""

import argparse
import os
import sys
from pathlib import Path

from spike_depth_ros.ros.demo.interrupts import Interrupts
from spike_depth_ros.units import SECOND_NS

RECORDING = 'demo/recording'
# Robots use 0 or another low domain; ports of domains above 101 collide with ephemeral ports.
DOMAINS = range(40, 101)


def demo(arguments: argparse.Namespace) -> int:
    """Run the demo; return the exit code.

    0: no window or packet was lost, and the rate was reached. 1: wrong inputs or a failed run,
    with one sentence for each reason. 130, 143: ended by Ctrl-C or SIGTERM. Modules that take long
    to import are imported in functions, after the signal handlers are set.
    """
    interrupts = Interrupts()
    try:
        return _demo(arguments, interrupts)
    except BaseException as error:
        # An extension module may turn KeyboardInterrupt into another error.
        if interrupts.received:
            return interrupts.exit_code
        if not isinstance(error, (ValueError, OSError, RuntimeError)):
            raise
        print(f'demo: {" ".join(str(error).split())}', file=sys.stderr)
        return 1
    finally:
        interrupts.ignore()


def _demo(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from spike_depth_ros.ros import middleware

    middleware.check()  # before rcl, which would end the process
    from spike_depth_ros.outputs import check_output_file, check_output_folder
    from spike_depth_ros.recordings.cameras import in_words
    from spike_depth_ros.ros import domains, shared_memory
    from spike_depth_ros.ros.demo.drawing import STILL, VIDEO, draw
    from spike_depth_ros.ros.demo.run import Run
    from spike_depth_ros.ros.demo.source import HOP_S, open_source
    from spike_depth_ros.ros.demo.table import table
    from spike_depth_ros.ros.demo.window_store import WindowStore
    from spike_depth_ros.shared_files import shared_file

    output = _path(arguments.output)
    check_output_folder(output)
    for name in (STILL, VIDEO):
        check_output_file(output / name)
    if arguments.recording == '':
        raise ValueError(
            "--recording is '': give a recording, or leave it out for the shipped one"
        )
    recording = _path(arguments.recording) if arguments.recording else shared_file(RECORDING)
    model = _path(arguments.model) if arguments.model else None
    source = open_source(recording, arguments.left, arguments.right, model)
    print(in_words(source.cameras))
    print(f'ROS domain {domains.choose(DOMAINS)}', flush=True)
    if problem := shared_memory.replace_if_full():
        print(f'demo: {problem}', file=sys.stderr)
    store = WindowStore(tolerance_ns=round(HOP_S * SECOND_NS / 2))
    with interrupts.deferred():
        result = Run(source, store, interrupts.check).result()
    print(table(result, source.name))
    for sentence in (*result.warnings, *result.failures()):
        print(f'demo: {sentence}', file=sys.stderr)
    draw(source, store, output)
    return 1 if result.failures() else 0


def _path(text: str) -> Path:
    """Return a path with ~ expanded."""
    return Path(os.path.expanduser(text))
