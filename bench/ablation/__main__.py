"""Train variants of the networks alike and compare them: `python -m bench.ablation --only NAME`.

Each is `spike-depth train` with the arguments below, in one thread, and then has its errors
measured on 64 validation windows of each benchmark, in metres at the network's baseline, and, if
asked to, on windows of the test splits, in metres of the benchmark's rig. Rows go to a file as
they come; tables are of all rows there: means over the seeds, and how far any is from them.
"""

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import seed_everything
from lightning.pytorch import Callback, LightningModule, Trainer

from bench.ablation import held_out, networks
from bench.ablation.windows import JoinedData, Joining, stacked
from spike_depth_ros.training.data.benchmark import read_benchmark
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.train import command

COINCIDENCE = ['--config', 'config/training/coincidence.yaml']
STEREOSPIKE = ['--config', 'config/training/stereospike_binocular.yaml']
SEPARABLE = ['--config', 'config/training/separable.yaml']


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
# Four frames of 25 ms take longer to simulate.
FEWER = {'config/simulation/sim_flying.yaml': 600}
VALIDATION = 64
TESTED = [Path(f'config/simulation/sim_{name}.yaml') for name in ('flying', 'driving')]
ALIKE = [
    '--trainer.logger=false',
    '--trainer.enable_checkpointing=false',
    '--trainer.callbacks=null',
    '--trainer.num_sanity_val_steps=0',
    f'--data.validation_samples={VALIDATION}',
    '--data.workers=1',
]
FIRST = 20  # steps, in which torch compiles, and which are not timed
LEADING = ('variant', 'steps', 'seeds', 'parameters (million)', 's a step')


class StepTimer(Callback):
    """Times the steps of a training."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_train_batch_end(self, trainer: Trainer, module: LightningModule, *_: object) -> None:
        """Note when a step ends."""
        self.ends.append(time.perf_counter())

    def seconds(self) -> float:
        """Return the median of what a step took."""
        return float(np.median(np.diff(self.ends[FIRST:])))


def main() -> None:
    """Train what is asked for, and print tables of all rows in the file."""
    parser = argparse.ArgumentParser(prog='python -m bench.ablation', description=__doc__)
    parser.add_argument('--only', nargs='+', choices=VARIANTS, default=[], help='default: none')
    parser.add_argument('--steps', type=int, default=600, help='of each training (600)')
    parser.add_argument('--seeds', type=int, nargs='+', default=[1, 2, 3], help='1 2 3')
    parser.add_argument('--test', type=int, default=0, help='windows of each test split (none)')
    parser.add_argument('--output', type=Path, default=Path('runs/ablation.jsonl'))
    arguments = parser.parse_args()
    if arguments.steps < FIRST + 2:
        parser.error(f'--steps is {arguments.steps}: use {FIRST + 2} or more')
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.touch()
    torch.set_num_threads(1)
    for seed in arguments.seeds:
        for name in arguments.only:
            row = {'name': name, 'steps': arguments.steps, 'seed': seed}
            module, measured = train(name, arguments.steps, seed)
            row |= measured
            for path in TESTED if arguments.test and name not in JOININGS else ():
                row |= held_out.errors(module, read_benchmark(path), arguments.test)
            with arguments.output.open('a') as file:
                file.write(json.dumps(row) + '\n')
    rows = [json.loads(line) for line in arguments.output.read_text().splitlines()]
    for alike in (False, True):
        print(table([row for row in rows if (row['name'] in JOININGS) == alike]), '\n')


def train(name: str, steps: int, seed: int) -> tuple[DepthEstimation, dict[str, float]]:
    """Return a trained variant, and how large it is, seconds of a step, and validation errors."""
    torch.compiler.reset()  # recompiles few functions of one name
    lengths = [f'--trainer.max_steps={steps}', f'--trainer.val_check_interval={steps}']
    arguments = [*VARIANTS[name], *ALIKE, *lengths, f'--seed_everything={seed}']
    cli = command(arguments, run=False)
    data, timer = cli.datamodule, StepTimer()
    if name in JOININGS:
        alike = {'validation_samples': VALIDATION, 'workers': 1, 'batch_size': data.batch_size}
        data = JoinedData(JOININGS[name], benchmarks=FEWER, **alike)
    cli.trainer.callbacks.append(timer)
    seed_everything(seed, workers=True)  # the same crops, however many weights were drawn
    cli.trainer.fit(cli.model, data)
    errors = {
        metric: round(float(value), 4)
        for metric, value in cli.trainer.callback_metrics.items()
        if metric.startswith('Sim')
    }
    size = sum(weight.numel() for weight in cli.model.network.parameters())
    return cli.model, {'parameters': size, 'seconds': round(timer.seconds(), 4), **errors}


def table(rows: list[dict[str, Any]]) -> str:
    """Return a line for each variant and number of steps, as Markdown."""
    latest = {(row['name'], row['steps'], row['seed']): row for row in rows}
    groups = defaultdict(list)
    for (name, steps, _), row in latest.items():
        groups[name, steps].append(row)
    metrics = list(dict.fromkeys(name for row in rows for name in row if name.startswith('Sim')))
    lines = [[*LEADING, *metrics], ['---'] * (len(LEADING) + len(metrics))]
    for (name, steps), group in groups.items():
        seeds = ' '.join(str(row['seed']) for row in group)
        size = f'{group[0]["parameters"] / 1e6:.2f}'
        seconds = f'{np.median([row["seconds"] for row in group]):.2f}'
        told = [_told([row[metric] for row in group if metric in row]) for metric in metrics]
        lines.append([name, str(steps), seeds, size, seconds, *told])
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _told(values: list[float]) -> str:
    if not values:
        return '-'
    mean = float(np.mean(values))
    spread = max(abs(value - mean) for value in values)
    return f'{mean:.3f} ± {spread:.3f}' if len(values) > 1 else f'{mean:.3f}'


if __name__ == '__main__':
    main()
