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

"""Measures of memory: ages of events, scores, cuts and rows of all methods."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from training.runs import SIM_FLYING, spike_depth
from training.small_networks import coincidence

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pose import from_vector
from spike_depth_ros.geometry.stereo_rig import StereoRig
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.dataset import DataDescription, DepthWindow
from spike_depth_ros.training.data.sequence import Motion, WindowSequence
from spike_depth_ros.training.data.training_data import TrainingData
from spike_depth_ros.training.evaluation.over_sequences import sequence_rows
from spike_depth_ros.training.evaluation.sequence_report import print_sequences, relative
from spike_depth_ros.training.evaluation.sequence_scores import (
    AFTER_CUT,
    AFTER_START,
    ALL,
    ERROR,
    EVENT_ACCURACY,
    EVENT_ERROR,
    FLICKER,
    MEDIAN,
    SETTLED,
    STILL,
    TEPE,
    TIME,
    TOLD,
    UNTOLD,
    SequenceScores,
    age_name,
    share_name,
)
from spike_depth_ros.training.evaluation.sequence_truth import (
    AGES_MS,
    UNKNOWN_AGE,
    SequenceTruth,
    ages,
    sequence_truth,
)
from spike_depth_ros.training.export.command import export
from spike_depth_ros.training.export.description import Provenance, spikes_of

CAMERA = PinholeCamera(112, 64, 200.0, 56.0, 32.0)
RIG = StereoRig(CAMERA, 0.1)
DATA = DataDescription('Made', RIG, 50_000_000, (0.5, 8.0), 'by hand')
WEIGHTS = Provenance(TrainingData(RIG, 50_000_000, (0.5, 8.0), 'none'), 'random weights')
MODEL = Path(__file__).parents[2] / 'models/coincidence_small.onnx'
NAN = np.nan


def row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def events(*flags: int) -> np.ndarray:
    return np.array([flags], np.bool_)


def classes(has_events: list[np.ndarray], hop_ms: float) -> list[list[int]]:
    ends_ms = [1000 + hop_ms * number for number in range(len(has_events))]
    found = ages(has_events, ends_ms, 50.0)
    return [[AGES_MS[one] if one != UNKNOWN_AGE else -1 for one in age[0]] for age in found]


def test_ages_count_from_the_first_window_without_events() -> None:
    windows = [events(1, 0), *[events(0, 0)] * 4, events(1, 0), events(0, 0)]
    found = classes(windows, 50.0)
    assert [pair[0] for pair in found] == [0, 50, 100, 100, 200, 0, 50]


def test_a_pixel_without_any_event_so_far_has_no_known_age_but_the_last() -> None:
    found = classes([events(0)] * 17, 50.0)
    assert [pair[0] for pair in found] == [-1] * 15 + [800, 800]


def test_overlapping_windows_have_the_same_ages() -> None:
    found = classes([events(1), *[events(0)] * 6], 10.0)
    assert [pair[0] for pair in found] == [0, 50, 50, 50, 50, 50, 100]


def truth_of(depth: Sequence[np.ndarray], **more: object) -> SequenceTruth:
    """Return the truth of windows of two pixels, of which the left one has events."""
    count = len(depth)
    flow = np.zeros((1, 2, 2), np.float32)
    settings = {
        'depth': depth,
        'event_depth': depth,
        'has_events': [events(1, 0)] * count,
        'age': [np.array([[0, 1]], np.int8)] * count,
        'motions': [None, *(Motion(flow, one) for one in depth[:-1])],
        'focal_baseline': 12.0,
        'stands_still': True,
    }
    return SequenceTruth(**{**settings, **more})  # type: ignore[arg-type]


def test_scores_of_a_sequence_by_hand() -> None:
    scores = SequenceScores()
    scores.add([row(9, 9), row(2, 6), row(3, 3)], truth_of([row(2, 4)] * 3))
    values = scores.values()
    # Windows 1 and 2 count; window 0 is only the one before.
    assert values[f'{ALL}: {ERROR}'] == pytest.approx((0 + 2 + 1 + 1) / 4)
    assert values[f'{STILL}: {MEDIAN}'] == pytest.approx(1)
    assert values[f'{ALL}: {EVENT_ERROR}'] == pytest.approx(0.5)
    assert values[f'{ALL}: {EVENT_ACCURACY}'] == pytest.approx(0.5)  # 0 and 2 px off
    changes = np.log([9 / 2, 9 / 6, 3 / 2, 6 / 3])
    assert values[f'{ALL}: {FLICKER}'] == pytest.approx(changes.mean(), rel=1e-6)
    steps = [6 - 12 / 9, 2 - 12 / 9, 2, 2]
    assert values[f'{ALL}: {TEPE}'] == pytest.approx(np.mean(steps), rel=1e-6)
    assert values[f'{ALL}: {age_name(0)}'] == pytest.approx(0.5)
    assert values[f'{ALL}: {age_name(1)}'] == pytest.approx(1.5)
    assert values[f'{ALL}: {share_name(1)}'] == 0.5


def test_depth_outside_of_the_range_does_not_count() -> None:
    scores = SequenceScores()
    scores.add([row(2, 4)] * 2, truth_of([row(2, NAN)] * 2))
    assert scores.values()[f'{ALL}: {share_name(1)}'] == 0
    assert math.isnan(scores.values()[f'{ALL}: {age_name(1)}'])


def test_times_until_depth_is_right_by_hand() -> None:
    scores, true = SequenceScores(), [row(2, 4)] * 3
    scores.add_shares(SETTLED, [row(2, 4)] * 3, true)
    scores.add_shares(AFTER_START, [row(1, 1), row(2, 9), row(2, 4)], true)
    scores.add_shares(AFTER_CUT, [row(2, 9), row(2, 4), row(2, 4)], true)
    found = scores.settling(window_ms=50, hop_ms=20)
    assert found['share right, settled'] == 1
    assert found[f'ms {AFTER_START}'] == 50 + 2 * 20
    assert found[f'ms {AFTER_CUT}'] == 50 + 20
    assert found[f'share right, first window {AFTER_CUT}'] == 0.5
    never = SequenceScores()
    never.add_shares(SETTLED, [row(2, 4)], true[:1])
    never.add_shares(AFTER_START, [row(9, 9)], true[:1])
    assert math.isnan(never.settling(50, 50)[f'ms {AFTER_START}'])
    assert math.isnan(never.settling(50, 50)[f'ms {AFTER_CUT}'])


def test_each_window_has_the_same_weight_and_each_pixel_of_an_age() -> None:
    scores, depth = SequenceScores(), row(2, 4)
    few = [np.array([[0, 1]], np.int8), np.array([[1, 1]], np.int8)]
    truth = truth_of([depth, depth, row(2, NAN)], age=[few[0], *few])
    scores.add([depth, row(3, 5), row(4, 4)], truth)
    values = scores.values()
    assert values[f'{ALL}: {ERROR}'] == pytest.approx((1 + 2) / 2)
    assert values[f'{ALL}: {age_name(1)}'] == pytest.approx((1 + 2) / 2)
    assert values[f'{ALL}: {share_name(1)}'] == pytest.approx(2 / 3)


def made(random: np.random.Generator, count: int) -> WindowSequence:
    """Return windows of random events before a wall."""
    depth = np.full((CAMERA.height, CAMERA.width), 2.0, np.float32)
    shape = (CAMERA.height, CAMERA.width, 4)
    spikes = (random.poisson(0.02, shape).astype(np.uint8) for _ in range(count))
    windows = [DepthWindow(one, depth, depth) for one in spikes]
    return WindowSequence(windows, [50_000_000 * number for number in range(count)])


@pytest.fixture(scope='module')
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a small network with memory."""
    network = coincidence(2)
    network.remember(50.0)
    path = tmp_path_factory.mktemp('models') / 'leaky.onnx'
    layers = len(spikes_of(network, torch.zeros(1, 4, 32, 32)))
    export(network, path, 'int8', WEIGHTS, (np.zeros(layers), np.ones(layers)))
    return path


