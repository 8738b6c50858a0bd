"""Comparison of models on held-out simulated scenes: `spike-depth evaluate`."""

from pathlib import Path

import numpy as np
from jsonargparse import auto_cli
from jsonargparse.typing import PositiveInt

from spike_depth_ros import metrics
from spike_depth_ros.inference.energy import EnergyEstimate
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.benchmark import (
    LEFT,
    NETWORK,
    RIGHT,
    Benchmark,
    read_benchmark,
)
from spike_depth_ros.training.data.module import caused_depth
from spike_depth_ros.training.data.simulated import SampleFolder, SimulatedWindows
from spike_depth_ros.training.evaluation.matchers import SemiDense, SemiGlobalMatching
from spike_depth_ros.training.evaluation.predictions import Prediction, Spikes, match, predict
from spike_depth_ros.training.evaluation.scores import (
    Depth,
    Truth,
    reliability,
    save,
    scores,
    table,
)

EVERYWHERE = ['mean error (m)', 'median error (m)', 'AbsRel', 'RMSE log', 'delta 1', '1PA', '2PA']
EVERYWHERE += ['coverage']
AT_EVENTS = ['mean error (m)', 'disparity error (px)', '1PA', '2PA', 'coverage']
AT_EVENTS = [f'events: {name}' for name in (*AT_EVENTS, '1PA, missing wrong')]


def evaluate(
    models: list[Path],
    benchmark: Path = Path('config/simulation/sim_flying.yaml'),
    matchers: bool = True,
    folder: Path = Path('runs/simulated'),
    samples: PositiveInt = 256,
    output: Path | None = None,
) -> None:
    """Print the errors of models, of the best constant and of conventional stereo.

    Then the synaptic operations of a window, and the energy that they stand for.

    Args:
        models: ONNX files; those for two cameras also with another scene's right frame.
        benchmark: YAML file; its test split is used.
        matchers: compare with OpenCV's and dv-processing's stereo.
        folder: simulated windows, made where missing.
        samples: windows, each of a scene of its own.
        output: JSON file for all scores.
    """
    described = read_benchmark(benchmark)
    kept = SampleFolder(folder, described, 'test')
    kept.prepare(samples, workers=2)
    spikes, truth = read(kept.windows(samples), described)
    depths, said = predictions(models, spikes, described)
    constant = np.full_like(truth.depth, metrics.best_constant(truth.depth))
    depths['best constant'] = constant
    if matchers:
        depths |= matched(spikes, truth, described)
    rows = {name: scores(depth, truth) for name, depth in depths.items()}
    print(f'{described.name}, {samples} simulated test windows\n')
    print(table(rows, EVERYWHERE), '\n')
    print(table(rows, AT_EVENTS), '\n')
    for name, one in said.items():
        if one.confidence is not None:
            print(f'Confidence of {name}\n')
            parts = reliability(one.depth, one.confidence, truth)
            print(table(parts, ['mean confidence', 'share right']), '\n')
    print_costs({name: (one.cost, one.firing) for name, one in said.items()})
    if output is not None:
        save(output, rows)


def read(windows: SimulatedWindows, benchmark: Benchmark) -> tuple[Spikes, Truth]:
    """Return spike frames [n, h, w, 4] and the truth within the benchmark's range."""
    near, far = benchmark.depth_m
    samples = list(windows)

    def within(depth: Depth) -> Depth:
        return np.where((depth >= near) & (depth <= far), depth, np.float32(np.nan))

    depth, caused = (
        within(np.stack(maps).astype(np.float32))
        for maps in (
            [sample.depth for sample in samples],
            [caused_depth(sample) for sample in samples],
        )
    )
    spikes = np.stack([sample.spikes for sample in samples])
    has_events = spikes[..., LEFT].any(-1)
    return spikes, Truth(depth, caused, has_events, NETWORK.f * benchmark.baseline_m)


def predictions(
    models: list[Path], spikes: Spikes, benchmark: Benchmark
) -> tuple[dict[str, Depth], dict[str, Prediction]]:
    """Return depth by name, also with another scene's right frame, and all a model says."""
    other_scene = spikes.copy()
    other_scene[..., RIGHT] = np.roll(spikes[..., RIGHT], 1, axis=0)
    said = {model.stem: predict(model, spikes, benchmark.baseline_m) for model in models}
    depths = {name: one.depth for name, one in said.items()}
    for model in models:
        if DepthEngine(model).contract.channels == 4:
            wrong = predict(model, other_scene, benchmark.baseline_m).depth
            depths[f"{model.stem}, another scene's right frame"] = wrong
    return depths, said


def matched(spikes: Spikes, truth: Truth, benchmark: Benchmark) -> dict[str, Depth]:
    """Return the depth of conventional stereo by name, where it matches and filled."""
    depths = {}
    for name, matcher in {'SGBM': SemiGlobalMatching(), 'SemiDense': SemiDense()}.items():
        sparse, dense = match(matcher, spikes, truth.focal_baseline, benchmark.depth_m)
        depths |= {f'{name}, where it matches': sparse, f'{name}, filled': dense}
    return depths


def print_costs(costs: dict[str, tuple[EnergyEstimate, float]]) -> None:
    """Print what a window costs on neuromorphic hardware as a table, by model."""
    rows = {
        'synaptic operations (million)': [c.synaptic_operations / 1e6 for c, _ in costs.values()],
        'energy (mJ)': [cost.energy_mj for cost, _ in costs.values()],
        'dense network (mJ)': [cost.dense_mj for cost, _ in costs.values()],
        'firing rate, mean of the layers (%)': [100 * firing for _, firing in costs.values()],
    }
    print(f'| estimate for a window | {" | ".join(costs)} |')
    print('|---' * (len(costs) + 1) + '|')
    for name, values in rows.items():
        print(f'| {name} | {" | ".join(f"{value:.4g}" for value in values)} |')


def main(arguments: list[str]) -> None:
    """Run `evaluate` with the command line's arguments."""
    auto_cli(evaluate, args=arguments, as_positional=False)
