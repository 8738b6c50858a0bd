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

"""Methods that go through consecutive windows: models, stereo matching, and filters of both."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.spike_frame import STEREO_CHANNELS
from spike_depth_ros.geometry.pose import Pose
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.metrics import RunningMean
from spike_depth_ros.training.data.dataset import DataDescription, Depth
from spike_depth_ros.training.evaluation.holes import filled
from spike_depth_ros.training.evaluation.matchers import Matcher, SemiGlobalMatching
from spike_depth_ros.training.evaluation.predictions import ModelRun, in_metres
from spike_depth_ros.training.evaluation.temporal_filters import (
    DepthFilter,
    ExponentialFilter,
    RecursiveFilter,
)
from spike_depth_ros.training.evaluation.told_motion import MotionKind, Poses, told
from spike_depth_ros.units import MS_NS

Spikes = NDArray[np.uint8]
Elapsed = Sequence[int | None]

T = TypeVar('T')

MATCHER, FORGETTING = 'SGBM', 'forgetting'
EXPONENTIAL, RECURSIVE = 'exponential filter', 'recursive filter'


class Result(NamedTuple):
    """Depth float32 [h, w] in metres, NaN where missing, and its confidence; None without one."""

    depth: Depth
    confidence: NDArray[np.float32] | None


class Source(Protocol):
    """Method that gives depth of spike frames.

    Attributes:
        remembers: whether depth of a window depends on earlier windows.
    """

    remembers: bool

    def infer(self, spikes: Spikes, elapsed_ns: int | None, motion: Pose | None = None) -> Result:
        """Return the depth of a window.

        Args:
            spikes: uint8 [h, w, channels].
            elapsed_ns: time since the end of the window before, ns; None forgets it.
            motion: pose of the left camera in its frame at the window before; None: unknown.
        """
        ...


class ModelSource:
    """Exported model.

    Args:
        run: the model.
        forgets: True forgets each window at once.
        told: motion that the model is told; None: none, and its memory stays.
    """

    def __init__(
        self, run: ModelRun, forgets: bool = False, told: MotionKind | None = None
    ) -> None:
        self._run, self._forgets, self._told = run, forgets, told
        self._generator = np.random.default_rng(0)
        self.remembers = run.remembers and not forgets

    def infer(self, spikes: Spikes, elapsed_ns: int | None, motion: Pose | None = None) -> Result:
        """Return depth in metres of the rig, and confidence; see Source."""
        if self._told and motion is not None and elapsed_ns is not None:
            self._run.move(told(motion, self._told, elapsed_ns, self._generator))
        return Result(*self._run.infer(spikes, None if self._forgets else elapsed_ns))


class MatcherSource:
    """Stereo matching, without a value where it does not match."""

    remembers = False

    def __init__(self, matcher: Matcher, data: DataDescription) -> None:
        self._matcher, self._data = matcher, data

    def infer(self, spikes: Spikes, elapsed_ns: int | None, motion: Pose | None = None) -> Result:
        """Return depth where it matches; see Source."""
        disparity = self._matcher.disparity(spikes)
        return Result(
            in_metres(disparity, self._data.rig.focal_baseline, self._data.depth_m)[0], None
        )


@dataclass
class Stream:
    """A source and filters of its depth, over the same windows.

    Attributes:
        times_ms: time of a window by row, ms; that of a filter without its source.
        confidences: confidence of the source in the windows of the last run; None without one.

    Args:
        name: name of the source's row.
        source: source of depth.
        filters: filters by the names of their rows.
        reference: name of the row without memory with which the rows are compared; '' for none.
        fill_m: nearest and farthest depth, metres, with which the depth of all rows is filled
            where it is missing; see holes.filled. None leaves it missing.
    """

    name: str
    source: Source
    filters: Mapping[str, DepthFilter] = field(default_factory=dict)
    reference: str = ''
    fill_m: tuple[float, float] | None = None
    times_ms: dict[str, RunningMean] = field(default_factory=dict)
    confidences: list[NDArray[np.float32] | None] = field(default_factory=list)

    @property
    def rows(self) -> list[str]:
        """Return the names of the rows: that of the source, and those of the filters."""
        return [self.name, *self.filters]

    def run(
        self,
        windows: Sequence[Spikes],
        elapsed_ns: Elapsed,
        results: Sequence[Result] = (),
        motions: Poses = (),
    ) -> dict[str, list[Depth]]:
        """Return the depth of windows by row.

        Args:
            windows: spike frames, uint8 [h, w, channels].
            elapsed_ns: time since the end of the window before each, ns; None forgets it.
            results: `results` of these windows, where they are known.
            motions: motion before each window, see Source.infer; () where it is unknown.
        """
        motions = motions or [None] * len(windows)
        depths: dict[str, list[Depth]] = {name: [] for name in self.rows}
        self.confidences = []
        for number, (spikes, elapsed) in enumerate(zip(windows, elapsed_ns, strict=True)):
            motion = motions[number]
            result = results[number] if results else self._infer(spikes, elapsed, motion)
            depths[self.name].append(self._whole(result.depth))
            self.confidences.append(result.confidence)
            elapsed_ms = None if elapsed is None else elapsed / MS_NS
            for name, one in self.filters.items():
                depth = self._timed(name, one.filtered, *result, elapsed_ms)
                depths[name].append(self._whole(depth))
        return depths

    def results(self, windows: Sequence[Spikes]) -> list[Result]:
        """Return the results of the source, which forgets each window."""
        return [self._infer(spikes, None) for spikes in windows]

    def _infer(self, spikes: Spikes, elapsed_ns: int | None, motion: Pose | None = None) -> Result:
        return self._timed(self.name, self.source.infer, spikes, elapsed_ns, motion)

    def _timed(self, name: str, call: Callable[..., T], *arguments: Any) -> T:
        start_s = time.perf_counter()
        result = call(*arguments)
        spent_ms = 1e3 * (time.perf_counter() - start_s)
        self.times_ms.setdefault(name, RunningMean()).add(spent_ms)
        return result

    def _whole(self, depth: Depth) -> Depth:
        if self.fill_m is None:
            return depth
        near, far = self.fill_m
        dense = np.float32(1) / filled(np.float32(1) / depth)
        return np.where(np.isfinite(dense), dense, np.float32(far)).clip(near, far)


def streams(
    models: Sequence[Path],
    data: DataDescription,
    with_matchers: bool,
    motion: Sequence[MotionKind] = (),
) -> list[Stream]:
    """Return the streams of an evaluation.

    A model with memory has a second stream that forgets every window, and one more for each motion
    that it is told. Filters run on the depth of models without memory, and on that of semi-global
    matching.

    Args:
        models: ONNX files.
        data: description of the data set.
        with_matchers: evaluate semi-global matching too.
        motion: motions that models with memory are told.
    """
    found = []
    for model in models:
        run, name = _run_of(model, data), model.stem
        if run.remembers:
            forgetting = f'{name}, {FORGETTING}'
            found.append(Stream(name, ModelSource(run), reference=forgetting))
            for kind in motion:
                moved = ModelSource(_run_of(model, data), told=kind)
                found.append(Stream(f'{name}, {kind}', moved, reference=forgetting))
            run, name = _run_of(model, data), forgetting
        source = ModelSource(run, forgets=True)
        found.append(Stream(name, source, _filters(name, run, data), name))
    if with_matchers and data.channels == STEREO_CHANNELS:
        found.append(_matching(data))
    return found


def _matching(data: DataDescription) -> Stream:
    smooth = ExponentialFilter(data.rig.focal_baseline, window_ms=data.window_ns / MS_NS)
    filters = {f'{MATCHER}, {EXPONENTIAL}': smooth}
    source = MatcherSource(SemiGlobalMatching(), data)
    return Stream(MATCHER, source, filters, MATCHER, data.depth_m)


def _filters(name: str, run: ModelRun, data: DataDescription) -> dict[str, DepthFilter]:
    """Return the filters of a model without memory, by the names of their rows."""
    window_ms = data.window_ns / MS_NS
    exponential = ExponentialFilter(data.rig.focal_baseline, window_ms=window_ms)
    filters: dict[str, DepthFilter] = {f'{name}, {EXPONENTIAL}': exponential}
    if run.gives_confidence:
        filters[f'{name}, {RECURSIVE}'] = RecursiveFilter(window_ms=window_ms)
    return filters


def _run_of(model: Path, data: DataDescription) -> ModelRun:
    return ModelRun(DepthEngine(model), data.rig.baseline_m)
