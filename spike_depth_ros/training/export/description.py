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

"""Contract of an exported file."""

import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.training.checkpoints import Recipe
from spike_depth_ros.training.data.pairs import Pair, counts_of
from spike_depth_ros.training.data.training_data import TrainingData, summary
from spike_depth_ros.training.export.fanouts import fanouts
from spike_depth_ros.training.export.trace import INPUT, trace
from spike_depth_ros.training.networks.analog import is_analog
from spike_depth_ros.training.networks.membrane import membranes
from spike_depth_ros.training.networks.network import DepthNetwork, Trust, evaluating

# The lowest and the highest firing rate of each layer on validation windows, [layers] each.
Envelope = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Provenance:
    """Training data and recipe of a model.

    Args:
        data: summary of the training data.
        recipe: settings of training and export, in words.
    """

    data: TrainingData
    recipe: str


def contract(network: DepthNetwork, provenance: Provenance, envelope: Envelope) -> ModelContract:
    """Return the contract of a network for the spike frames that it was trained on."""
    data = provenance.data
    camera = data.rig.camera
    layers = spikes_of(network, torch.zeros(1, network.channels, camera.height, camera.width))
    traced = trace(network)
    reached = fanouts(traced)
    sizes = {'input': network.channels * camera.height * camera.width}
    sizes |= {name: layer.numel() for name, layer in layers.items()}
    low, high = envelope
    return ModelContract(
        window_ns=data.window_ns,
        channels=network.channels,
        **asdict(camera),
        baseline_m=data.rig.baseline_m,
        depth_min_m=data.depth_m[0],
        depth_max_m=data.depth_m[1],
        layers=tuple(layers),
        sizes=tuple(float(sizes[name]) for name in layers),
        fanouts=tuple(reached[name] for name in layers),
        firing_rate_low=tuple(map(float, low)),
        firing_rate_high=tuple(map(float, high)),
        input_fanout=reached['input'],
        operations=round(
            sum(
                size * reached[name] * (1 if name == INPUT else traced.steps)
                for name, size in sizes.items()
            )
        ),
        training_data=data.provenance,
        recipe=provenance.recipe,
        commit=commit(),
        analog=is_analog(network),
        states=tuple(membrane.described(name) for name, membrane in membranes(network)),
    )


def firing_envelope(network: DepthNetwork, windows: Dataset[Pair]) -> Envelope:
    """Return the lowest and the highest firing rate of each layer over windows."""
    all_send, rates = is_analog(network), []
    for pair in tqdm(windows, desc='firing rates', unit='window'):
        layers = spikes_of(network, counts_of(pair)[:, : network.channels]).values()
        rates.append([1.0 if all_send else float(x.count_nonzero()) / x.numel() for x in layers])
    return np.min(rates, axis=0), np.max(rates, axis=0)


def spikes_of(network: DepthNetwork, counts: Tensor) -> dict[str, Tensor]:
    """Return the spikes of each layer of a network for counts, float [n, channels, h, w]."""
    with torch.no_grad(), evaluating(network):
        return network(counts).spikes


def commit() -> str:
    """Return the repository's commit, 'unknown' outside a checkout and without git."""
    command = ['git', '-C', str(Path(__file__).parent), 'describe', '--always', '--dirty']
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return 'unknown'
    return result.stdout.strip() or 'unknown'


def provenance(
    recipe: Recipe, precision: str, trust: Trust, half_life_ms: float | None = None
) -> Provenance:
    """Return the provenance of a file that is exported from a checkpoint.

    Args:
        recipe: settings of the training.
        precision: precision of the exported weights.
        trust: factors on the evidence and the prior of the network's readout.
        half_life_ms: half life of the readout's potentials that the export set; None: none.
    """
    trusted = (
        ''
        if trust == Trust()
        else f', evidence times {trust.evidence:g}, prior times {trust.prior:g}'
    )
    remembers = '' if half_life_ms is None else f', half life {half_life_ms:g} ms'
    return Provenance(
        summary(recipe.datasets),
        f'{recipe}{trusted}{remembers}; exported with {precision} weights',
    )
