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
from collections.abc import Callable, Mapping
from threading import Thread
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_frame import STEREO_CHANNELS
from spike_depth_ros.frames.spike_stream import SpikeStream, is_same
from spike_depth_ros.inference.continuity import Reset
from spike_depth_ros.inference.depth_range import implausible_range
from spike_depth_ros.inference.engine import DepthEngine, Inference
from spike_depth_ros.inference.event_age import EventAge
from spike_depth_ros.inference.history import History
from spike_depth_ros.inference.stereo_check import StereoCheck
from spike_depth_ros.inference.verdict import Verdict, camera_events, judge
from spike_depth_ros.ros.conversions import to_ns
from spike_depth_ros.ros.depth_report import DepthReport
from spike_depth_ros.ros.rig_motion import RigMotion
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
        event_age: ages of the events; changes with the next window.
        age_ns: age of the depth, nanoseconds: above 0 if it is that of an earlier window.
    """

    header: Header
    stream: SpikeStream
    events: int
    inference: Inference
    event_age: EventAge
    age_ns: int = 0

    @property
    def is_measured(self) -> bool:
        """Return whether its pixels are measured: not those of each of windows that overlap."""
        return self.age_ns > 0 or len(self.inference.firing_rates) > 0


class DepthWorker:
    """Thread that infers depth from windows; counts those that yield none.

    take_window never waits: a full queue drops its oldest window.

    Attributes:
        min_events: least number of events in a window that yields depth; may change at any time.
        hold_ns: greatest age of the depth of an earlier window that stands in for that of a window
            with too few events, nanoseconds; 0: none does. May change at any time.
        needs_confidence: returns whether anything reads the confidence of each window; called in
            the worker's thread.
    """

    def __init__(
        self,
        engine: DepthEngine,
        capacity: int,
        min_events: int,
        report: DepthReport,
        publish: Callable[[DepthResult], None],
        warn: Callable[[str], None],
        motion: RigMotion | None = None,
    ) -> None:
        """Start the thread.

        Args:
            engine: the network.
            capacity: number of windows that may wait.
            min_events: see the class.
            report: counts the windows.
            publish: called with each result, in the worker's thread.
            warn: called with a sentence about a window that yields no depth.
            motion: moves the network's memory with the rig; None: it stays.
        """
        self.min_events = min_events
        self.hold_ns = 0
        self.needs_confidence: Callable[[], bool] = lambda: True
        self._engine = engine
        self._history, self._motion = History(engine, motion), motion
        self._malformed = False  # an image since the latest window was no spike frame
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

    @property
    def resets(self) -> Mapping[Reset, int]:
        """Return the number of times that the network's memory was forgotten, by cause."""
        return self._history.resets

    @property
    def half_lives_ms(self) -> tuple[float, float] | None:
        """Return the ends of the memory's half lives in force; None without memory."""
        return self._history.half_lives_ms

    def take_stream(self, stream: SpikeStream, frame_id: str) -> None:
        """Take the description of all windows until the next call.

        The first one with windows that overlap, after others, takes as long as loading the model.

        Args:
            stream: description of the spike frames.
            frame_id: their optical frame.
        """
        if self._motion is not None:
            self._motion.frame_id = frame_id
        reason = self._engine.contract.mismatch(stream)
        if not is_same(stream, self._fit.stream):
            self._check.clear()
        self._fit = Fit(None, reason) if reason else Fit(stream, '')
        self._range_warning = '' if reason else implausible_range(self._engine.contract, stream)
        if not reason and stream.hop_ns < stream.window_ns:
            self._engine.load_shorter()  # windows that overlap omit outputs; see History
        elif not reason:
            self._engine.drop_shorter()

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
        if self._motion is not None:
            self._motion.window_in(to_ns(window.header.stamp))
        self._queue.put((window, self._fit))
        self._report.counters.windows_dropped = self._queue.dropped

    def drop_malformed(self, problem: str) -> None:
        """Count an image that is no spike frame."""
        self._report.window_in(time.monotonic_ns())
        self._malformed = True
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
                self._history.forget(Reset.FAILED)
                self._give_up('windows_failed', ' '.join(str(error).split()) or repr(error))

    def _infer(self, window: SpikeWindow, fit: Fit) -> None:
        """Infer depth from a window and publish it, or count why it yields none."""
        stream, reason = fit
        if stream is None:
            self._history.forget(Reset.UNFIT)
            self._give_up('windows_unfit', reason)
            return
        shape = (stream.camera.height, stream.camera.width, stream.channels)
        if window.counts.shape != shape:
            self._malformed = True
            has = f'a spike frame has the shape {window.counts.shape}'
            self._give_up('windows_malformed', f'{has}, but spikes/info promises {shape}')
            return
        if self._malformed:
            self._malformed = False
            self._history.forget(Reset.MALFORMED)
        self._history.enter(window.counts, stream, to_ns(window.header.stamp))
        events = camera_events(window.counts)
        verdict = judge(events, self.min_events)
        result = self._result(window, stream, events, verdict)
        if result is None:
            self._report.without_depth(COUNTERS[verdict], cameras=events.tolist())
            return
        self._publish(result)
        if verdict is Verdict.DEPTH and stream.channels == STEREO_CHANNELS:
            self._check.add(window.counts, time.monotonic_ns())

    def _result(
        self,
        window: SpikeWindow,
        stream: SpikeStream,
        events: npt.NDArray[np.int64],
        verdict: Verdict,
    ) -> DepthResult | None:
        """Return the depth of a window that was entered, None if it has none.

        An incomplete window never gets the depth of an earlier one: a camera that is silent while
        the other is not, is covered or broken, and what moves is seen by one camera alone.

        Args:
            window: the window.
            stream: its description.
            events: number of events of each camera, int64 [cameras].
            verdict: decision about the window.
        """
        age_ns = 0
        if verdict is Verdict.DEPTH:
            inference = self._history.infer(window.counts, self.needs_confidence())
        elif verdict is Verdict.SKIPPED and (held := self._history.held(self.hold_ns)):
            inference, age_ns = held
        else:
            return None
        count, ages = int(events.sum()), self._history.event_age
        return DepthResult(window.header, stream, count, inference, ages, age_ns)

    def _give_up(self, counter: str, problem: str) -> None:
        self._report.without_depth(counter, problem)
        self._warn(problem)
