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

"""Past of a stream of windows: memory of the network, its latest depth, and ages of events."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_stream import SpikeStream, is_same
from spike_depth_ros.inference.continuity import Continuity, Reset, longest_gap_ns
from spike_depth_ros.inference.engine import DepthEngine, Inference, Outputs
from spike_depth_ros.inference.event_age import EventAge
from spike_depth_ros.inference.hold import DepthHold, Held

# After these causes the latest depth and the events are those of another time or rig, too.
_ENDS = (Reset.TIME, Reset.STREAM, Reset.UNFIT)


class MotionCompensation(Protocol):
    """Compensation of what a network remembers for the motion of the rig."""

    def move(
        self,
        states: Mapping[str, npt.NDArray[np.float32]],
        span_ns: tuple[int, int],
        stream: SpikeStream,
    ) -> None:
        """Move states, in place, to where the rig looks now.

        Args:
            states: potentials by name, float32 [1, channels, h, w].
            span_ns: ends of the window that was inferred before and of this one, nanoseconds.
            stream: description of the spike frames.
        """

    def forget(self) -> None:
        """Drop a motion that is not yet carried out."""


class History:
    """Inference with what is known from the windows before; forgets what is no longer true.

    Not thread-safe. Times are the stamps of the windows, which are the ends of the windows.

    Attributes:
        event_age: ages of the events of the current stream.
    """

    def __init__(self, engine: DepthEngine, motion: MotionCompensation | None = None) -> None:
        """Know nothing.

        Args:
            engine: the network.
            motion: moves its memory with the rig; None: the memory stays.
        """
        self.event_age = EventAge()
        self._engine, self._motion = engine, motion
        self._hold = DepthHold()
        self._continuity = Continuity(longest_gap_ns(engine.contract.states))
        self._stream: SpikeStream | None = None
        self._stamp_ns = 0
        self._counted_ns: int | None = None  # latest window whose activity was computed

    @property
    def resets(self) -> Mapping[Reset, int]:
        """Return the number of times that memory was forgotten, by cause."""
        return self._continuity.resets

    @property
    def half_lives_ms(self) -> tuple[float, float] | None:
        """Return the shortest and the longest half life in force; None without memory."""
        return self._engine.memory.half_lives_ms

    def enter(self, counts: npt.NDArray[np.uint8], stream: SpikeStream, stamp_ns: int) -> None:
        """Take the next window, whether depth is inferred from it or not.

        Args:
            counts: spike frame, uint8 [h, w, channels].
            stream: description of the spike frame.
            stamp_ns: end of the window, nanoseconds.
        """
        if self._stream is not None:
            if not (stream is self._stream or is_same(stream, self._stream)):
                self.forget(Reset.STREAM)
            elif stamp_ns <= self._stamp_ns:
                self.forget(Reset.TIME)
        self._stream, self._stamp_ns = stream, stamp_ns
        self.event_age.add(counts, stamp_ns)

    def infer(self, counts: npt.NDArray[np.uint8], needs_confidence: bool = True) -> Inference:
        """Infer depth from the spike frame of the window that was entered last.

        Of windows that overlap, the engine computes the activity of one a window's length: firing
        rates are averaged over a second, and the others' events are nearly the same.

        needs_confidence: False if the confidence of a window without activity is not read.

        Raises ValueError if the model's confidence is not finite: some providers turn a depth
        that is no number into the largest one.
        """
        elapsed_ns = self._continuity.elapsed_ns(self._stamp_ns)
        self._move(elapsed_ns)
        if not self._engine.memory.is_finite():
            self.forget(Reset.NOT_FINITE)
            elapsed_ns = None
        outputs = Outputs.WITHOUT_ACTIVITY if needs_confidence else Outputs.DEPTH
        if self._needs_activity():
            outputs, self._counted_ns = Outputs.ALL, self._stamp_ns
        inference = self._engine.infer(counts, elapsed_ns, outputs)
        if inference.confidence is not None and not np.isfinite(inference.confidence).all():
            self._counted_ns = None  # all outputs until they are numbers again
            raise ValueError('the model gives a confidence that is no number: export it again')
        self._continuity.infer(self._stamp_ns)
        self._hold.keep(inference, self._stamp_ns)
        return inference

    def _needs_activity(self) -> bool:
        """Return whether the latest window with activity ends a window's length before this one.

        Half a hop less is enough, since stamps vary.
        """
        if self._counted_ns is None or self._stream is None:
            return True
        elapsed_ns = self._stamp_ns - self._counted_ns
        return not 0 <= elapsed_ns < self._stream.window_ns - self._stream.hop_ns // 2

    def _move(self, elapsed_ns: int | None) -> None:
        """Move the memory by the motion of the rig since a time before the current window."""
        if self._motion is None or self._stream is None:
            return
        if elapsed_ns is None:
            self._motion.forget()
            return
        span_ns = self._stamp_ns - elapsed_ns, self._stamp_ns
        self._motion.move(self._engine.memory.states, span_ns, self._stream)

    def held(self, hold_ns: int) -> Held | None:
        """Return the latest depth for the window that was entered last, None if it is too old.

        hold_ns: greatest age, nanoseconds; 0: never.
        """
        return self._hold.at(self._stamp_ns, hold_ns)

    def forget(self, cause: Reset) -> None:
        """Forget what is no longer true after a cause."""
        self._continuity.forget(cause)
        if cause in _ENDS:
            self._stream = None
            self._hold.clear()
            self.event_age.clear()
