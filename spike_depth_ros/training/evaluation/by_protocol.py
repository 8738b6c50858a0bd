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

"""Errors by the protocol of a data set, in its own view, window by window."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from spike_depth_ros import metrics
from spike_depth_ros.frames.spike_frame import STEREO_CHANNELS, left_event_pixels
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.depth_view import RectifiedView
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.protocols import Errors, protocol
from spike_depth_ros.training.data.dataset import (
    DataDescription,
    Depth,
    DepthWindow,
    DepthWindows,
)
from spike_depth_ros.training.evaluation.holes import filled
from spike_depth_ros.training.evaluation.matchers import Matcher, new_matchers, row_names
from spike_depth_ros.training.evaluation.predictions import Cost, ModelRun, in_metres

CONSTANT_FROM = 64  # windows whose median depth is the constant

Spikes = NDArray[np.uint8]
Method = Callable[[Spikes], Iterable[tuple[str, Depth]]]


def protocol_rows(
    models: Sequence[Path], windows: DepthWindows, data: DataDescription, with_matchers: bool
) -> tuple[dict[str, dict[str, float]], dict[str, Cost]]:
    """Return the errors of each method by the data set's protocol, and the cost of each model.

    Args:
        models: ONNX files.
        windows: test windows; only one at a time is in memory.
        data: description of the data set.
        with_matchers: compare the stereo matching of OpenCV and dv-processing, and a constant.
    """
    runs = {model.stem: ModelRun(DepthEngine(model), data.rig.baseline_m) for model in models}
    methods: list[Method] = [_of_model(name, run) for name, run in runs.items()]
    if with_matchers:
        methods.append(_constant(windows))
        if data.channels == STEREO_CHANNELS:
            methods += [_of_matcher(*named, data) for named in new_matchers().items()]
    errors: dict[str, Errors] = {}
    views: dict[PinholeCamera, RectifiedView] = {}
    for index in tqdm(range(len(windows)), desc=data.name, unit='window'):
        window = windows[index]
        own = OwnView(window, data, views)
        for method in methods:
            for name, depth in method(window.spikes):
                table = errors.setdefault(name, Errors(protocol(data.protocol)))
                table.add(own.depth(depth), own.truth, own.has_events, own.focal_baseline)
    rows = {name: table.values() for name, table in errors.items()}
    return rows, {name: run.take_cost() for name, run in runs.items()}


class OwnView:
    """A window in the view in which its data set measures errors.

    Attributes:
        truth: true depth, float32 [h, w], metres; NaN where unknown.
        has_events: bool [h, w], True for pixels with events of the left camera.
        focal_baseline: depth in metres times disparity in pixels of the view.
    """

    def __init__(
        self,
        window: DepthWindow,
        data: DataDescription,
        views: dict[PinholeCamera, RectifiedView],
    ) -> None:
        """Map the window to its view.

        Args:
            window: the window.
            data: description of its data set.
            views: maps by the camera of the view; a missing one is added.
        """
        has_events = left_event_pixels(window.spikes)
        if window.view is None:
            self._view = None
            self.truth, self.has_events = window.depth, has_events
            self.focal_baseline = data.focal_baseline
            return
        camera = window.view.camera
        if camera not in views:
            views[camera] = RectifiedView(camera, data.rig.camera)
        self._view = views[camera]
        self.truth = window.view.depth
        self.has_events = self._view.mask_to_view(has_events)
        self.focal_baseline = window.view.camera.f * data.rig.baseline_m

    def depth(self, depth: Depth) -> Depth:
        """Return predicted depth of the network's image in the view.

        Pixels of the view that the network's image does not show are filled: see holes.filled.
        Holes of the prediction itself stay.
        """
        if self._view is None:
            return depth
        found = self._view.to_view(depth)
        return np.where(self._view.shown, found, 1 / filled(np.float32(1) / found))


def _of_model(name: str, run: ModelRun) -> Method:
    def method(spikes: Spikes) -> Iterator[tuple[str, Depth]]:
        yield name, run.infer(spikes)[0]

    return method


def _of_matcher(name: str, matcher: Matcher, data: DataDescription) -> Method:
    def method(spikes: Spikes) -> Iterator[tuple[str, Depth]]:
        disparity = matcher.disparity(spikes)
        sparse, dense = in_metres(disparity, data.rig.focal_baseline, data.depth_m)
        yield from zip(row_names(name), (sparse, dense), strict=True)

    return method


def typical_depth(windows: Iterable[DepthWindow]) -> np.float32:
    """Return the median depth of the first CONSTANT_FROM windows, metres."""
    first = [window.depth for window in islice(windows, CONSTANT_FROM)]
    return np.float32(metrics.best_constant(np.stack(first)))


def _constant(windows: DepthWindows) -> Method:
    median = typical_depth(windows[index] for index in range(len(windows)))

    def method(spikes: Spikes) -> Iterator[tuple[str, Depth]]:
        yield 'constant', np.full(spikes.shape[:2], median, np.float32)

    return method
