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

"""Windows of a recording with their depth, computed without ROS."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.limits import MAX_WAIT_NS
from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.geometry.rig_map import RigMap
from spike_depth_ros.inference.confidence import to_confidence_image
from spike_depth_ros.inference.depth_image import to_metres
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.history import History
from spike_depth_ros.inference.verdict import MIN_EVENTS, Verdict, camera_events, judge
from spike_depth_ros.recordings.encoded import as_packets
from spike_depth_ros.recordings.recording import EventCamera, EventRecording


@dataclass(frozen=True, eq=False)
class Window:
    """One window.

    Args:
        stamp_ns: end of the window by header stamps, nanoseconds.
        counts: spike frame, uint8 [h, w, channels].
        depth: float32 [h, w], metres; None where there were too few events.
        confidence: float32 [h, w]; None without depth and from a model that gives none.
        firing_rates: firing rate of each layer by name; {} without depth.
        inference_ns: duration of the inference, nanoseconds.
    """

    stamp_ns: int
    counts: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32] | None
    confidence: npt.NDArray[np.float32] | None
    firing_rates: dict[str, float]
    inference_ns: int


class WindowReader:
    """Spike frames of a recording and their depth, in order of time and in constant memory.

    Attributes:
        problems: sentences about packets that could not be counted.
    """

    def __init__(
        self,
        recording: EventRecording,
        cameras: Sequence[EventCamera],
        rig: RigCalibration | None,
        engine: DepthEngine,
        remembers: bool = True,
    ) -> None:
        """Make the pixel tables.

        Args:
            recording: open recording.
            cameras: left and right camera, or one.
            rig: calibration of the cameras; None: they are rectified.
            engine: network for that number of cameras.
            remembers: False to infer each window alone.

        Raises:
            CalibrationError: a camera sees nothing of the network's image.
        """
        self._recording, self._cameras = recording, cameras
        self._engine, self._history, self._remembers = engine, History(engine), remembers
        self._contract = contract = engine.contract
        self._map = RigMap(contract.camera, rig)
        self.problems: list[str] = []
        self._binner = Binner(
            cameras=len(cameras),
            window_ns=contract.window_ns,
            hop_ns=contract.window_ns,
            max_wait_ns=MAX_WAIT_NS,
            width=contract.width,
            height=contract.height,
            make_table=self._map.table,
        )

    @property
    def range_m(self) -> tuple[float, float]:
        """Return nearest and farthest depth of the model on this rig, metres."""
        scale = self._contract.depth_scale(self._stream(np.zeros((1, 1), np.bool_)))
        return self._contract.depth_min_m * scale, self._contract.depth_max_m * scale

    def read(self, start_ns: int, end_ns: int) -> Iterator[Window]:
        """Yield the windows of the events in a half-open range of the recording's time."""
        chunks = self._recording.events(self._cameras, start_ns, end_ns)
        now_ns = start_ns
        for chunk in as_packets(chunks, self._cameras, self._recording.losses):
            assert isinstance(chunk.events, Packet)
            now_ns = chunk.t_ns
            yield from map(self._infer, self._binner.push(chunk.camera, chunk.events, now_ns))
            self._note_problems()
        yield from map(self._infer, self._binner.poll(now_ns + 2 * MAX_WAIT_NS))
        self._note_problems()

    def _note_problems(self) -> None:
        self.problems += [each for each in self._binner.problems if each not in self.problems]
        self._binner.problems.clear()

    def _infer(self, frame: SpikeFrame) -> Window:
        """Return a window with its depth if it has enough events, as the depth node does."""
        mapped = self._binner.mapped
        assert mapped is not None  # a window has events
        stream = self._stream(mapped)
        self._history.enter(frame.counts, stream, frame.stamp_ns)
        if judge(camera_events(frame.counts), MIN_EVENTS) is not Verdict.DEPTH:
            return Window(frame.stamp_ns, frame.counts, None, None, {}, 0)
        begin_ns = time.perf_counter_ns()
        infer = self._history.infer if self._remembers else self._engine.infer
        inference = infer(frame.counts)
        took_ns = time.perf_counter_ns() - begin_ns
        contract, confidence = self._contract, inference.confidence
        scale = contract.depth_scale(stream)
        depth = to_metres(
            inference.depth, mapped, contract.depth_min_m, contract.depth_max_m, scale
        )
        return Window(
            frame.stamp_ns,
            frame.counts,
            depth,
            None if confidence is None else to_confidence_image(confidence, mapped),
            dict(zip(contract.layers, inference.firing_rates.tolist(), strict=True)),
            took_ns,
        )

    def _stream(self, mapped: npt.NDArray[np.bool_]) -> SpikeStream:
        contract, baseline_m = self._contract, self._map.baseline_m
        return SpikeStream(
            window_ns=contract.window_ns,
            hop_ns=contract.window_ns,
            channels=CHANNELS_PER_CAMERA * len(self._cameras),
            camera=contract.camera,
            baseline_m=contract.baseline_m if baseline_m is None else baseline_m,
            sync=self._binner.sync,
            mapped=mapped,
        )
