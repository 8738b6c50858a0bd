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

"""Depth of models and of conventional stereo for the windows of a data set."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from spike_depth_ros.frames.spike_frame import STEREO_CHANNELS
from spike_depth_ros.geometry.pose import Pose
from spike_depth_ros.inference.energy import EnergyEstimate, estimate
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.health import ActivityMeter
from spike_depth_ros.motion.memory_motion import MemoryMotion
from spike_depth_ros.training.evaluation.holes import filled
from spike_depth_ros.training.evaluation.matchers import Matcher

Spikes = NDArray[np.uint8]
Depth = NDArray[np.float32]


class Prediction(NamedTuple):
    """Predictions of a model.

    Args:
        depth: float32 [n, h, w], metres of the rig.
        confidence: float32 [n, h, w]; None for a model without confidence.
        cost: operations and energy of a window, mean over the windows.
        firing: mean firing rate of each layer over the windows.
    """

    depth: Depth
    confidence: NDArray[np.float32] | None
    cost: EnergyEstimate
    firing: dict[str, float]


class Cost(NamedTuple):
    """Cost of a model.

    Args:
        cost: operations and energy of a window, mean over the windows.
        firing: mean firing rate of each layer over the windows.
    """

    cost: EnergyEstimate
    firing: dict[str, float]


class ModelRun:
    """Model that runs over spike frames, one after the other.

    Attributes:
        contract: contract of the model.
    """

    def __init__(self, engine: DepthEngine, baseline_m: float) -> None:
        """Run a model; one for one camera takes the spike frames of the left camera.

        Args:
            engine: the loaded model.
            baseline_m: baseline of the rig, metres.
        """
        self._engine = engine
        self.contract = engine.contract
        self._motion, self._baseline_m = MemoryMotion(), baseline_m
        is_stereo = self.contract.channels == STEREO_CHANNELS
        self._scale = np.float32(baseline_m / self.contract.baseline_m if is_stereo else 1.0)
        self._meter = ActivityMeter(self.contract)

    @property
    def remembers(self) -> bool:
        """Return whether depth of a window depends on earlier windows."""
        return bool(self.contract.states)

    @property
    def gives_confidence(self) -> bool:
        """Return whether the model gives the confidence of its depth."""
        return self._engine.gives_confidence

    def infer(
        self, spikes: Spikes, elapsed_ns: int | None = None
    ) -> tuple[Depth, NDArray[np.float32] | None]:
        """Return depth in metres of the rig and confidence, float32 [h, w]; None without one.

        Args:
            spikes: uint8 [h, w, channels].
            elapsed_ns: see DepthEngine.infer.
        """
        if elapsed_ns is None:
            self._motion.forget()
        frame = np.ascontiguousarray(spikes[..., : self.contract.channels])
        inference = self._engine.infer(frame, elapsed_ns)
        self._meter.add(int(frame.sum()), inference.firing_rates, inference.mean_spikes)
        return inference.depth * self._scale, inference.confidence

    def move(self, motion: Pose) -> None:
        """Move what the model remembers to where the rig looks after a motion."""
        states, camera = self._engine.memory.states, self.contract.camera
        self._motion.move(states, motion, camera, self._baseline_m)

    def take_cost(self) -> Cost:
        """Return the mean cost of the frames since the previous call, of which there are some."""
        activity = self._meter.take()
        assert activity is not None
        return Cost(estimate(self.contract, activity), activity.firing_rates)


def predict(model: Path, spikes: Spikes, baseline_m: float) -> Prediction:
    """Run a model over spike frames; a model for one camera takes those of the left camera.

    Args:
        model: ONNX file.
        spikes: uint8 [n, h, w, channels], n at least 1.
        baseline_m: baseline of the rig, metres.
    """
    run = ModelRun(DepthEngine(model), baseline_m)
    found = [run.infer(frame) for frame in tqdm(spikes, desc=model.stem)]
    depth, confidence = zip(*found, strict=True)
    cost, firing = run.take_cost()
    stacked = None if confidence[0] is None else np.stack(confidence)
    return Prediction(np.stack(depth), stacked, cost, firing)


def match(
    matcher: Matcher, spikes: Spikes, focal_baseline: float, depth_m: tuple[float, float]
) -> tuple[Depth, Depth]:
    """Run a matcher over spike frames; return depth where it matches, and filled depth.

    Depth is float32 [n, h, w] in metres, NaN without a match. It is clipped to a range: small
    wrong disparities would otherwise give hundreds of metres.

    Args:
        matcher: stereo matching.
        spikes: uint8 [n, h, w, 4].
        focal_baseline: depth in metres times disparity in pixels.
        depth_m: nearest and farthest depth, metres.
    """
    name = type(matcher).__name__
    disparity = [matcher.disparity(frame) for frame in tqdm(spikes, desc=name)]
    found = [in_metres(sparse, focal_baseline, depth_m) for sparse in disparity]
    depth, dense = zip(*found, strict=True)
    return np.stack(depth), np.stack(dense)


def in_metres(
    disparity: Depth, focal_baseline: float, depth_m: tuple[float, float]
) -> tuple[Depth, Depth]:
    """Return the depth of disparities [h, w], NaN without a match, and filled depth.

    Args:
        disparity: float32 [h, w], pixels, NaN without a match.
        focal_baseline: depth in metres times disparity in pixels.
        depth_m: nearest and farthest depth, metres, to which both are clipped.
    """
    least = np.float32(focal_baseline / depth_m[1])
    dense = filled(disparity)
    dense = np.where(np.isfinite(dense), dense, least)  # in windows without a match
    depth, filled_depth = (
        (focal_baseline / each).clip(*depth_m).astype(np.float32) for each in (disparity, dense)
    )
    return depth, filled_depth
