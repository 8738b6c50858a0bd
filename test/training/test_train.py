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

"""Training by its command: it starts, keeps a checkpoint, goes on from it, and exports."""

import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from ruamel.yaml import YAML
from training.runs import (
    ROOT,
    SAMPLES,
    SIM_FLYING,
    arguments,
    checkpoint,
    spike_depth,
    spike_depth_from_the_start,
    train,
)

from spike_depth_ros import metrics
from spike_depth_ros.frames.spike_frame import LEFT
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.module import DepthData
from spike_depth_ros.training.estimation import DepthEstimation, weights_for
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork
from spike_depth_ros.training.networks.network import DepthNetwork
from spike_depth_ros.training.networks.spiking import SpikingLayer
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.quantisation import is_quantised, quantise
from spike_depth_ros.training.train import command, precision

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def folder(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of a training's folder in another place."""
    return shutil.copytree(trained, tmp_path_factory.mktemp('moved') / 'training')


def test_training_resumes_where_it_stopped(folder: Path) -> None:
    before = torch.load(checkpoint(folder), weights_only=False)
    output = train(folder, steps=4)
    after = torch.load(checkpoint(folder), weights_only=False)
    assert (before['global_step'], after['global_step']) == (2, 4)
    assert re.search(r'estor\w+ .*last\.ckpt', output)
    moved = [not torch.equal(after['state_dict'][k], v) for k, v in before['state_dict'].items()]
    assert any(moved)
    assert not list(checkpoint(folder).parent.glob('last-*'))  # the newest is always last.ckpt


def test_two_processes_train_together(folder: Path) -> None:
    words = arguments(
        steps=2,
        trainer__accelerator='cpu',
        trainer__devices='2',
        trainer__strategy='ddp',
        trainer__logger__init_args__name='together',
    )
    output = spike_depth_from_the_start(*words, folder=folder)
    assert 'MEMBER: 2/2' in output
    last = torch.load(folder / 'runs/together/checkpoints/last.ckpt', weights_only=False)
    assert last['global_step'] == 2


def test_memory_is_trained_on_sequences(folder: Path) -> None:
    options = {
        'model__initial': str(checkpoint(folder)),
        'model__network__init_args__half_life_ms': '50',
        'model__unscored': '1',
        'model__frozen': '[encoder,cooperation,conv,block,deconv,readout.heads]',
        'model__learning_rate': '0.1',
        'data__windows': '2',
        'data__hops_ms': '[10]',
        'trainer__logger__init_args__name': 'memory',
    }
    output = train(folder, steps=2, **options)
    assert 'SimFlying_error' in output
    before = torch.load(checkpoint(folder), weights_only=False)['state_dict']
    last = folder / 'runs/memory/checkpoints/last.ckpt'
    after = torch.load(last, weights_only=False)['state_dict']
    name = 'network.readout.membrane.log_tau_ms'
    assert after[name].item() != pytest.approx(math.log(50 / math.log(2)))
    assert torch.equal(
        after['network.encoder.bottom.synapses.weight'],
        before['network.encoder.bottom.synapses.weight'],
    )
    assert not torch.equal(after['network.readout.prior'], before['network.readout.prior'])


def test_a_checkpoint_exports(folder: Path) -> None:
    spike_depth(
        'export',
        f'--checkpoint={checkpoint(folder)}',
        '--output=model.onnx',
        f'--samples={SAMPLES}',
        folder=folder,
    )
    contract = DepthEngine(folder / 'model.onnx').contract
    assert contract.channels == 4
    assert re.match(r'4 steps from random weights: 1 crops', contract.recipe)
    assert any(contract.firing_rate_high)
    assert re.search(r'confidence sigmoid\(.* share .* log error .*\)', contract.recipe)


def test_an_export_may_trust_its_detectors_more(folder: Path) -> None:
    options = [f'--checkpoint={checkpoint(folder)}', '--output=trusting.onnx']
    options += ['--trust.evidence=1.5', '--trust.prior=0.5', f'--samples={SAMPLES}']
    spike_depth('export', *options, folder=folder)
    assert (
        'evidence times 1.5, prior times 0.5'
        in DepthEngine(folder / 'trusting.onnx').contract.recipe
    )


def test_an_export_with_memory_is_calibrated_on_sequences(folder: Path) -> None:
    arguments = [f'--checkpoint={checkpoint(folder)}', '--output=leaky.onnx']
    output = spike_depth(
        'export', *arguments, '--half_life_ms=50', f'--samples={SAMPLES}', folder=folder
    )
    assert 'SimFlying_sequences_4x50ms' in output
    contract = DepthEngine(folder / 'leaky.onnx').contract
    assert 'half life 50 ms' in contract.recipe and 'share' in contract.recipe
    assert [state.name for state in contract.states] == ['state']


def test_a_monocular_network_starts_from_the_left_half_of_a_binocular_one() -> None:
    torch.manual_seed(0)
    both = StereoSpike(4, width=2)
    weights = {f'network.{name}': weight for name, weight in both.state_dict().items()}
    network = StereoSpike(2, width=2)
    network.load_state_dict(weights_for(network, weights))
    counts = torch.poisson(torch.ones(1, 4, 32, 48))
    counts[:, 2:] = 0
    assert torch.equal(network(counts[:, :2]).log_depth, both(counts).log_depth)


@pytest.mark.parametrize('path', sorted((ROOT / 'config/training').glob('*.yaml')), ids=str)
def test_every_recipe_can_be_started(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    recipe = YAML(typ='safe').load(path)
    for trained_before in ('initial', 'teacher'):
        recipe['model'].pop(trained_before, None)
    if path.stem == 'stereospike_paper':
        assert recipe['data']['datasets'] == {'config/datasets/mvsec.yaml': 3110}
        recipe['data']['datasets'] = {'config/simulation/sim_flying.yaml': 3110}  # that is there
    cli = command(recipe, run=False)
    layers = [layer for layer in cli.model.modules() if isinstance(layer, SpikingLayer)]
    assert len(layers) == 0 if path.stem.startswith('picture') else len(layers) >= 13
    assert all(is_quantised(layer.synapses) == path.stem.endswith('int8') for layer in layers)
    assert max(cli.trainer.max_steps, cli.trainer.max_epochs or 0) > 0
    assert cli.trainer.logger.name == path.stem  # gives the folder of the checkpoints
    names = [dataset.description.name for dataset in cli.datamodule.datasets]
    expected = {
        'spike_transformer_reproduce': ['SimFlying'],
        'stereospike_monocular': ['SimFlying', 'SimSparse'],
        'stereospike_paper': ['SimFlying'],
        'stereospike_reproduce': ['SimFlying'],
        'stereospike_rooms': ['SimRooms'],
    }
    assert names == expected.get(path.stem, ['SimFlying', 'SimDriving', 'SimSparse'])


def test_validation_averages_what_is_known(tmp_path: Path) -> None:
    # Five windows in batches of four and one; the last has no events, so no share within 1 px.
    data = DepthData({str(SIM_FLYING): 1}, str(tmp_path), validation_samples=5, workers=0)
    folder = data.datasets[0].folder('validation', data.preparation)
    folder.prepare(1, workers=0)
    sample = folder.samples(1)[0]
    silent = sample._replace(spikes=np.zeros_like(sample.spikes))
    for index in range(1, 5):
        np.savez(folder.path(index), **(silent if index == 4 else sample)._asdict())
    torch.manual_seed(0)
    module = DepthEstimation(StereoSpike(4, width=2))
    trainer = Trainer(accelerator='cpu', logger=False, barebones=False, enable_progress_bar=False)
    (found,) = trainer.validate(module, data, verbose=False)

    errors = []
    with torch.no_grad():
        for window in (sample.to_window(), silent.to_window()):
            depth = module(torch.from_numpy(window.spikes.transpose(2, 0, 1)[None]))[0, 0].numpy()
            errors.append(metrics.mean_depth_error(depth, window.depth))
            has_events = window.spikes[..., LEFT].any(-1)
            if has_events.any():
                share = metrics.pixel_accuracy(
                    depth, window.event_depth, MVSEC_RIG.focal_baseline, 1.0, has_events
                )
    assert found['SimFlying_error'] == pytest.approx((4 * errors[0] + errors[1]) / 5, rel=1e-4)
    assert found['SimFlying_1pa'] == pytest.approx(share, rel=1e-4) and share > 0


@pytest.mark.parametrize(
    ('gpu', 'capabilities', 'expected'),
    [
        (None, {'avx512_bf16': True, 'amx_bf16': False}, 'bf16-mixed'),
        (None, {'avx2': True}, '32-true'),
        (True, {}, 'bf16-mixed'),
        (False, {'amx_bf16': True}, '32-true'),
    ],
)
def test_bfloat16_is_used_where_it_is_not_emulated(
    gpu: bool | None,
    capabilities: dict[str, bool],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: gpu is not None)
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda including_emulation: gpu)
    monkeypatch.setattr(torch.cpu, 'get_capabilities', lambda: capabilities)
    assert precision() == expected


@pytest.mark.parametrize('network', [CoincidenceNetwork(4), StereoSpike(4, 4)], ids=['c', 's'])
def test_readout_and_loss_stay_in_float32(network: DepthNetwork) -> None:
    spikes = torch.poisson(torch.full((1, 4, 32, 48), 0.2)).to(torch.uint8)
    module = DepthEstimation(network)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        output = network(module.inputs(spikes, None))
        loss = module.objective(spikes, 1 + torch.rand(1, 1, 32, 48))['loss']
    stated = [*output.log_depth, output.log_spread, output.log_disparity, loss]
    assert {each.dtype for each in stated if each is not None} == {torch.float32}


@pytest.mark.skipif(shutil.which('g++') is None, reason='torch.compile needs a C++ compiler')
def test_a_compiled_step_computes_the_same() -> None:
    spikes = torch.poisson(torch.full((2, 4, 32, 48), 0.2)).to(torch.uint8)
    depth = 1 + torch.rand(2, 1, 32, 48)
    found = []
    for compiled in (False, True):
        torch.manual_seed(0)
        network = StereoSpike(4, width=2)
        values = DepthEstimation(network, compiled=compiled).step(spikes, depth)
        values['loss'].backward()
        found.append({**values, 'gradient': network.bottom.synapses.weight.grad})
    torch.testing.assert_close(*found, rtol=1e-3, atol=1e-5)


def test_a_training_resumes_from_a_quantised_checkpoint() -> None:
    trained, network = StereoSpike(4, width=2), StereoSpike(4, width=2)
    quantise(trained)
    weights = {f'network.{name}': weight for name, weight in trained.state_dict().items()}
    network.load_state_dict(weights_for(network, weights))
    original = trained.bottom.synapses.parametrizations.weight.original
    assert torch.equal(network.bottom.synapses.weight, original)