def test_rows_of_all_methods(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    sequences = [made(random, 4), made(random, 4)]
    rows, references = sequence_rows([leaky], sequences, DATA, matchers=True)
    assert list(rows) == [
        'leaky',
        'leaky, forgetting',
        'leaky, forgetting, exponential filter',
        'leaky, forgetting, recursive filter',
        'SGBM',
        'SGBM, exponential filter',
    ]
    assert references['leaky'] == 'leaky, forgetting'
    own, other = rows['leaky'], rows['leaky, forgetting']
    # Told of each cut, a model with memory is the one without; not told, it is another.
    for name in (ERROR, EVENT_ACCURACY):
        assert own[TOLD + name] == other[TOLD + name] == other[UNTOLD + name]
    assert own[UNTOLD + ERROR] != own[TOLD + ERROR]
    assert other[f'ms {AFTER_START}'] == other[f'ms {AFTER_CUT}'] == 50
    assert own[f'{ALL}: {FLICKER}'] < other[f'{ALL}: {FLICKER}']
    assert all(values[TIME] > 0 for values in rows.values())
    assert relative(rows, references)['leaky'][FLICKER] < 1
    print_sequences(DATA, '2 sequences', rows, references)
    printed = capsys.readouterr().out
    assert 'Relative to the same method without memory' in printed
    assert 'Moving rigs' not in printed  # motion is unknown


def test_one_sequence_has_no_cut(leaky: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sequences = [made(np.random.default_rng(0), 4)]
    rows, references = sequence_rows([leaky], sequences, DATA, matchers=False)
    print_sequences(DATA, '1 sequence', rows, references)
    printed = capsys.readouterr().out
    assert 'ms after a start' in printed
    assert 'cut' not in printed and 'another scene' not in printed


def test_depth_and_memory_are_those_of_the_engine(leaky: Path) -> None:
    sequence = made(np.random.default_rng(1), 3)
    rows, _ = sequence_rows([leaky], [sequence], DATA, matchers=False)
    engine, scores = DepthEngine(leaky), SequenceScores()
    scale = np.float32(RIG.baseline_m / engine.contract.baseline_m)
    elapsed = [None, 50_000_000, 50_000_000]
    pairs = zip(sequence.windows, elapsed, strict=True)
    found = [engine.infer(window.spikes, time) for window, time in pairs]
    depths, truth = [each.depth * scale for each in found], sequence_truth(sequence, DATA)
    scores.add(depths, truth)
    scores.add_confidence(depths, [each.confidence for each in found], truth)
    for name, value in scores.values().items():
        assert rows['leaky'][name] == pytest.approx(value, nan_ok=True)


def turning(sequence: WindowSequence, rate: float) -> WindowSequence:
    """Return a sequence whose rig turns to the right, rad a window."""
    count = len(sequence.windows)
    rotation = np.array([from_vector([0, rate * n, 0]) for n in range(count)], np.float32)
    return sequence._replace(centre=np.zeros((count, 3), np.float32), rotation=rotation)


def test_a_model_is_told_the_motion_of_the_rig(leaky: Path) -> None:
    sequence = made(np.random.default_rng(2), 3)
    sequences = [turning(sequence, 0.05)]
    rows, references = sequence_rows([leaky], sequences, DATA, False, ('rotation', 'full'))
    told = ['leaky, rotation', 'leaky, full']
    assert list(rows)[:3] == ['leaky', *told]
    assert {references[row] for row in told} == {'leaky, forgetting'}
    for name in (ERROR, EVENT_ERROR):
        first, second = (rows[row][f'{ALL}: {name}'] for row in told)
        assert first == second != rows['leaky'][f'{ALL}: {name}']
    still, _ = sequence_rows([leaky], [turning(sequence, 0.0)], DATA, False, ('full',))
    assert still['leaky, full'][f'{ALL}: {ERROR}'] == still['leaky'][f'{ALL}: {ERROR}']


@pytest.mark.slow
def test_the_command_prints_and_saves(tmp_path: Path) -> None:
    options = ['--sequences=1', '--sequence_ms=60', '--hop_ms=20', '--matchers=false']
    data = [f'--models=[{MODEL}]', f'--data={SIM_FLYING}', '--output=scores.json']
    printed = spike_depth('evaluate', *data, *options, folder=tmp_path)
    assert '1 test sequences of 3 windows every 20 ms' in printed
    assert 'Time until depth is right' in printed
    assert 'cut' not in printed and 'another scene' not in printed
    rows = json.loads((tmp_path / 'scores.json').read_text())
    assert rows['coincidence_small'][f'{ALL}: {TEPE}'] > 0
