"""Evaluation of exported models on held-out simulated scenes: `spike-depth evaluate`."""

from pathlib import Path

import numpy as np
from jsonargparse import auto_cli
from numpy.typing import NDArray
from tqdm import tqdm

from spike_depth_ros import metrics
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.simulated import SimulatedWindows, prepare
from spike_depth_ros.training.simulator.simulation import SimulationRanges

RIGHT = slice(2, 4)  # channels of the right camera


def evaluate(
    binocular: Path = Path('models/stereospike_binocular.onnx'),
    monocular: Path = Path('models/stereospike_monocular.onnx'),
    folder: Path = Path('runs/simulated'),
    samples: int = 256,
) -> None:
    """Print the errors of two models, of the best constant, and with another scene's right frame.

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
    rows = {
        'binocular': predict(binocular, spikes),
        'monocular': predict(monocular, spikes[..., :2]),
        'best constant': constant,
        'binocular, right frame of another scene': predict(binocular, wrong_right),
    }
    print(f'{samples} simulated test windows, all pixels')
    print('| | mean error (m) | median error (m) | AbsRel | delta 1 |')
    print('|---|---|---|---|---|')
    for name, depth in rows.items():
        print(
            f'| {name} | {metrics.mean_depth_error(depth, truth):.3f} '
            f'| {metrics.median_depth_error(depth, truth):.3f} '
            f'| {metrics.abs_rel(depth, truth):.3f} | {metrics.delta1(depth, truth):.3f} |'
        )


def predict(model: Path, spikes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a model's depth [n, h, w] in metres of spike frames [n, h, w, channels]."""
    engine = DepthEngine(model)
    return np.stack([engine.infer(frame).depth for frame in tqdm(spikes, desc=model.stem)])


def main(arguments: list[str]) -> None:
    """Run `evaluate` with the command line's arguments."""
    auto_cli(evaluate, args=arguments, as_positional=False)
