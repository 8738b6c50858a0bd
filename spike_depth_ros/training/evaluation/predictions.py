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

from spike_depth_ros.inference.energy import EnergyEstimate, estimate
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.health import ActivityMeter
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


def predict(model: Path, spikes: Spikes, baseline_m: float) -> Prediction:
    """Run a model over spike frames; a model for one camera takes those of the left camera.

    Args:
        model: ONNX file.
        spikes: uint8 [n, h, w, channels], n at least 1.
        baseline_m: baseline of the rig, metres.
    """
    engine = DepthEngine(model)
    contract = engine.contract
    scale = baseline_m / contract.baseline_m if contract.channels == 4 else 1.0
    meter, depth, firing = ActivityMeter(contract), [], []
    confidence: list[Depth] = []
    for frame in tqdm(spikes[..., : contract.channels], desc=model.stem):
        inference = engine.infer(np.ascontiguousarray(frame))
        depth.append(inference.depth * np.float32(scale))
        if inference.confidence is not None:
            confidence.append(inference.confidence)
        firing.append(inference.firing_rates)
        meter.add(int(frame.sum()), inference.firing_rates, inference.mean_spikes)
    activity = meter.take()
    assert activity is not None  # at least one spike frame
    rates = dict(zip(contract.layers, np.mean(firing, axis=0).tolist(), strict=True))
    return Prediction(
        np.stack(depth),
        np.stack(confidence) if confidence else None,
        estimate(contract, activity),
        rates,
    )


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
    least = np.float32(focal_baseline / depth_m[1])
    dense = np.stack([filled(sparse) for sparse in disparity])
    dense = np.where(np.isfinite(dense), dense, least)  # in windows without a match

    def depth(disparity: Depth) -> Depth:
        return (focal_baseline / disparity).clip(*depth_m)

    return depth(np.stack(disparity)), depth(dense)
