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

"""Scores of a run: depth errors, loss and firing rates on the windows of a split."""

import json
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.depth_view import RectifiedView
from spike_depth_ros.outputs import whole_file
from spike_depth_ros.protocols import Averaged, Errors, of_thirds, protocol
from spike_depth_ros.training.data.dataset import (
    DataDescription,
    Depth,
    DepthDataset,
    DepthWindow,
    DepthWindows,
    Split,
    read_dataset,
)
from spike_depth_ros.training.data.pairs import pictures_of
from spike_depth_ros.training.estimation import DepthEstimation, from_checkpoint
from spike_depth_ros.training.evaluation.by_protocol import OwnView, typical_depth
from spike_depth_ros.training.networks.network import Output
from spike_depth_ros.training.reproduce.energy import Energy
from spike_depth_ros.training.reproduce.runs import Run

PARAMETERS = 'parameters (M)'
GAP, OTHER = 'gap', 'other'
CONSTANT = 'constant depth'
STORE = 'scores.json'

Scores = dict[str, float]
Groups = Mapping[str, tuple[str, ...]]


def of_run(run: Run, parts: set[str], layers: Groups) -> Scores:
    """Return the scores of a trained run, measured once and stored in its folder.

    Their names begin with the part: 'test: ', 'train: ', 'validation: ', 'other: ' (another data
    set) or 'gap: ' (test minus train).

    Args:
        run: a run that has been trained.
        parts: parts that are needed.
        layers: groups of layers; see Paper.layers.
    """
    stored = _stored(run)
    named: Scores = {}
    for part in sorted(_measured_parts(parts)):
        dataset, split, count = _windows(run, part)
        key = _key(run, part)
        if key not in stored:
            stored[key] = _measured(run, dataset, split, count)
            with whole_file(run.folder / STORE) as unfinished:
                unfinished.write_text(json.dumps(stored, indent=1) + '\n')
        named |= {f'{part}: {name}': value for name, value in stored[key].items()}
        named |= _grouped(stored[key], part, layers)
    if GAP in parts:
        named |= _gaps(named)
    return named


def is_scored(run: Run, parts: set[str]) -> bool:
    """Return whether the scores of some parts are stored."""
    return {_key(run, part) for part in _measured_parts(parts)} <= _stored(run).keys()


def prepare(run: Run, parts: set[str]) -> None:
    """Make the windows of some parts that are missing."""
    for part in _measured_parts(parts):
        dataset, split, count = _windows(run, part)
        dataset.prepare(split, count, run.preparation)


def _measured_parts(parts: set[str]) -> set[str]:
    return (parts - {GAP}) | ({'test', 'train'} if GAP in parts else set())


def _stored(run: Run) -> dict[str, Scores]:
    file = run.folder / STORE
    stored: dict[str, Scores] = json.loads(file.read_text()) if file.exists() else {}
    return stored


def _key(run: Run, part: str) -> str:
    """Return the name under which the scores of a part are stored."""
    dataset, _, count = _windows(run, part)
    averaged = ', averaged over images' if run.setup.recipe.averaged == 'images' else ''
    return f'{part}, {count} windows of {dataset.description.name}{averaged}'


def _windows(run: Run, part: str) -> tuple[DepthDataset, Split, int]:
    """Return data set, split and number of windows of a part."""
    measured = run.setup.recipe.measured
    if part == OTHER:
        assert run.setup.recipe.other is not None and measured is not None
        return read_dataset(run.setup.recipe.other), 'test', measured
    split: Split = part  # type: ignore[assignment]  # the other parts have the splits' names
    count = run.count(split)
    return run.dataset, split, min(count, measured or count)


def _measured(run: Run, dataset: DepthDataset, split: Split, count: int) -> Scores:
    preparation = run.preparation
    dataset.prepare(split, count, preparation)
    module = from_checkpoint(run.checkpoint).to(run.setup.device).eval()
    windows = dataset.windows(split, count, preparation)
    return measured(module, windows, dataset.description, split, run.setup.recipe.averaged)


