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

"""Compare the simulator's rate with that of training steps, plain and compiled."""

from functools import partial
from pathlib import Path

import torch

from bench.timing import medians
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.data.dataset import read_dataset
from spike_depth_ros.training.data.simulated import SimulatedDataset
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork

CONFIG = Path(__file__).parents[1] / 'config/simulation'
FRAME = f'{MVSEC_RIG.camera.width} x {MVSEC_RIG.camera.height}'
WINDOWS = 4  # each of another scene
BATCH, HEIGHT, WIDTH = 4, 128, 176


def run() -> list[dict[str, object]]:
    """Return rows of windows simulated and crops trained on per second, in one thread.

    If there is a GPU, it is measured too.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    devices = ['cpu', 'cuda'] if torch.cuda.is_available() else ['cpu']
    rows = [row for device in devices for row in _on(device)]
    torch.set_num_threads(threads)
    return rows


def _on(device: str) -> list[dict[str, object]]:
    datasets = [read_dataset(CONFIG / f'sim_{name}.yaml') for name in ('flying', 'driving')]
    ways = {
        f'{dataset.name}, windows of {FRAME}, one thread, {device}': partial(
            _simulate, dataset, dataset.bank('train', device)
        )
        for dataset in datasets
    }
    steps = {
        f'{how} step of training, crops of {WIDTH} x {HEIGHT}, one thread, {device}': partial(
            _train, _estimation(device, compiled=how == 'compiled'), device
        )
        for how in ('plain', 'compiled')
    }
    seconds = medians({**ways, **steps})
    amounts = dict.fromkeys(ways, WINDOWS) | dict.fromkeys(steps, BATCH)
    return [
        {'name': name, 'value': round(amounts[name] / spent, 2), 'unit': '1/s'}
        for name, spent in seconds.items()
    ]


def _simulate(dataset: SimulatedDataset, bank: torch.Tensor) -> None:
    for index in range(WINDOWS):
        dataset.sample('train', index, bank)


def _estimation(device: str, compiled: bool) -> DepthEstimation:
    torch.manual_seed(0)
    return DepthEstimation(CoincidenceNetwork(), compiled=compiled).to(device)


def _train(estimation: DepthEstimation, device: str) -> None:
    counts = torch.poisson(torch.full((BATCH, 4, HEIGHT, WIDTH), 0.2, device=device))
    depth = torch.ones(BATCH, 1, HEIGHT, WIDTH, device=device)
    with torch.autocast(device, dtype=torch.bfloat16):
        loss = estimation.step(counts.to(torch.uint8), depth)['loss']
    loss.backward()
    float(loss.detach())  # waits for the GPU
