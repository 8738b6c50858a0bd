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

"""Inference in a thread of its own, behind a bounded queue."""

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
from spike_depth_ros.ros.spike_link import SpikeWindow
from spike_depth_ros.ros.window_queue import WindowQueue

NO_RIG = 'no spikes/info yet'


class Fit(NamedTuple):
    """Hold the rig as far as the model can take its frames, else the reason why not."""

    stream: SpikeStream | None
    reason: str


class Answer(NamedTuple):
    """Hold what the network says of a window: its header, its rig and how many events it had."""

    header: Header
    stream: SpikeStream
    events: int
    inference: Inference


class DepthWorker:
    """Infer depth from the windows that it takes; those that yield none are counted.

    Who takes never waits: a full queue drops its oldest window. publish: gets each answer in the
    worker's thread. warn: gets a sentence about a window without depth. min_events: under which a
    window yields no depth; may change at any time.
    """

    def __init__(
        self,
        engine: DepthEngine,
        capacity: int,
        min_events: int,
        report: DepthReport,
        publish: Callable[[Answer], None],
        warn: Callable[[str], None],
    ) -> None:
        self.min_events = min_events
        self._engine = engine
        self._queue: WindowQueue[tuple[SpikeWindow, Fit]] = WindowQueue(capacity)
        self._report = report
        self._publish = publish
        self._warn = warn
        self._fit = Fit(None, NO_RIG)
        self._problem = ''
        self._doubt = ''
        self._check = StereoCheck()
        self._thread = Thread(target=self._work, name='inference', daemon=True)
        self._thread.start()

    @property
    def reason(self) -> str:
        """Return why nothing is inferred, '' if windows that come are."""
        return self._fit.reason

    @property
    def upstream_problem(self) -> str:
        """Return the problem that the binner reports of its spike frames, or ''."""
        return self._problem

    @property
    def doubts(self) -> list[str]:
        """Return sentences about a rig whose depth can hardly be right."""
        doubts = (self._doubt, self._check.problem(time.monotonic_ns()))
        return [doubt for doubt in doubts if doubt]

    def take_stream(self, stream: SpikeStream, frame_id: str) -> None:
        """Take the rig of all windows until the next call; each has its frame_id itself."""
        reason = self._engine.contract.mismatch(stream)
        if not is_same(stream, self._fit.stream):
            self._check.clear()
        self._fit = Fit(None, reason) if reason else Fit(stream, '')
        self._doubt = '' if reason else implausible_range(self._engine.contract, stream)

    def take_problem(self, problem: str) -> None:
        """Take the problem that the binner reports of its spike frames, or ''."""
        self._problem = problem

    def reject_stream(self, problem: str) -> None:
        """Infer nothing until a rig comes that can be read."""
        self._fit = Fit(None, problem)
        self._doubt = ''
        self._check.clear()

    def take_window(self, window: SpikeWindow) -> None:
        """Let a window wait for its turn."""
        self._report.window_in(time.monotonic_ns())
        self._queue.put((window, self._fit))  # the rig that it was counted by
        self._report.counters.windows_dropped = self._queue.dropped

    def drop_malformed(self, problem: str) -> None:
        """Count an image that is no window."""
        self._report.window_in(time.monotonic_ns())
        self._give_up('windows_malformed', problem)

    def close(self) -> None:
        """Let the thread finish its window, and end it."""
        self._queue.close()
        self._thread.join()

    def _work(self) -> None:
        """Answer windows until the queue is closed."""
        while (waiting := self._queue.get()) is not None:
            try:
                self._answer(*waiting)
            except Exception as error:  # whatever it is, the stream goes on
                self._give_up('windows_failed', ' '.join(str(error).split()) or repr(error))

    def _answer(self, window: SpikeWindow, fit: Fit) -> None:
        """Infer depth from a window, or count why there is none."""
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
        if verdict is Verdict.DEPTH:
            inference = self._engine.infer(window.counts)
            self._publish(Answer(window.header, stream, int(events.sum()), inference))
            if stream.channels == STEREO_CHANNELS:
                self._check.add(window.counts, time.monotonic_ns())
        else:
            self._report.without_depth(_COUNTERS[verdict], cameras=events.tolist())

    def _give_up(self, counter: str, problem: str) -> None:
        self._report.without_depth(counter, problem)
        self._warn(problem)


_COUNTERS = {Verdict.SKIPPED: 'windows_skipped', Verdict.INCOMPLETE: 'windows_incomplete'}
