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

"""Comparison of models on held-out simulated scenes: `spike-depth evaluate`."""

import dataclasses
from pathlib import Path

import numpy as np
from jsonargparse.typing import PositiveInt

from spike_depth_ros import metrics
from spike_depth_ros.frames.spike_frame import LEFT, RIGHT
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.outputs import check_output_file
from spike_depth_ros.training.command_line import run
from spike_depth_ros.training.data.benchmark import (
    WINDOW_MS,
    Benchmark,
    read_benchmark,
)
from spike_depth_ros.training.data.module import caused_depth
from spike_depth_ros.training.data.simulated import SampleFolder, SimulatedWindows
from spike_depth_ros.training.evaluation.matchers import SemiDense, SemiGlobalMatching
from spike_depth_ros.training.evaluation.predictions import Prediction, Spikes, match, predict
from spike_depth_ros.training.evaluation.scores import (
    AT_EVENTS,
    CUT_OFFS_M,
    Depth,
    Truth,
    reliability,
    save,
    scores,
    table,
)
from spike_depth_ros.training.settings import SettingsError

ERRORS = ('mean error (m)', *(f'to {cut_off:g} m (m)' for cut_off in CUT_OFFS_M))
ERRORS += ('median error (m)', 'AbsRel', 'SqRel (m)', 'RMSE (m)', 'RMSE log', 'SI log')
SHARES = ('1PA', '2PA', 'disparity error (px)', 'delta 1', 'delta 2', 'delta 3', 'coverage')
SHARES += ('1PA, missing wrong',)


def evaluate(
    models: list[Path],
    benchmark: Path = Path('config/simulation/sim_flying.yaml'),
    window_ms: PositiveInt = WINDOW_MS,
    matchers: bool = True,
    folder: Path = Path('runs/simulated'),
    samples: PositiveInt = 256,
    output: Path | None = None,
) -> None:
    """Print the errors of models, of the best constant and of conventional stereo.

    Then the synaptic operations of a window, the energy that they stand for, and firing rates.
    Disparity errors are in pixels of the rig's image where the benchmark has one rig other than
    the network's, and else of the network's.

    Args:
        models: ONNX files; those for two cameras also with another scene's right frame, and with
            a silent one.
        benchmark: YAML file; its test split is used.
        window_ms: length of its windows; the models' files say what they were trained for.
        matchers: compare with OpenCV's and dv-processing's stereo.
        folder: simulated windows, made where missing.
        samples: windows, each of a scene of its own.
        output: JSON file for all scores.
    """
    if output is not None:
        check_output_file(output)
    described = dataclasses.replace(read_benchmark(benchmark), window_ms=window_ms)
    check_models(models)
    kept = SampleFolder(folder, described, 'test')
    kept.prepare(samples, workers=2)
    spikes, truth = read(kept.windows(samples), described)
    depths, said = predictions(models, spikes, described)
    if matchers:
        depths |= matched(spikes, described)
    rows = {name: scores(depth, truth) for name, depth in depths.items()}
    rows['best constant'] = constant_scores(truth)
    print(f'{described.name}, {samples} simulated test windows of {window_ms} ms\n')
    for pixels, prefix in (('All pixels', ''), ('Event pixels', AT_EVENTS)):
        for columns in (ERRORS, SHARES):
            print(f'{pixels}\n\n{table(rows, columns, prefix)}\n')
    for name, one in said.items():
        if one.confidence is not None:
            print(f'Confidence of {name}\n')
            parts = reliability(one.depth, one.confidence, truth)
            print(table(parts, ['mean confidence', 'share right']), '\n')
    print_costs(said)
    if output is not None:
        save(output, rows)


def check_models(models: list[Path]) -> None:
    """Check that models can be used, whose names are to differ.

    Raises ModelError, and SettingsError for names that are alike or another image than simulated.
    """
    camera, names = MVSEC_RIG.camera, [model.stem for model in models]
    for model in models:
        contract = DepthEngine(model).contract
        if (contract.height, contract.width) != (camera.height, camera.width):
            raise SettingsError(
                f"The model '{model}' takes frames of {contract.width} x {contract.height}, but "
                f'simulated ones have {camera.width} x {camera.height}: export it again.'
            )
        if names.count(model.stem) > 1:
            raise SettingsError(
                f"Two of the models are called '{model.stem}': give files of different names."
            )


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
    return spikes, Truth(depth, caused, has_events, benchmark.focal_px * benchmark.baseline_m)


def constant_scores(truth: Truth) -> dict[str, float]:
    """Return scores of the depth of least error, and at event pixels of their own best one."""
    best = metrics.best_constant(truth.depth)
    best_at_events = metrics.best_constant(truth.caused, truth.has_events)
    everywhere, at_events = (
        scores(np.full_like(truth.depth, depth), truth) for depth in (best, best_at_events)
    )
    return {
        name: at_events[name] if name.startswith(AT_EVENTS) else value
        for name, value in everywhere.items()
    }


def predictions(
    models: list[Path], spikes: Spikes, benchmark: Benchmark
) -> tuple[dict[str, Depth], dict[str, Prediction]]:
    """Return depth by name, also with two wrong right frames, and all a model says."""
    other_scene, silent = spikes.copy(), spikes.copy()
    other_scene[..., RIGHT] = np.roll(spikes[..., RIGHT], 1, axis=0)
    silent[..., RIGHT] = 0
    said = {model.stem: predict(model, spikes, benchmark.baseline_m) for model in models}
    depths = {name: one.depth for name, one in said.items()}
    for model in models:
        if DepthEngine(model).contract.channels == 4:
            for kind, frames in (("another scene's", other_scene), ('a silent', silent)):
                wrong = predict(model, frames, benchmark.baseline_m).depth
                depths[f'{model.stem}, {kind} right frame'] = wrong
    return depths, said


def matched(spikes: Spikes, benchmark: Benchmark) -> dict[str, Depth]:
    """Return the depth of conventional stereo by name, where it matches and filled."""
    depths, focal_baseline = {}, MVSEC_RIG.camera.f * benchmark.baseline_m
    for name, matcher in {'SGBM': SemiGlobalMatching(), 'SemiDense': SemiDense()}.items():
        sparse, dense = match(matcher, spikes, focal_baseline, benchmark.depth_m)
        depths |= {f'{name}, where it matches': sparse, f'{name}, filled': dense}
    return depths


def print_costs(said: dict[str, Prediction]) -> None:
    """Print what a window costs on neuromorphic hardware, and firing rates, by model."""
    costs = [one.cost for one in said.values()]
    rows = {
        'synaptic operations (million)': [cost.synaptic_operations / 1e6 for cost in costs],
        'energy (mJ)': [cost.energy_mj for cost in costs],
        'dense network (mJ)': [cost.dense_mj for cost in costs],
        'firing rate, mean of the layers (%)': [
            100 * float(np.mean(list(one.firing.values()))) for one in said.values()
        ],
    }
    print(f'| estimate for a window | {" | ".join(said)} |')
    print('|---' * (len(said) + 1) + '|')
    for name, values in rows.items():
        print(f'| {name} | {" | ".join(f"{value:.4g}" for value in values)} |')
    for name, one in said.items():
        layers = ', '.join(f'{layer} {100 * rate:.1f}' for layer, rate in one.firing.items())
        print(f'\nFiring rates of {name} (%): {layers}')


def main(arguments: list[str]) -> None:
    """Run `evaluate` with the command line's arguments."""
    run(evaluate, 'evaluate', arguments)
