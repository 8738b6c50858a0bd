"""Training by its command: it starts, keeps a checkpoint, goes on from it, and exports."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from ruamel.yaml import YAML

from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.estimation import DepthEstimation, weights_for
from spike_depth_ros.training.networks.separable import ParametricLayer
from spike_depth_ros.training.networks.spiking import SpikingLayer
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.quantisation import is_quantised, quantise
from spike_depth_ros.training.train import command

ROOT = Path(__file__).parents[2]
SIM_FLYING = ROOT / 'config/simulation/sim_flying.yaml'
NAME = 'coincidence'
SPIKING = (SpikingLayer, ParametricLayer)
SAMPLES = 2


def spike_depth(*arguments: str, folder: Path) -> str:
    command = [sys.executable, '-m', 'spike_depth_ros.cli', *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def train(folder: Path, steps: int) -> str:
    config = ROOT / f'config/training/{NAME}.yaml'
    options = {
        'model.compiled': 'false',
        'model.network.init_args.width': 2,
        'data.benchmarks': json.dumps({str(SIM_FLYING): SAMPLES}),
        'data.validation_samples': SAMPLES,
        'data.batch_size': 1,
        'data.workers': 0,
        'trainer.max_steps': steps,
        'trainer.val_check_interval': 2,
        'trainer.callbacks.init_args.every_n_train_steps': 1,
    }
    settings = [f'--{name}={value}' for name, value in options.items()]
    return spike_depth('train', f'--config={config}', *settings, folder=folder)


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('training')
    train(folder, steps=2)
    return folder


def checkpoint(folder: Path) -> Path:
    return folder / f'runs/{NAME}/checkpoints/last.ckpt'


def test_training_resumes_where_it_stopped(folder: Path) -> None:
    before = torch.load(checkpoint(folder), weights_only=False)
    output = train(folder, steps=4)
    after = torch.load(checkpoint(folder), weights_only=False)
    assert (before['global_step'], after['global_step']) == (2, 4)
    assert re.search(r'estor\w+ .*last\.ckpt', output)
    moved = [not torch.equal(after['state_dict'][k], v) for k, v in before['state_dict'].items()]
    assert any(moved)


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


def test_an_export_may_trust_its_detectors_more(folder: Path) -> None:
    arguments = [f'--checkpoint={checkpoint(folder)}', '--output=trusting.onnx']
    arguments += ['--trust.evidence=1.5', '--trust.prior=0.5', f'--samples={SAMPLES}']
    spike_depth('export', *arguments, folder=folder)
    assert (
        'evidence times 1.5, prior times 0.5'
        in DepthEngine(folder / 'trusting.onnx').contract.recipe
    )


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
    recipe['model'].pop('initial', None)  # trained before
    cli = command(recipe, run=False)
    layers = [layer for layer in cli.model.modules() if isinstance(layer, SPIKING)]
    assert len(layers) >= 13
    assert all(is_quantised(layer) == path.stem.endswith('int8') for layer in layers)
    assert cli.trainer.max_steps > 0 and cli.datamodule.benchmarks
    assert cli.trainer.logger.name == path.stem  # decides where checkpoints are kept
    names = [one.name for one in cli.datamodule.benchmarks]
    assert names == ['SimFlying'] + ['SimDriving', 'SimSparse'] * ('monocular' not in path.stem)


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


def test_a_rounded_checkpoint_can_be_gone_on_from() -> None:
    trained, network = StereoSpike(4, width=2), StereoSpike(4, width=2)
    quantise(trained)
    weights = {f'network.{name}': weight for name, weight in trained.state_dict().items()}
    network.load_state_dict(weights_for(network, weights))
    original = trained.bottom.synapses.parametrizations.weight.original
    assert torch.equal(network.bottom.synapses.weight, original)
