"""Evaluation of exported models on held-out simulated scenes: `spike-depth evaluate`."""

from pathlib import Path

import numpy as np
from jsonargparse import auto_cli
from jsonargparse.typing import PositiveInt
from numpy.typing import NDArray
from tqdm import tqdm

from spike_depth_ros import metrics
from spike_depth_ros.inference.energy import EnergyEstimate, estimate
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.health import ActivityMeter
from spike_depth_ros.training.data.simulated import SimulatedWindows, prepare
from spike_depth_ros.training.simulator.simulation import SimulationRanges

RIGHT = slice(2, 4)  # channels of the right camera


def evaluate(
    binocular: Path = Path('models/stereospike_binocular.onnx'),
    monocular: Path = Path('models/stereospike_monocular.onnx'),
    folder: Path = Path('runs/simulated'),
    samples: PositiveInt = 256,
) -> None:
    """Print the errors of two models, of the best constant, and with another scene's right frame.

    Then the synaptic operations of a window, and the energy that they stand for.

    Args:
        binocular, monocular: ONNX files.
        folder: simulated windows, made where missing; the test split is used.
        samples: windows, each of a scene of its own.
    """
    prepare(folder / 'test', 'test', samples, SimulationRanges(), workers=2)
    windows = list(SimulatedWindows(folder / 'test', samples))
    spikes = np.stack([window.spikes for window in windows])
    truth = np.stack([window.depth for window in windows])
    wrong_right = spikes.copy()
    wrong_right[..., RIGHT] = np.roll(spikes[..., RIGHT], 1, axis=0)
    constant = np.full_like(truth, metrics.best_constant(truth))
    two_eyes, two_cost = measure(binocular, spikes)
    one_eye, one_cost = measure(monocular, spikes[..., :2])
    rows = {
        'binocular': two_eyes,
        'monocular': one_eye,
        'best constant': constant,
        'binocular, right frame of another scene': predict(binocular, wrong_right),
    }
    print(f'{samples} simulated test windows, all pixels')
    print_errors(rows, truth)
    print_costs({'binocular': two_cost, 'monocular': one_cost})


def print_errors(rows: dict[str, NDArray[np.float32]], truth: NDArray[np.float32]) -> None:
    """Print the errors of depth [n, h, w] in metres as a table, by what gave it."""
    print('| | mean error (m) | median error (m) | AbsRel | delta 1 |')
    print('|---|---|---|---|---|')
    for name, depth in rows.items():
        print(
            f'| {name} | {metrics.mean_depth_error(depth, truth):.3f} '
            f'| {metrics.median_depth_error(depth, truth):.3f} '
            f'| {metrics.abs_rel(depth, truth):.3f} | {metrics.delta1(depth, truth):.3f} |'
        )


def print_costs(costs: dict[str, EnergyEstimate]) -> None:
    """Print what a window costs on neuromorphic hardware as a table, by model."""
    rows = {
        'synaptic operations (million)': [c.synaptic_operations / 1e6 for c in costs.values()],
        'energy (mJ)': [cost.energy_mj for cost in costs.values()],
        'dense network (mJ)': [cost.dense_mj for cost in costs.values()],
    }
    print(f'\n| estimate for a window | {" | ".join(costs)} |')
    print('|---' * (len(costs) + 1) + '|')
    for name, values in rows.items():
        print(f'| {name} | {" | ".join(f"{value:.4g}" for value in values)} |')


def predict(model: Path, spikes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a model's depth [n, h, w] in metres of spike frames [n, h, w, channels]."""
    return measure(model, spikes)[0]


def measure(model: Path, spikes: NDArray[np.uint8]) -> tuple[NDArray[np.float32], EnergyEstimate]:
    """Return a model's depth, as `predict` does, and what a window costs on average."""
    engine = DepthEngine(model)
    meter, depth = ActivityMeter(engine.contract), []
    for frame in tqdm(spikes, desc=model.stem):
        inference = engine.infer(frame)
        depth.append(inference.depth)
        meter.add(int(frame.sum()), inference.firing_rates, inference.mean_spikes)
    activity = meter.take()
    return np.stack(depth), estimate(engine.contract, activity)


def main(arguments: list[str]) -> None:
    """Run `evaluate` with the command line's arguments."""
    auto_cli(evaluate, args=arguments, as_positional=False)
