"""What `spike-depth evaluate` says of the cost of a window."""

from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.inference.energy import EnergyEstimate
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.evaluate import measure, print_costs

MODEL = Path(__file__).parents[2] / 'models' / 'stereospike_binocular.onnx'


def test_costs_are_the_mean_over_the_windows() -> None:
    contract = DepthEngine(MODEL).contract
    random = np.random.default_rng(0)
    shape = (contract.height, contract.width, contract.channels)
    frames = [random.poisson(density, shape).astype(np.uint8) for density in (0.02, 0.1)]

    depth, cost = measure(MODEL, np.stack(frames))

    assert depth.shape == (2, contract.height, contract.width)
    each = [measure(MODEL, frame[None])[1].synaptic_operations for frame in frames]
    assert cost.synaptic_operations == pytest.approx(np.mean(each))
    assert 0 < cost.synaptic_operations < contract.operations
    assert cost.dense_mj == pytest.approx(contract.operations * 4.6e-9)


def test_table_of_costs(capsys: pytest.CaptureFixture[str]) -> None:
    print_costs({'one': EnergyEstimate(1.5e9, 1.35, 19.4), 'two': EnergyEstimate(2e8, 0.18, 19.1)})
    assert capsys.readouterr().out.splitlines() == [
        '',
        '| estimate for a window | one | two |',
        '|---|---|---|',
        '| synaptic operations (million) | 1500 | 200 |',
        '| energy (mJ) | 1.35 | 0.18 |',
        '| dense network (mJ) | 19.4 | 19.1 |',
    ]
