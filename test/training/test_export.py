"""The exported file against torch: layer by layer, end to end, and by its contract."""

import copy
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.simulated import Simulator
from spike_depth_ros.training.export import ExportedGraph, Provenance, exact, export, folded
from spike_depth_ros.training.networks.stereospike import SpikingLayer, StereoSpike
from spike_depth_ros.training.simulator.simulation import SimulationRanges

SIZE = (260, 346)
LAYERS = 13
FRAMES = 20


@pytest.fixture(scope='module')
def simulated() -> NDArray[np.uint8]:
    simulator = Simulator('test', SimulationRanges())
    bank = simulator.bank()
    return np.stack([simulator.sample(index, bank).spikes for index in range(FRAMES)])


@pytest.fixture(scope='module')
def random() -> NDArray[np.uint8]:
    return np.random.default_rng(0).poisson(0.2, (FRAMES, *SIZE, 4)).astype(np.uint8)


@pytest.fixture(scope='module', params=[4, 2], ids=['binocular', 'monocular'])
def network(request: pytest.FixtureRequest) -> StereoSpike:
    torch.manual_seed(request.param)
    network = StereoSpike(request.param, width=8).eval()
    for head in network.heads:
        nn.init.normal_(head.weight, std=0.02)  # as loud as after training
    return exact(network)


@pytest.fixture(scope='module')
def model(network: StereoSpike, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('models') / 'model.onnx'
    export(network, path, Provenance('none', 'random weights'), (np.zeros(13), np.ones(13)))
    return path


def counts(network: StereoSpike, frame: NDArray[np.uint8]) -> Tensor:
    channels_first = frame[None, ..., : network.channels].transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(channels_first)).float()


class LayerByLayer(nn.Module):
    """The spiking layers side by side, each with an input of its own."""

    def __init__(self, layers: list[SpikingLayer]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(layer(x) for layer, x in zip(self.layers, inputs, strict=True))


def test_each_layer_agrees_on_the_same_input(
    network: StereoSpike, simulated: NDArray[np.uint8], tmp_path: Path
) -> None:
    layers = [layer for layer in network.modules() if isinstance(layer, SpikingLayer)]
    inputs: list[Tensor] = []
    hooks = [
        layer.register_forward_pre_hook(lambda _, arguments: inputs.append(arguments[0]))
        for layer in layers
    ]
    with torch.no_grad():
        network(counts(network, simulated[0]))
        potentials = [layer.synapses(x).numpy() for layer, x in zip(layers, inputs, strict=True)]
    for hook in hooks:
        hook.remove()
    side_by_side = LayerByLayer([folded(layer) for layer in layers]).eval()
    path = tmp_path / 'layers.onnx'
    torch.onnx.export(side_by_side, tuple(inputs), path, dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    names = [node.name for node in session.get_inputs()]
    spikes = session.run(None, {n: x.numpy() for n, x in zip(names, inputs, strict=True)})
    assert len(layers) == LAYERS
    for fired, potential in zip(spikes, potentials, strict=True):
        differs = fired != (potential >= 1)
        assert np.all(np.abs(potential[differs] - 1) < 1e-5)
        assert fired.any()


@pytest.mark.parametrize('kind', ['random', 'simulated'])
def test_depth_agrees_end_to_end(
    network: StereoSpike, model: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    engine = DepthEngine(model)
    for frame in request.getfixturevalue(kind):
        with torch.no_grad():
            expected = torch.exp(network(counts(network, frame)).log_depth[-1])[0, 0].numpy()
        depth = engine.infer(np.ascontiguousarray(frame[..., : network.channels])).depth
        assert np.mean(np.abs(depth - expected) < 1e-3) >= 0.999


def test_summation_order_changes_no_spike(network: StereoSpike) -> None:
    x = torch.poisson(torch.full((1, network.channels, 64, 80), 0.5))
    doubles = copy.deepcopy(network).double()
    with torch.no_grad():
        single, double = network(x).spikes, doubles(x.double()).spikes
    assert all(torch.equal(single[name], double[name].float()) for name in single)


def test_rates_are_those_of_the_spikes(
    network: StereoSpike, model: Path, simulated: NDArray[np.uint8]
) -> None:
    frame = simulated[1]
    inference = DepthEngine(model).infer(np.ascontiguousarray(frame[..., : network.channels]))
    with torch.no_grad():
        spikes = network(counts(network, frame)).spikes
    rates = [float((layer != 0).float().mean()) for layer in spikes.values()]
    means = [float(layer.mean()) for layer in spikes.values()]
    np.testing.assert_allclose(inference.firing_rates, rates, atol=1e-5)
    np.testing.assert_allclose(inference.mean_spikes, means, atol=1e-5)


def test_the_file_tells_nothing_of_the_machine_that_wrote_it(model: Path) -> None:
    assert b'.py' not in model.read_bytes()


def test_contract_describes_the_network(network: StereoSpike, model: Path) -> None:
    contract = DepthEngine(model).contract
    with torch.no_grad():
        spikes = network(torch.zeros(1, network.channels, *SIZE)).spikes
    assert contract.layers == tuple(spikes)
    assert (contract.channels, contract.height, contract.width) == (network.channels, *SIZE)
    assert (contract.window_ns, contract.f, contract.baseline_m) == (50_000_000, 199.65, 0.0999)
    # bottom feeds 5x5 stride 2 to twice its 8 channels; deconv4 feeds 5x5 after upsampling to a
    # quarter of its channels' count 64 / 2 = 32, and the head by 8.
    assert contract.fanouts[0] == 25 * 16 / 4
    assert contract.fanouts[contract.layers.index('deconv4')] == 25 * 32 * 4 + 9 * 64


def test_multiply_accumulates_of_the_papers_network() -> None:
    network = StereoSpike(4, width=32).eval()
    with torch.no_grad():
        layers = ExportedGraph(network).network(torch.zeros(1, 4, *SIZE)).spikes
    fanouts = network.fanouts()
    total = 4 * SIZE[0] * SIZE[1] * fanouts['input']
    total += sum(layer.numel() * fanouts[name] for name, layer in layers.items())
    padded = 352 * 272 / (346 * 260)  # the authors' network pads nothing
    assert total / 1e9 == pytest.approx(27.5 * padded, rel=0.02)
