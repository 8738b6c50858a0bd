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

"""Evaluation of models on the test split of a data set: `spike-depth evaluate`."""

import dataclasses
import re
import sys
from pathlib import Path

import numpy as np
from jsonargparse.typing import PositiveInt

from spike_depth_ros import metrics
from spike_depth_ros.frames.spike_frame import RIGHT, STEREO_CHANNELS, left_event_pixels
from spike_depth_ros.inference.contract import FOCAL_LENGTH_TOLERANCE, ModelContract
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.outputs import check_output_file
from spike_depth_ros.training.command_line import run
from spike_depth_ros.training.data.dataset import (
    DataDescription,
    Depth,
    DepthDataset,
    DepthWindows,
    Preparation,
    read_dataset,
)
from spike_depth_ros.training.data.recorded import RecordedDataset
from spike_depth_ros.training.data.sequences import sequences_of
from spike_depth_ros.training.data.simulated import SimulatedDataset
from spike_depth_ros.training.evaluation import report
from spike_depth_ros.training.evaluation.by_protocol import protocol_rows
from spike_depth_ros.training.evaluation.matchers import new_matchers, row_names
from spike_depth_ros.training.evaluation.over_sequences import evaluated
from spike_depth_ros.training.evaluation.predictions import Prediction, Spikes, match, predict
from spike_depth_ros.training.evaluation.scores import AT_EVENTS, Truth, save, scores
from spike_depth_ros.training.evaluation.told_motion import MotionKind
from spike_depth_ros.training.settings import SettingsError

OLD_OPTION = re.compile(r'^--(benchmark|dataset)(?=$|=)')  # former names of --data
SEQUENCE_MS = 800
FEW = 256  # windows, where all of them would be too many


def evaluate(
    models: list[Path],
    data: Path = Path('config/simulation/sim_flying.yaml'),
    window_ms: PositiveInt | None = None,
    matchers: bool = True,
    folder: Path = Path('runs/simulated'),
    samples: PositiveInt | None = None,
    sequences: PositiveInt | None = None,
    sequence_ms: PositiveInt | None = None,
    hop_ms: PositiveInt | None = None,
    motion: list[MotionKind] | None = None,
    output: Path | None = None,
) -> None:
    """Print the errors of models, of the best constant and of conventional stereo.

    A data set with a published protocol (MVSEC, DSEC, DENSE) has its own table; see
    protocols.py. Then print synaptic operations, energy and firing rates. Disparity errors are in
    pixels of the spike frame; in pixels of the sensor if all rigs of a simulated data set have one
    focal length, and in pixels of the data set's own view by a protocol.

    Args:
        models: ONNX files; those for two cameras are also evaluated with a right frame of another
            scene, and with a silent right camera.
        data: YAML file of the data set; its test split is used.
        window_ms: window length, ms; omitted: that of the file.
        matchers: evaluate the stereo matching of OpenCV and dv-processing too.
        folder: folder for windows, which are made where they are missing.
        samples: number of windows; omitted: all of a data set with a protocol, else 256.
        sequences: number of sequences of consecutive windows, for the measures of memory; see
            docs/reference/memory-measures.md. Omitted: single windows.
        sequence_ms: length of a sequence, from the end of its first window, ms; omitted: 800.
        hop_ms: time between the ends of consecutive simulated windows, ms; omitted: the length of
            a window. Windows overlap if it is shorter.
        motion: motions of the rig that models with memory are told, one more row for each: the
            true rotation, that of a gyroscope with offset and noise, and the full motion. For
            sequences of simulated data sets.
        output: JSON file for all scores.
    """
    if output is not None:
        check_output_file(output)
    dataset, preparation = with_window(read_dataset(data), window_ms), Preparation(folder)
    description = dataset.description
    check_models(models, description)
    if sequences is not None:
        _check_not_both(samples, sequences)
        source = sequences_of(dataset, sequence_ms or SEQUENCE_MS, hop_ms)
        rows = evaluated(
            models, source, sequences, description, preparation, matchers, motion or ()
        )
    else:
        _check_sequences_alone(sequence_ms=sequence_ms, hop_ms=hop_ms, motion=motion)
        count = samples or _all_or_few(dataset, preparation)
        dataset.prepare('test', count, preparation)
        rows = _over_windows(
            models, dataset.windows('test', count, preparation), description, matchers
        )
    if output is not None:
        save(output, rows)


def _check_not_both(samples: int | None, sequences: int) -> None:
    if samples is not None:
        raise SettingsError(
            f'samples is {samples} and sequences is {sequences}: give one of them.'
        )


def _check_sequences_alone(**options: int | list[MotionKind] | None) -> None:
    for name, value in options.items():
        if value is not None:
            raise SettingsError(
                f'{name} is {value}, but is for sequences of windows: add --sequences, or leave '
                f'{name} out.'
            )


def _over_windows(
    models: list[Path], windows: DepthWindows, data: DataDescription, matchers: bool
) -> dict[str, dict[str, float]]:
    """Print the tables of single windows, and return all scores by method; see `evaluate`."""
    if not data.protocol:
        return _printed(models, windows, data, matchers)
    rows, costs = protocol_rows(models, windows, data, matchers)
    report.print_protocol(data, len(windows), rows)
    report.print_costs(costs)
    return rows


def _all_or_few(dataset: DepthDataset, preparation: Preparation) -> int:
    """Return the number of test windows: all by a protocol, else at most FEW."""
    available = dataset.count('test', preparation) or FEW
    return available if dataset.description.protocol else min(FEW, available)


