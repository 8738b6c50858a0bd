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

"""Inference thread of the depth node, behind a bounded queue."""

import time
from collections.abc import Callable
from threading import Thread
from typing import NamedTuple

from std_msgs.msg import Header

from spike_depth_ros.frames.spike_frame import STEREO_CHANNELS
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.inference.depth_range import implausible_range
from spike_depth_ros.inference.engine import DepthEngine, Inference
from spike_depth_ros.inference.stereo_check import StereoCheck
from spike_depth_ros.inference.verdict import Verdict, camera_events, judge
from spike_depth_ros.ros.depth_report import DepthReport
from spike_depth_ros.ros.spike_info import is_same
from spike_depth_ros.ros.spike_link import NO_INFO, SpikeWindow
from spike_depth_ros.ros.window_queue import WindowQueue

# Counters of the windows that yield no depth.
COUNTERS = {Verdict.SKIPPED: 'windows_skipped', Verdict.INCOMPLETE: 'windows_incomplete'}


class Fit(NamedTuple):
    """Result of the comparison of a stream with the model.

    Args:
        stream: description of the spike frames if they fit the model, else None.
        reason: why they do not fit, '' if they do.
    """

    stream: SpikeStream | None
    reason: str


class DepthResult(NamedTuple):
    """Inference of one window.

    Args:
        header: header of the spike frame.
        stream: description of the spike frame.
        events: number of events in the window.
        inference: output of the network.
    """

    header: Header
    stream: SpikeStream
    events: int
    inference: Inference


class DepthWorker:
    """Thread that infers depth from windows; counts those that yield none.

    take_window never waits: a full queue drops its oldest window.

    Attributes:
        min_events: least number of events in a window that yields depth; may change at any time.
    """

    def __init__(
        self,
        engine: DepthEngine,
        capacity: int,
        min_events: int,
        report: DepthReport,
        publish: Callable[[DepthResult], None],
        warn: Callable[[str], None],
    ) -> None:
        """Start the thread.

        Args:
            engine: the network.
            capacity: number of windows that may wait.
            min_events: see the class.
            report: counts the windows.
            publish: called with each result, in the worker's thread.
            warn: called with a sentence about a window that yields no depth.
        """
        self.min_events = min_events
        self._engine = engine
        self._queue: WindowQueue[tuple[SpikeWindow, Fit]] = WindowQueue(capacity)
        self._report = report
        self._publish = publish
        self._warn = warn
        self._fit = Fit(None, NO_INFO)
        self._upstream_problem = ''
        self._range_warning = ''
        self._check = StereoCheck()
        self._thread = Thread(target=self._work, name='inference', daemon=True)
        self._thread.start()

    @property
    def reason(self) -> str:
        """Return why no window is inferred, '' if they are."""
        return self._fit.reason

    @property
    def upstream_problem(self) -> str:
        """Return the problem that the binner reports of its spike frames, or ''."""
        return self._upstream_problem

    @property
    def warnings(self) -> list[str]:
        """Return a sentence for each reason to doubt the depth."""
        warnings = (self._range_warning, self._check.problem(time.monotonic_ns()))
        return [warning for warning in warnings if warning]

    def take_stream(self, stream: SpikeStream, frame_id: str) -> None:
        """Take the description of all windows until the next call.

        Args:
            stream: description of the spike frames.
            frame_id: their optical frame; not used, as each window's header has it.
        """
        reason = self._engine.contract.mismatch(stream)
        if not is_same(stream, self._fit.stream):
            self._check.clear()
        self._fit = Fit(None, reason) if reason else Fit(stream, '')
        self._range_warning = '' if reason else implausible_range(self._engine.contract, stream)

    def take_problem(self, problem: str) -> None:
        """Take the problem that the binner reports of its spike frames, or ''."""
        self._upstream_problem = problem

    def reject_stream(self, problem: str) -> None:
        """Infer nothing until the next valid description; problem: why the last is invalid."""
        self._fit = Fit(None, problem)
        self._range_warning = ''
        self._check.clear()

    def take_window(self, window: SpikeWindow) -> None:
        """Queue a window, with the description that is valid now."""
        self._report.window_in(time.monotonic_ns())
        self._queue.put((window, self._fit))
        self._report.counters.windows_dropped = self._queue.dropped

    def drop_malformed(self, problem: str) -> None:
        """Count an image that is no spike frame."""
        self._report.window_in(time.monotonic_ns())
        self._give_up('windows_malformed', problem)

    def close(self) -> None:
        """End the thread after its current window."""
        self._queue.close()
        self._thread.join()

    def _work(self) -> None:
        """Infer windows until the queue is closed."""
        while (waiting := self._queue.get()) is not None:
            try:
                self._infer(*waiting)
            except Exception as error:  # no error may end the stream
                self._give_up('windows_failed', ' '.join(str(error).split()) or repr(error))

    def _infer(self, window: SpikeWindow, fit: Fit) -> None:
        """Infer depth from a window and publish it, or count why it yields none."""
        stream, reason = fit
        if stream is None:
            self._give_up('windows_unfit', reason)
            return
        shape = (stream.camera.height, stream.camera.width, stream.channels)
        if window.counts.shape != shape:
            has = f'a spike frame has the shape {window.counts.shape}'
            self._give_up('windows_malformed', f'{has}, but spikes/info promises {shape}')
            return
        events = camera_events(window.counts)
        verdict = judge(events, self.min_events)
        if verdict is not Verdict.DEPTH:
            self._report.without_depth(COUNTERS[verdict], cameras=events.tolist())
            return
        inference = self._engine.infer(window.counts)
        self._publish(DepthResult(window.header, stream, int(events.sum()), inference))
        if stream.channels == STEREO_CHANNELS:
            self._check.add(window.counts, time.monotonic_ns())

    def _give_up(self, counter: str, problem: str) -> None:
        self._report.without_depth(counter, problem)
        self._warn(problem)
