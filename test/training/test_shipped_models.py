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

"""The shipped models on simulated scenes that training never saw."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spike_depth_ros import metrics
from spike_depth_ros.frames.spike_frame import RIGHT
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.dataset import read_dataset
from spike_depth_ros.training.data.sample import Sample
from spike_depth_ros.training.evaluation.predictions import predict

pytestmark = pytest.mark.slow

MODELS = Path(__file__).parents[2] / 'models'
COINCIDENCE, BINOCULAR, MONOCULAR = (
    MODELS / f'{name}.onnx'
    for name in ('coincidence', 'stereospike_binocular', 'stereospike_monocular')
)
SHIPPED = sorted(MODELS.glob('*.onnx'))
SIM_FLYING = Path(__file__).parents[2] / 'config/simulation/sim_flying.yaml'
WINDOWS = 12


@pytest.fixture(scope='module')
def held_out() -> Sample:
    """Return windows of the test split, stacked."""
    dataset = read_dataset(SIM_FLYING)
    bank = dataset.bank('test')
    samples = [dataset.sample('test', index, bank) for index in range(WINDOWS)]
    return Sample(*(np.stack(arrays) for arrays in zip(*samples, strict=True)))


@pytest.mark.parametrize('model', SHIPPED, ids=lambda path: path.stem)
def test_contract_and_size(model: Path) -> None:
    contract = DepthEngine(model).contract
    channels = 2 if 'monocular' in model.stem else 4
    assert (contract.channels, contract.window_ns) == (channels, 50_000_000)
    assert contract.commit != 'unknown' and 'simulated' in contract.training_data
    assert model.stat().st_size <= 25e6


@pytest.mark.parametrize('model', SHIPPED, ids=lambda path: path.stem)
def test_providers_agree_on_every_spike(model: Path, held_out: Sample) -> None:
    engines = [DepthEngine(model, provider=provider) for provider in ('cpu', 'openvino')]
    assert [engine.provider for engine in engines] == ['cpu', 'openvino']
    sizes = np.array(engines[0].contract.sizes)
    for frame in held_out.spikes:
        one, other = (engine.infer(frame[..., : engine.contract.channels]) for engine in engines)
        np.testing.assert_allclose(one.depth, other.depth, rtol=1e-5)
        assert np.array_equal(np.rint(one.mean_spikes * sizes), np.rint(other.mean_spikes * sizes))


def test_depth_comes_from_disparity(held_out: Sample) -> None:
    spikes, truth = held_out.spikes, held_out.depth.astype(np.float32)
    wrong_right = spikes.copy()
    wrong_right[..., RIGHT] = np.roll(spikes[..., RIGHT], 1, axis=0)
    constant = np.full_like(truth, metrics.best_constant(truth))

    def error(model: Path, frames: NDArray[np.uint8]) -> float:
        return metrics.mean_depth_error(predict(model, frames, MVSEC_RIG.baseline_m).depth, truth)

    ours, stereospike = error(COINCIDENCE, spikes), error(BINOCULAR, spikes)
    assert ours < stereospike < metrics.mean_depth_error(constant, truth)
    assert ours < 0.8 * error(MONOCULAR, spikes)
    assert ours < 0.7 * error(COINCIDENCE, wrong_right)


def test_confident_depth_is_better(held_out: Sample) -> None:
    prediction = predict(COINCIDENCE, held_out.spikes, MVSEC_RIG.baseline_m)
    assert prediction.confidence is not None
    truth = held_out.depth.astype(np.float32)
    sure = prediction.confidence > np.median(prediction.confidence)
    good, bad = (metrics.abs_rel(prediction.depth, truth, mask) for mask in (sure, ~sure))
    assert good < 0.7 * bad
