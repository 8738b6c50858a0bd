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

"""`spike-depth demo` and `spike-depth run`."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spike_depth_ros.ros.demo.interrupts import Interrupts
from spike_depth_ros.units import MS_NS

if TYPE_CHECKING:
    from spike_depth_ros.ros.demo.source import Inputs

RECORDING = 'demo/recording'
# Robots use 0 or another low domain; ports of domains above 101 collide with ephemeral ports.
DOMAINS = range(40, 101)


def demo(arguments: argparse.Namespace) -> int:
    """Run the shipped or another recording; return the exit code of run()."""
    from spike_depth_ros.shared_files import shared_file

    given = arguments.recording
    arguments.recording = [given if given is not None else str(shared_file(RECORDING))]
    return run(arguments)


def run(arguments: argparse.Namespace) -> int:
    """Run a recording through the nodes; return the exit code.

    0: no window or packet was lost, and the rate was reached. 1: wrong inputs or a failed run,
    with one sentence for each reason. 130, 143: ended by Ctrl-C or SIGTERM. Modules that take long
    to import are imported in functions, after the signal handlers are set.
    """
    interrupts = Interrupts()
    try:
        return _run(arguments, interrupts)
    except BaseException as error:
        # An extension module may turn KeyboardInterrupt into another error.
        if interrupts.received:
            return interrupts.exit_code
        if not isinstance(error, (ValueError, OSError, RuntimeError)):
            raise
        _complain(arguments, ' '.join(str(error).split()))
        return 1
    finally:
        interrupts.ignore()


def _run(arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    from spike_depth_ros.ros import middleware

    middleware.check()  # before rcl, which would end the process
    from spike_depth_ros.outputs import check_output_file, check_output_folder
    from spike_depth_ros.recordings.cameras import in_words
    from spike_depth_ros.ros import domains, shared_memory
    from spike_depth_ros.ros.demo.drawing import STILL, VIDEO, draw
    from spike_depth_ros.ros.demo.run import Run
    from spike_depth_ros.ros.demo.source import open_source
    from spike_depth_ros.ros.demo.table import table
    from spike_depth_ros.ros.demo.window_store import WindowStore

    output = _path(arguments.output)
    check_output_folder(output)
    for name in (STILL, VIDEO):
        check_output_file(output / name)
    source = open_source(_inputs(arguments))
    print(in_words(source.cameras))
    for sentence in source.about():
        print(sentence)
    print(f'ROS domain {domains.choose(DOMAINS)}', flush=True)
    if problem := shared_memory.replace_if_full():
        _complain(arguments, problem)
    store = WindowStore(tolerance_ns=source.hop_ns // 2 + MS_NS)
    with interrupts.deferred():
        result = Run(source, store, interrupts.check).result()
    print(table(result, source.name))
    for sentence in (*result.warnings, *result.failures()):
        _complain(arguments, sentence)
    draw(source.name, source.truth is not None, store, output, source.hop_ns)
    return 1 if result.failures() else 0


def _inputs(arguments: argparse.Namespace) -> 'Inputs':
    from spike_depth_ros.ros.demo.source import Inputs

    if '' in arguments.recording:
        raise ValueError(
            "the recording is '': give a recording, or leave it out of `spike-depth demo` for the "
            'shipped one'
        )
    calibration, right_calibration = (
        os.path.expanduser(text) for text in (arguments.calibration, arguments.right_calibration)
    )
    return Inputs(
        recording=tuple(_path(text) for text in arguments.recording),
        truth=tuple(_path(text) for text in arguments.truth),
        calibration=calibration,
        right_calibration=right_calibration,
        left=arguments.left,
        right=arguments.right,
        model=_path(arguments.model) if arguments.model else None,
        start_s=arguments.start,
        duration_s=arguments.duration,
        hop_ms=arguments.hop_ms,
    )


def _complain(arguments: argparse.Namespace, sentence: str) -> None:
    print(f'{arguments.command}: {sentence}', file=sys.stderr)


def _path(text: str) -> Path:
    """Return a path with ~ expanded."""
    return Path(os.path.expanduser(text))
