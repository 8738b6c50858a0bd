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

"""Variants of the networks, and the training and measurement of one of them."""

import time
from pathlib import Path

import numpy as np
import torch
from lightning import seed_everything
from lightning.pytorch import Callback, LightningModule, Trainer

from bench.ablation import held_out, networks
from bench.ablation.windows import JoinedData, Joining, stacked
from spike_depth_ros.training.data.dataset import read_dataset
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.train import command

COINCIDENCE = ['--config', 'config/training/coincidence.yaml']
STEREOSPIKE = [
    *['--config', 'config/training/stereospike_binocular.yaml'],
    *['--model.network.init_args.width=12', '--model.learning_rate=6e-4'],
]
SEPARABLE = ['--config', 'bench/ablation/separable.yaml']


def _size(name: str, value: int) -> list[str]:
    return [*COINCIDENCE, f'--model.network.init_args.{name}={value}']


def _changed(network: type) -> list[str]:
    return [*COINCIDENCE, f'--model.network={network.__module__}.{network.__name__}']


VARIANTS = {
    'coincidence': COINCIDENCE,
    'stereospike': STEREOSPIKE,
    'stereospike_left': [*STEREOSPIKE, '--model.network.init_args.channels=2'],
    'separable': SEPARABLE,
    'one_scale': _changed(networks.OneScale),
    'separate_encoders': _changed(networks.SeparateEncoders),
    'per_polarity': _changed(networks.PerPolarity),
    'reach_24': _size('reach', 24),
    'reach_64': _size('reach', 64),
    'width_8': _size('width', 8),
    'width_24': _size('width', 24),
    'window_25ms': COINCIDENCE,
    'window_50ms': COINCIDENCE,
    'window_100ms': COINCIDENCE,
    'window_two_25ms': _changed(networks.Stacked),
}
JOININGS = {
    'window_25ms': Joining(1),
    'window_50ms': Joining(2),
    'window_100ms': Joining(4),
    'window_two_25ms': Joining(2, stacked),
}
# Training windows of the variants in JOININGS: four frames of 25 ms take longer to simulate.
FEWER = {'config/simulation/sim_flying.yaml': 600}
VALIDATION = 64
TESTED = [Path(f'config/simulation/sim_{name}.yaml') for name in ('flying', 'driving')]
# Fewer windows than the shipped recipes, for trainings of minutes.
COMMON = [
    '--data.datasets={config/simulation/sim_flying.yaml: 3000, '
    'config/simulation/sim_driving.yaml: 1500, config/simulation/sim_sparse.yaml: 2000}',
    '--data.crop_height=128',
    '--data.crop_width=176',
    '--data.batch_size=4',
    '--trainer.logger=false',
    '--trainer.enable_checkpointing=false',
    '--trainer.callbacks=null',
    '--trainer.num_sanity_val_steps=0',
    f'--data.validation_samples={VALIDATION}',
    '--data.workers=1',
]
FIRST = 20  # first steps, not timed: torch compiles in them


class StepTimer(Callback):
    """Times the steps of a training."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_train_batch_end(self, trainer: Trainer, module: LightningModule, *_: object) -> None:
        """Record the end of a step."""
        self.ends.append(time.perf_counter())

    def seconds(self) -> float:
        """Return the median time of a step in seconds."""
        return float(np.median(np.diff(self.ends[FIRST:])))


def measured(name: str, steps: int, seed: int, test: int) -> dict[str, float]:
    """Train a variant; return its size, seconds of a step, and errors.

    Args:
        name: key of VARIANTS.
        steps: number of steps.
        seed: random seed of the training.
        test: number of windows of each test split; 0 for validation errors only.
    """
    torch.set_num_threads(1)
    module, row = train(name, steps, seed)
    for path in TESTED if test and name not in JOININGS else ():
        row |= held_out.errors(module, read_dataset(path), test)
    return row


def train(name: str, steps: int, seed: int) -> tuple[DepthEstimation, dict[str, float]]:
    """Return a trained variant, and its size, seconds of a step, and validation errors."""
    lengths = [f'--trainer.max_steps={steps}', f'--trainer.val_check_interval={steps}']
    arguments = [*VARIANTS[name], *COMMON, *lengths, f'--seed_everything={seed}']
    cli = command(arguments, run=False)
    data, timer = cli.datamodule, StepTimer()
    if name in JOININGS:
        settings = {'validation_samples': VALIDATION, 'workers': 1, 'batch_size': data.batch_size}
        data = JoinedData(JOININGS[name], datasets=FEWER, **settings)
    cli.trainer.callbacks.append(timer)
    seed_everything(seed, workers=True)  # the same crops for all networks
    cli.trainer.fit(cli.model, data)
    errors = {
        metric: round(float(value), 4)
        for metric, value in cli.trainer.callback_metrics.items()
        if metric.startswith('Sim')
    }
    size = sum(weight.numel() for weight in cli.model.network.parameters())
    return cli.model, {'parameters': size, 'seconds': round(timer.seconds(), 4), **errors}
