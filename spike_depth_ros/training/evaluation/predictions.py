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

"""Predictions of models and matchers for simulated windows."""

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
    """Predictions of a model: depth [n, h, w] in metres of the rig, and what it costs.

    confidence: [n, h, w], None from a model that does not give it. firing: mean firing rate of
    each layer over the windows.
    """

    depth: Depth
    confidence: NDArray[np.float32] | None
    cost: EnergyEstimate
    firing: dict[str, float]


def predict(model: Path, spikes: Spikes, baseline_m: float) -> Prediction:
    """Run a model over spike frames [n, h, w, 4] of a rig; one for one camera takes the left's."""
    engine = DepthEngine(model)
    contract = engine.contract
    scale = baseline_m / contract.baseline_m if contract.channels == 4 else 1.0
    meter, depth, confidence, firing = ActivityMeter(contract), [], [], []
    for frame in tqdm(spikes[..., : contract.channels], desc=model.stem):
        inference = engine.infer(np.ascontiguousarray(frame))
        depth.append(inference.depth * np.float32(scale))
        confidence.append(inference.confidence)
        firing.append(inference.firing_rates)
        meter.add(int(frame.sum()), inference.firing_rates, inference.mean_spikes)
    cost = estimate(contract, meter.take())
    stated = np.stack(confidence) if engine.gives_confidence else None
    rates = dict(zip(contract.layers, np.mean(firing, axis=0).tolist(), strict=True))
    return Prediction(np.stack(depth), stated, cost, rates)


def match(
    matcher: Matcher, spikes: Spikes, focal_baseline: float, depth_m: tuple[float, float]
) -> tuple[Depth, Depth]:
    """Run a matcher over spike frames [n, h, w, 4]; return depth where it matches, and filled.

    Both [n, h, w] in metres, clipped to the range `depth_m`: small wrong disparities would
    otherwise stand for hundreds of metres. NaN without a match.
    """
    name = type(matcher).__name__
    disparity = [matcher.disparity(frame) for frame in tqdm(spikes, desc=name)]
    matched, dense = np.stack(disparity), np.stack([filled(one) for one in disparity])
    far = np.float32(focal_baseline / depth_m[1])
    dense = np.where(np.isfinite(dense), dense, far)  # a window without any match
    return tuple((focal_baseline / d).clip(*depth_m) for d in (matched, dense))
