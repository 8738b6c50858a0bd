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

"""`spike-depth evaluate`: errors of models, and the energy of a window."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.frames.spike_frame import LEFT
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.energy import EnergyEstimate
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.evaluate import constant_scores, read
from spike_depth_ros.training.evaluation.matchers import SemiGlobalMatching
from spike_depth_ros.training.evaluation.predictions import Prediction, match, predict
from spike_depth_ros.training.evaluation.report import print_costs
from spike_depth_ros.training.evaluation.scores import Truth, save, scores, table

CAMERA = MVSEC_RIG.camera
CONFIG = Path(__file__).parents[2] / 'config/simulation'
MODEL = Path(__file__).parents[2] / 'models' / 'stereospike_binocular.onnx'


def test_costs_are_the_mean_over_the_windows() -> None:
    contract = DepthEngine(MODEL).contract
    random = np.random.default_rng(0)
    shape = (contract.height, contract.width, contract.channels)
    frames = [random.poisson(density, shape).astype(np.uint8) for density in (0.02, 0.1)]

    prediction = predict(MODEL, np.stack(frames), contract.baseline_m)

    assert prediction.depth.shape == (2, contract.height, contract.width)
    each = [predict(MODEL, frame[None], contract.baseline_m) for frame in frames]
    operations = [one.cost.synaptic_operations for one in each]
    assert prediction.cost.synaptic_operations == pytest.approx(np.mean(operations))
    assert 0 < prediction.cost.synaptic_operations < contract.operations
    assert prediction.cost.dense_mj == pytest.approx(contract.operations * 4.6e-9)
    assert tuple(prediction.firing) == contract.layers
    for layer, rate in prediction.firing.items():
        assert rate == pytest.approx(np.mean([one.firing[layer] for one in each]))


def test_depth_grows_with_the_baseline() -> None:
    contract = DepthEngine(MODEL).contract
    shape = (1, contract.height, contract.width, contract.channels)
    frame = np.random.default_rng(0).poisson(0.1, shape).astype(np.uint8)
    own, wide = (predict(MODEL, frame, contract.baseline_m * by).depth for by in (1, 6))
    np.testing.assert_allclose(wide, 6 * own, rtol=1e-6)


def test_matches_are_clipped_and_holes_filled() -> None:
    frame = np.zeros((1, 40, 120, 4), np.uint8)
    depth, dense = match(SemiGlobalMatching(), frame, 20.0, (0.5, 8.0))
    assert np.isnan(depth).all()  # an empty frame matches nowhere
    assert (dense == 8.0).all()


def test_scores_by_hand() -> None:
    # Disparities 20 / depth: 10 and 5 px in truth; the event pixel's cause was at 1 m, 20 px.
    depth = np.array([[[2.0, 4.0]]], np.float32)
    event_depth = np.array([[[1.0, 4.0]]], np.float32)
    has_events = np.array([[[True, False]]])
    values = scores(
        np.array([[[1.0, 3.9]]], np.float32), Truth(depth, event_depth, has_events, 20.0)
    )
    assert values['mean error (m)'] == pytest.approx((1.0 + 0.1) / 2)
    assert values['1PA'] == 0.5  # 10 px off, and 0.13
    assert values['events: mean error (m)'] == 0.0
    assert values['events: 1PA'] == 1.0
    assert values['to 10 m (m)'] == values['mean error (m)']


def test_cut_offs_select_pixels_by_true_depth() -> None:
    depth = np.array([[[5.0, 15.0, 25.0]]], np.float32)
    event_depth = np.array([[[5.0, 8.0, 25.0]]], np.float32)
    has_events = np.array([[[False, True, True]]])
    predicted = np.array([[[6.0, 10.0, 28.0]]], np.float32)
    values = scores(predicted, Truth(depth, event_depth, has_events, 20.0))
    assert [values[f'to {cut} m (m)'] for cut in (10, 20, 30)] == [1.0, 3.0, 3.0]
    assert [values[f'events: to {cut} m (m)'] for cut in (10, 20, 30)] == [2.0, 2.0, 2.5]


def test_the_best_constant_at_event_pixels_is_that_of_their_surfaces() -> None:
    depth = np.array([[[1.0, 2.0, 9.0]]], np.float32)
    event_depth = np.array([[[1.0, 2.0, 4.0]]], np.float32)
    values = constant_scores(Truth(depth, event_depth, np.array([[[False, True, True]]]), 20.0))
    assert values['mean error (m)'] == pytest.approx((1 + 0 + 7) / 3)
    assert values['events: mean error (m)'] == 1.0  # of 3 m


@pytest.mark.slow
def test_depth_outside_the_range_is_not_measured(tmp_path: Path) -> None:
    dataset, preparation = read_dataset(CONFIG / 'sim_driving.yaml'), Preparation(tmp_path, 0)
    dataset.prepare('test', 2, preparation)
    spikes, truth = read(dataset.windows('test', 2, preparation), dataset.description)
    assert spikes.shape == (2, CAMERA.height, CAMERA.width, 4)
    known = truth.depth[np.isfinite(truth.depth)]
    assert known.min() >= 3 and known.max() <= 80 and not np.isfinite(truth.depth).all()
    assert truth.focal_baseline == pytest.approx(CAMERA.f * 0.6)
    assert np.array_equal(truth.has_events, spikes[..., LEFT].any(-1))


def test_disparity_is_measured_in_the_image_of_a_rig_that_is_always_the_same() -> None:
    focal = {
        name: read_dataset(CONFIG / f'sim_{name}.yaml').description.disparity_f
        for name in ('flying', 'sparse', 'standing')
    }
    expected = {'flying': CAMERA.f, 'sparse': CAMERA.f, 'standing': 1.25 * CAMERA.f}
    assert focal == pytest.approx(expected)


@pytest.mark.parametrize('length', [0, 3, 57])
def test_windows_of_parts_of_steps_are_refused(length: int) -> None:
    usual = read_dataset(CONFIG / 'sim_standing.yaml')
    with pytest.raises(ValueError, match=f'window_ms is {length}: use a multiple of 5'):
        dataclasses.replace(usual, window_ms=length)


@pytest.mark.slow
def test_windows_of_another_length_have_a_folder_of_their_own(tmp_path: Path) -> None:
    usual = read_dataset(CONFIG / 'sim_standing.yaml')
    long = dataclasses.replace(usual, window_ms=100)
    assert long.title == 'SimStanding100ms'
    frames, preparation = {}, Preparation(tmp_path, workers=0)
    for dataset in (usual, long):
        dataset.prepare('test', 1, preparation)
        frames[dataset.window_ms] = dataset.windows('test', 1, preparation)[0].spikes
    assert frames[100].sum() > 1.3 * frames[50].sum() > 0


def test_table_and_file_of_scores(tmp_path: Path) -> None:
    rows = {'one': {'a': 1.0, 'b': 0.25}, 'two': {'a': float('nan'), 'b': 2.0}}
    assert table(rows, ['b', 'a']).splitlines() == [
        '| | b | a |',
        '|---|---|---|',
        '| one | 0.250 | 1.000 |',
        '| two | 2.000 | nan |',
    ]
    assert table({'one': {'events: a': 1.0}}, ['a'], 'events: ').endswith('| one | 1.000 |')
    save(tmp_path / 'runs' / 'scores.json', rows)
    assert json.loads((tmp_path / 'runs' / 'scores.json').read_text())['one'] == rows['one']


def test_columns_and_lines_without_a_sample_are_left_out() -> None:
    nan = float('nan')
    rows = {'one': {'a': 1.0, 'b': nan, 'c': nan}, 'two': {'b': nan}, 'three': {'c': 3.0}}
    assert table(rows, ['a', 'b', 'c']).splitlines() == [
        '| | a | c |',
        '|---|---|---|',
        '| one | 1.000 | nan |',
        '| three | nan | 3.000 |',
    ]
    assert table(rows, ['b']) == ''


def test_table_of_costs(capsys: pytest.CaptureFixture[str]) -> None:
    depth = np.ones((1, 2, 3), np.float32)
    predictions = {
        'one': Prediction(depth, None, EnergyEstimate(1.5e9, 1.35, 19.4), {'a': 0.1, 'b': 0.15}),
        'two': Prediction(depth, None, EnergyEstimate(2e8, 0.18, 19.1), {'c': 0.2}),
    }
    print_costs(predictions)
    assert capsys.readouterr().out.splitlines() == [
        '| estimate for a window | one | two |',
        '|---|---|---|',
        '| synaptic operations (million) | 1500 | 200 |',
        '| energy (mJ) | 1.35 | 0.18 |',
        '| dense network (mJ) | 19.4 | 19.1 |',
        '| firing rate, mean of the layers (%) | 12.5 | 20 |',
        '',
        'Firing rates of one (%): a 10.0, b 15.0',
        '',
        'Firing rates of two (%): c 20.0',
    ]
