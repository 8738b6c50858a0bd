"""What `spike-depth evaluate` says of models: their errors and the cost of a window."""

import json
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.inference.energy import EnergyEstimate
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.benchmark import read_benchmark
from spike_depth_ros.training.data.simulated import SampleFolder
from spike_depth_ros.training.evaluate import print_costs, read
from spike_depth_ros.training.evaluation.matchers import SemiGlobalMatching
from spike_depth_ros.training.evaluation.predictions import match, predict
from spike_depth_ros.training.evaluation.scores import Truth, reliability, save, scores, table

CONFIG = Path(__file__).parents[2] / 'config/simulation'
MODEL = Path(__file__).parents[2] / 'models' / 'stereospike_binocular.onnx'


def test_costs_are_the_mean_over_the_windows() -> None:
    contract = DepthEngine(MODEL).contract
    random = np.random.default_rng(0)
    shape = (contract.height, contract.width, contract.channels)
    frames = [random.poisson(density, shape).astype(np.uint8) for density in (0.02, 0.1)]

    said = predict(MODEL, np.stack(frames), contract.baseline_m)

    assert said.depth.shape == (2, contract.height, contract.width)
    each = [predict(MODEL, frame[None], contract.baseline_m) for frame in frames]
    operations = [one.cost.synaptic_operations for one in each]
    assert said.cost.synaptic_operations == pytest.approx(np.mean(operations))
    assert 0 < said.cost.synaptic_operations < contract.operations
    assert said.cost.dense_mj == pytest.approx(contract.operations * 4.6e-9)
    assert said.firing == pytest.approx(np.mean([one.firing for one in each]))


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
    caused = np.array([[[1.0, 4.0]]], np.float32)
    has_events = np.array([[[True, False]]])
    values = scores(np.array([[[1.0, 3.9]]], np.float32), Truth(depth, caused, has_events, 20.0))
    assert values['mean error (m)'] == pytest.approx((1.0 + 0.1) / 2)
    assert values['1PA'] == 0.5  # 10 px off, and 0.13
    assert values['events: mean error (m)'] == 0.0
    assert values['events: 1PA'] == 1.0
    assert values['mean error to 10 m (m)'] == values['mean error (m)']


def test_reliability_by_hand() -> None:
    depth = np.ones((1, 1, 10), np.float32)
    predicted = np.array([[[2.0] * 4 + [1.0] * 6]], np.float32)
    confidence = np.linspace(0.1, 1.0, 10, dtype=np.float32).reshape(1, 1, 10)
    parts = reliability(predicted, confidence, Truth(depth, depth, depth > 0, 20.0))
    assert [part['share right'] for part in parts.values()] == [0, 0, 1, 1, 1]
    assert parts['fifth 1']['mean confidence'] == pytest.approx(0.15)


def test_depth_outside_the_range_is_not_measured(tmp_path: Path) -> None:
    benchmark = read_benchmark(CONFIG / 'sim_driving.yaml')
    kept = SampleFolder(tmp_path, benchmark, 'test')
    kept.prepare(2, workers=0)
    spikes, truth = read(kept.windows(2), benchmark)
    assert spikes.shape == (2, 260, 346, 4)
    known = truth.depth[np.isfinite(truth.depth)]
    assert known.min() >= 3 and known.max() <= 80 and not np.isfinite(truth.depth).all()
    assert truth.focal_baseline == pytest.approx(199.65 * 0.6)
    assert np.array_equal(truth.has_events, spikes[..., :2].any(-1))


def test_table_and_file_of_scores(tmp_path: Path) -> None:
    rows = {'one': {'a': 1.0, 'b': 0.25}, 'two': {'a': float('nan'), 'b': 2.0}}
    assert table(rows, ['b', 'a']).splitlines() == [
        '| | b | a |',
        '|---|---|---|',
        '| one | 0.250 | 1.000 |',
        '| two | 2.000 | nan |',
    ]
    save(tmp_path / 'runs' / 'scores.json', rows)
    assert json.loads((tmp_path / 'runs' / 'scores.json').read_text())['one'] == rows['one']


def test_table_of_costs(capsys: pytest.CaptureFixture[str]) -> None:
    costs = {
        'one': (EnergyEstimate(1.5e9, 1.35, 19.4), 0.125),
        'two': (EnergyEstimate(2e8, 0.18, 19.1), 0.2),
    }
    print_costs(costs)
    assert capsys.readouterr().out.splitlines() == [
        '| estimate for a window | one | two |',
        '|---|---|---|',
        '| synaptic operations (million) | 1500 | 200 |',
        '| energy (mJ) | 1.35 | 0.18 |',
        '| dense network (mJ) | 19.4 | 19.1 |',
        '| firing rate, mean of the layers (%) | 12.5 | 20 |',
    ]