def _printed(
    models: list[Path], windows: DepthWindows, data: DataDescription, matchers: bool
) -> dict[str, dict[str, float]]:
    """Print the general tables, and return all scores by method; see `evaluate`."""
    spikes, truth = read(windows, data)
    found = predictions(models, spikes, data)
    depths = depths_by_name(models, found, spikes, data)
    if matchers and data.channels == STEREO_CHANNELS:
        depths |= matched(spikes, data)
    rows = {name: scores(depth, truth) for name, depth in depths.items()}
    rows['best constant'] = constant_scores(truth)
    report.print_report(data, len(spikes), rows, found, truth)
    return rows


def with_window(dataset: DepthDataset, window_ms: int | None) -> DepthDataset:
    """Return a data set with windows of another length, ms; None: as it is.

    Raises SettingsError for a data set of windows of one length.
    """
    if window_ms is None:
        return dataset
    if not isinstance(dataset, SimulatedDataset | RecordedDataset):
        raise SettingsError(
            f'window_ms is {window_ms}, but {dataset.description.name} has windows of one '
            'length: leave window_ms out.'
        )
    return dataclasses.replace(dataset, window_ms=window_ms)


def check_models(models: list[Path], data: DataDescription) -> None:
    """Check that models can be evaluated on a data set; warn of windows of another length.

    Raises ModelError, and SettingsError for equal names, and for a model of other spike frames.
    """
    names = [model.stem for model in models]
    for model in models:
        contract = DepthEngine(model).contract
        if names.count(model.stem) > 1:
            raise SettingsError(
                f"Two of the models are called '{model.stem}': give files of different names."
            )
        if misfit := _misfit(contract, data):
            raise SettingsError(
                f"The model '{model}' {misfit}: give a data set of its camera, or another model."
            )
        if contract.window_ns != data.window_ns:
            print(
                f"Warning: the model '{model}' was trained on windows of "
                f'{contract.window_ns / 1e6:g} ms, but those of {data.name} have '
                f'{data.window_ns / 1e6:g} ms: its errors may be larger.',
                file=sys.stderr,
            )


def _misfit(contract: ModelContract, data: DataDescription) -> str:
    """Return how a model's spike frames differ from those of a data set, or ''."""
    camera, name = data.rig.camera, data.name
    if (contract.height, contract.width) != (camera.height, camera.width):
        return (
            f'takes frames of {contract.width} x {contract.height}, but those of {name} have '
            f'{camera.width} x {camera.height}'
        )
    if not abs(camera.f / contract.f - 1) <= FOCAL_LENGTH_TOLERANCE:
        return f'has a focal length of {contract.f:g} px, but that of {name} is {camera.f:g} px'
    if contract.channels > data.channels:
        return f'takes {contract.channels} channels, but frames of {name} have {data.channels}'
    return ''


def read(windows: DepthWindows, data: DataDescription) -> tuple[Spikes, Truth]:
    """Return spike frames [n, h, w, channels] and the true depth within the data set's range."""
    near, far = data.depth_m
    samples = [windows[index] for index in range(len(windows))]
    spikes, depth, event_depth, *_ = zip(*samples, strict=True)

    def within(maps: tuple[Depth, ...]) -> Depth:
        stacked = np.stack(maps)
        return np.where((stacked >= near) & (stacked <= far), stacked, np.float32(np.nan))

    frames = np.stack(spikes)
    has_events = left_event_pixels(frames)
    return frames, Truth(within(depth), within(event_depth), has_events, data.focal_baseline)


def constant_scores(truth: Truth) -> dict[str, float]:
    """Return scores of the best constant depth; event pixels have a best constant of their own."""
    best = metrics.best_constant(truth.depth)
    best_at_events = metrics.best_constant(truth.event_depth, truth.has_events)
    everywhere, at_events = (
        scores(np.full_like(truth.depth, depth), truth) for depth in (best, best_at_events)
    )
    return {
        name: at_events[name] if name.startswith(AT_EVENTS) else value
        for name, value in everywhere.items()
    }


def predictions(
    models: list[Path], spikes: Spikes, data: DataDescription
) -> dict[str, Prediction]:
    """Return the predictions of models by their names."""
    return {model.stem: predict(model, spikes, data.rig.baseline_m) for model in models}


def depths_by_name(
    models: list[Path], found: dict[str, Prediction], spikes: Spikes, data: DataDescription
) -> dict[str, Depth]:
    """Return depth by model; stereo models also with a wrong right frame.

    It is silent, or another scene's, of which a single window has none.

    Args:
        models: ONNX files.
        found: their predictions by name.
        spikes: spike frames [n, h, w, channels].
        data: description of the data set.
    """
    silent = spikes.copy()
    silent[..., RIGHT] = 0
    wrong_frames = {'a silent': silent}
    if len(spikes) > 1:
        other_scene = spikes.copy()
        other_scene[..., RIGHT] = np.roll(spikes[..., RIGHT], 1, axis=0)
        wrong_frames = {"another scene's": other_scene, **wrong_frames}
    depths = {name: prediction.depth for name, prediction in found.items()}
    for model in models:
        if DepthEngine(model).contract.channels == STEREO_CHANNELS:
            for kind, frames in wrong_frames.items():
                wrong = predict(model, frames, data.rig.baseline_m).depth
                depths[f'{model.stem}, {kind} right frame'] = wrong
    return depths


def matched(spikes: Spikes, data: DataDescription) -> dict[str, Depth]:
    """Return the depth of conventional stereo by name: with holes, and with holes filled."""
    depths: dict[str, Depth] = {}
    for name, matcher in new_matchers().items():
        found = match(matcher, spikes, data.rig.focal_baseline, data.depth_m)
        depths |= zip(row_names(name), found, strict=True)
    return depths


def main(arguments: list[str]) -> None:
    """Run `evaluate` with the command line's arguments."""
    run(evaluate, 'evaluate', [OLD_OPTION.sub('--data', each) for each in arguments])
