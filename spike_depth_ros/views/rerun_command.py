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

"""Events and depth of a recording in Rerun, without ROS."""

import argparse
import heapq
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import rerun.blueprint as rrb

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.views import paths
from spike_depth_ros.views.layout import layout
from spike_depth_ros.views.output import check_rrd, output
from spike_depth_ros.views.rerun_log import RerunLog, Scene
from spike_depth_ros.views.source import Source, opened
from spike_depth_ros.views.windows import Window, WindowReader

WINDOWS, DEPTHS, TRUTHS, IMAGES = 'windows', 'with depth', 'true depths', 'images'


class Item(NamedTuple):
    """Item to log: time, nanoseconds; kinds to count in the summary; function that logs it."""

    t_ns: int
    kinds: tuple[str, ...]
    log: Callable[[], None]


def view(arguments: argparse.Namespace, path: Path | None) -> int:
    """Write or show a recording; return the exit code.

    Args:
        arguments: arguments of `spike-depth view`.
        path: Rerun file; None: show it in the browser.

    Raises:
        ValueError: one sentence, of this package, for what cannot be read or written.
    """
    if path is not None:
        check_rrd(path)
    with opened(arguments) as source:
        for sentence in source.about:
            print(sentence, flush=True)
        windows = WindowReader(source.recording, source.cameras, source.rig, source.engine)
        with output(path, arguments.port, None if path else signal.pause) as stream:
            stream.send_blueprint(_layout(source))
            camera, cameras = source.engine.contract.camera, len(source.cameras)
            scene = Scene(camera, cameras, windows.range_m, source.start_ns)
            counted = show(source, windows, RerunLog(stream, scene))
            print(', '.join(f'{counted[kind]} {kind}' for kind in counted), flush=True)
    for phrase, number in source.recording.losses.items():
        print(f'left out: {number} {phrase}')
    if path is not None:
        print(f'wrote {path}: `rerun {path}` opens it')
    return 0


def show(source: Source, windows: WindowReader, log: RerunLog) -> Counter[str]:
    """Log all that the source has, in order of time; return the numbers by kind.

    Raises:
        RecordingError: there is no window.
    """
    counted = Counter({WINDOWS: 0, DEPTHS: 0})
    for item in heapq.merge(*_streams(source, windows, log), key=attrgetter('t_ns')):
        item.log()
        counted.update(item.kinds)
    if not counted[WINDOWS]:
        reason = windows.problems[0] if windows.problems else 'too few events'
        raise RecordingError(
            f"The recording '{source.recording.path}' gives no window ({reason}): give another "
            'part of it, or its calibration.'
        )
    return counted


def _streams(source: Source, windows: WindowReader, log: RerunLog) -> list[Iterator[Item]]:
    recording, part = source.recording, (source.start_ns, source.end_ns)

    def of_windows() -> Iterator[Item]:
        for window in windows.read(*part):
            t_ns = window.stamp_ns + source.clock_error_ns
            kinds = (WINDOWS,) if window.depth is None else (WINDOWS, DEPTHS)
            yield Item(t_ns, kinds, partial(_log_window, log, t_ns, window))

    def of_truths() -> Iterator[Item]:
        if source.truth is not None:
            for t_ns, depth in recording.depth(source.truth.stream, *part):
                mapped = source.truth.view.to_network(depth)
                yield Item(t_ns, (TRUTHS,), partial(log.true_depth, t_ns, mapped))

    def of_images(name: str) -> Iterator[Item]:
        stream = next(stream for stream in recording.image_streams if stream.name == name)
        for t_ns, image in recording.images(stream, *part):
            yield Item(t_ns, (IMAGES,), partial(log.image, t_ns, name, image))

    names = [stream.name for stream in recording.image_streams]
    return [of_windows(), of_truths(), *map(of_images, names)]


def _log_window(log: RerunLog, t_ns: int, window: Window) -> None:
    log.spike_frame(t_ns, window.counts)
    if window.depth is None:
        return
    log.depth(t_ns, window.depth)
    log.firing_rates(t_ns, window.firing_rates)
    log.duration(t_ns, paths.INFERENCE_MS, window.inference_ns)
    if window.confidence is not None:
        log.confidence(t_ns, window.confidence)


def _layout(source: Source) -> rrb.Blueprint:
    images = tuple(stream.name for stream in source.recording.image_streams)
    has_truth, has_confidence = source.truth is not None, source.engine.gives_confidence
    return layout(len(source.cameras), has_truth, has_confidence, images, paths.INFERENCE_MS)