@torch.no_grad()
def measured(
    module: DepthEstimation,
    windows: DepthWindows,
    data: DataDescription,
    split: str,
    averaged: Averaged = 'pixels',
) -> Scores:
    """Return errors, mean loss, mean firing rate of each layer (%), energy and parameters.

    Errors are those of the general table of protocols.py, and of thirds of the range of depth.

    The errors of a constant, the median depth of the windows, are beside those of the network as
    `constant depth, mean depth error (cm)` and so on. Depth and errors are in metres and cm of the
    data set's rig; weights are float32.

    Args:
        module: trained network and its loss, in evaluation mode.
        windows: windows of a split.
        data: description of their data set.
        split: name of the split, for the progress bar.
        averaged: average errors over pixels or images.
    """
    columns = (*protocol(''), *of_thirds(data.depth_m))
    errors, baseline = (Errors(columns, averaged) for _ in range(2))
    losses, energy = [], Energy(module.network)
    constant = typical_depth(_in_range(windows[n], data) for n in range(len(windows)))
    rates: dict[str, list[float]] = {}
    views: dict[PinholeCamera, RectifiedView] = {}
    scale = np.float32(data.network_scale)
    for index in tqdm(range(len(windows)), desc=f'{data.name} {split}', unit='window'):
        window = _in_range(windows[index], data)
        output, inputs, loss = _inferred(module, window, scale)
        depth: Depth = output.log_depth[-1, 0, 0].float().exp().cpu().numpy()
        own = OwnView(window, data, views)
        compared = own.truth, own.has_events, own.focal_baseline
        errors.add(own.depth(depth / scale), *compared)
        baseline.add(np.full_like(own.truth, constant), *compared)
        losses.append(loss)
        energy.add(inputs, output)
        for name, layer in output.spikes.items():
            rates.setdefault(name, []).append(float((layer != 0).float().mean()))
    firing = {f'firing of {name}': 100 * float(np.mean(each)) for name, each in rates.items()}
    beside = {f'{CONSTANT}, {name}': value for name, value in baseline.values().items()}
    parameters = sum(weight.numel() for weight in module.network.parameters()) / 1e6
    more = {'loss': float(np.mean(losses)), PARAMETERS: parameters, **energy.values()}
    return {**errors.values(), **beside, **more, **firing}


def _in_range(window: DepthWindow, data: DataDescription) -> DepthWindow:
    """Return a window without true depth beyond the data set's range.

    Data sets with a protocol say themselves which depth is valid.
    """
    if data.protocol:
        return window
    near, far = data.depth_m
    inside = (window.depth >= near) & (window.depth <= far)
    return window._replace(depth=np.where(inside, window.depth, np.float32(np.nan)))


def _inferred(
    module: DepthEstimation, window: DepthWindow, scale: np.float32
) -> tuple[Output, Tensor, float]:
    """Return output, input and loss of a window; scale: DataDescription.network_scale."""
    spikes = torch.from_numpy(window.spikes.transpose(2, 0, 1)[None].copy()).to(module.device)
    truth = torch.from_numpy(window.event_depth[None, None] * scale).to(module.device)
    pictures = None
    if module.network.pictures:
        stacked = np.stack(pictures_of(window, module.network.pictures))[None]
        pictures = torch.from_numpy(stacked).to(module.device)
    inputs = module.inputs(spikes, pictures)
    output: Output = module.network(inputs)
    return output, inputs, float(module.depth_terms(output, spikes, truth)['loss'])


def _grouped(scores: Scores, part: str, layers: Groups) -> Scores:
    """Return the mean firing rates of groups of layers, and of all."""
    rates = {
        name.removeprefix('firing of '): value
        for name, value in scores.items()
        if name.startswith('firing of ')
    }
    groups = {**layers, 'all layers': ('',)} if rates else {}  # a network of pictures has none
    return {
        f'{part}: firing, {group} (%)': float(
            np.mean([rate for layer, rate in rates.items() if layer.startswith(beginnings)])
        )
        for group, beginnings in groups.items()
    }


def _gaps(scores: Scores) -> Scores:
    """Return the differences between test and train."""
    names = [name.removeprefix('test: ') for name in scores if name.startswith('test: ')]
    return {f'{GAP}: {name}': scores[f'test: {name}'] - scores[f'train: {name}'] for name in names}


def of_constant(score: str) -> str:
    """Return the name of the constant's score that stands beside a network's."""
    part, _, name = score.partition(': ')
    return f'{part}: {CONSTANT}, {name}'


def parts_of(scores: set[str]) -> set[str]:
    """Return the parts that scores belong to."""
    return {score.partition(': ')[0] for score in scores}
