"""Export of a trained network as one self-describing ONNX file."""

import copy
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from jsonargparse import auto_cli
from numpy.typing import NDArray
from spikingjelly.activation_based import neuron
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.training.data.module import collate
from spike_depth_ros.training.data.simulated import SimulatedWindows, prepare
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.stereospike import SUMS, SpikingLayer, StereoSpike
from spike_depth_ros.training.pruning import drop_silent, silence
from spike_depth_ros.training.simulator.rig import StereoRig
from spike_depth_ros.training.simulator.simulation import SimulationRanges

OPSET = 18
WEIGHT_STEP = 2.0**-14
SILENT_RATE = 1e-4  # neurons that fire less often on validation windows are left out
DEPTH_RANGE_M = (0.5, 10.0)


class Threshold(nn.Module):
    """IF neurons that are reset before each window: fire where the potential reaches 1."""

    def forward(self, potential: Tensor) -> Tensor:
        """Map potentials to spikes, zeros and ones of the same shape and type."""
        return (potential >= 1).to(potential.dtype)


class FoldedUpsampledConv2d(nn.Module):
    """An `UpsampledConv2d` whose low-resolution kernels are constants."""

    def __init__(self, source: UpsampledConv2d) -> None:
        super().__init__()
        self.spread, self.padding = source.spread, source.padding
        self.register_buffer('weight', source.phase_weight().detach())

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, in, h, w] to [n, out, scale * h, scale * w]."""
        return self.spread(functional.conv2d(x, self.weight, padding=self.padding))


def folded(module: nn.Module) -> nn.Module:
    """Return a copy that computes the same without state: what is exported."""
    module = copy.deepcopy(module).eval()
    for layer in list(module.modules()):
        if isinstance(layer, SpikingLayer):
            drop_silent(layer)
    for name, child in list(module.named_modules()):
        if isinstance(child, neuron.IFNode):
            module.set_submodule(name, Threshold())
        elif isinstance(child, UpsampledConv2d):
            module.set_submodule(name, FoldedUpsampledConv2d(child))
    return module


def exact(network: StereoSpike) -> StereoSpike:
    """Return a copy whose potentials do not depend on the order in which they are summed.

    Spikes are whole numbers. With weights that are multiples of 2^-14, sums below 2^10 are exact
    in float32, so every engine finds the same spikes; otherwise one that is lost to rounding at
    the threshold can change the depth of half a frame.
    """
    network = copy.deepcopy(network)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, SpikingLayer):
                weight = layer.synapses.weight
                weight.copy_(torch.round(weight / WEIGHT_STEP) * WEIGHT_STEP)
    return network


class ExportedGraph(nn.Module):
    """What the ONNX file computes: see the design's contract of the model file."""

    def __init__(self, network: StereoSpike) -> None:
        super().__init__()
        self.network = folded(exact(network))
        self.eval()

    def forward(self, spikes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map spikes uint8 [1, c, h, w] to depth, firing rates and mean spikes of the layers."""
        output = self.network(spikes.float())
        means = {name: layer.mean() for name, layer in output.spikes.items()}
        # A mean over ones and zeros is a firing rate already.
        rates = means | {name: output.spikes[name].clamp(max=1).mean() for name in SUMS}
        rates, means = (torch.stack(list(values.values())) for values in (rates, means))
        return torch.exp(output.log_depth[-1]), rates, means


@dataclass(frozen=True)
class Provenance:
    """Where a model comes from, in words for its metadata."""

    training_data: str
    recipe: str


def export(
    network: StereoSpike,
    path: Path,
    provenance: Provenance,
    envelope: tuple[NDArray[np.float64], NDArray[np.float64]],
    window_ns: int = 50_000_000,
    rig: StereoRig | None = None,
) -> None:
    """Write a network as an ONNX file by the design's contract, checked by onnx.

    Args:
        envelope: lowest and highest firing rate of each layer on validation windows, [layers].
    """
    rig = rig or StereoRig()
    spikes = torch.zeros(1, network.channels, rig.height, rig.width, dtype=torch.uint8)
    graph = ExportedGraph(network)
    program = torch.onnx.export(
        graph,
        (spikes,),
        input_names=['spikes'],
        output_names=['depth', 'firing_rates', 'mean_spikes'],
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    model = program.model_proto
    forget_origin(model.graph)
    metadata = contract(network, spikes, provenance, envelope, window_ns, rig).to_metadata()
    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


def forget_origin(graph: onnx.GraphProto) -> None:
    """Remove what the exporter notes of this machine's files and stack traces."""
    values = (*graph.input, *graph.output, *graph.value_info, *graph.initializer)
    for part in (graph, *graph.node, *values):
        del part.metadata_props[:]
        part.doc_string = ''


def contract(
    network: StereoSpike,
    spikes: Tensor,
    provenance: Provenance,
    envelope: tuple[NDArray[np.float64], NDArray[np.float64]],
    window_ns: int,
    rig: StereoRig,
) -> ModelContract:
    """Return the contract of a network for the frames of a rig."""
    with torch.no_grad():
        layers = folded(network)(spikes.float()).spikes
    fanouts = network.fanouts()
    sizes = {'input': spikes.numel()} | {name: layer.numel() for name, layer in layers.items()}
    low, high = envelope
    return ModelContract(
        window_ns=window_ns,
        channels=network.channels,
        width=rig.width,
        height=rig.height,
        f=rig.f,
        cx=rig.cx,
        cy=rig.cy,
        baseline_m=rig.baseline_m,
        depth_min_m=DEPTH_RANGE_M[0],
        depth_max_m=DEPTH_RANGE_M[1],
        layers=tuple(layers),
        sizes=tuple(float(layer.numel()) for layer in layers.values()),
        fanouts=tuple(fanouts[name] for name in layers),
        firing_rate_low=tuple(map(float, low)),
        firing_rate_high=tuple(map(float, high)),
        input_fanout=fanouts['input'],
        operations=round(sum(size * fanouts[name] for name, size in sizes.items())),
        training_data=provenance.training_data,
        recipe=provenance.recipe,
        commit=commit(),
    )


def commit() -> str:
    """Return the repository's commit, 'unknown' outside a checkout."""
    command = ['git', '-C', str(Path(__file__).parent), 'describe', '--always', '--dirty']
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip() or 'unknown'


def firing_envelope(
    network: StereoSpike, windows: SimulatedWindows
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and the highest firing rate of each layer over the windows, [layers]."""
    graph = ExportedGraph(network)
    rates = []
    with torch.no_grad():
        for sample in tqdm(windows, desc='firing rates', unit='window'):
            spikes, _ = collate([sample])
            rates.append(graph(spikes[:, : network.channels])[1].numpy().astype(np.float64))
    return np.min(rates, axis=0), np.max(rates, axis=0)


def export_checkpoint(
    checkpoint: Path, output: Path, folder: Path = Path('runs/simulated'), samples: int = 64
) -> None:
    """Export a checkpoint of `spike-depth train`.

    Args:
        checkpoint: Lightning checkpoint.
        output: ONNX file to write.
        folder: simulated windows; those of its validation split give the firing envelope.
        samples: how many of them.
    """
    saved = torch.load(checkpoint, map_location='cpu', weights_only=False)
    network = DepthEstimation.load_from_checkpoint(
        checkpoint, map_location='cpu', initial=None
    ).network
    prepare(folder / 'validation', 'validation', samples, SimulationRanges(), workers=1)
    windows = SimulatedWindows(folder / 'validation', samples)
    silence(network, windows, SILENT_RATE)
    export(network, output, provenance(saved), firing_envelope(network, windows))


def provenance(checkpoint: dict[str, Any]) -> Provenance:
    """Say in words what a Lightning checkpoint was trained on, and how."""
    model, data = checkpoint['hyper_parameters'], checkpoint['datamodule_hyper_parameters']
    start = f'from {model["initial"]}' if model['initial'] else 'from random weights'
    height, width = data['crop_height'], data['crop_width']
    return Provenance(
        f'{data["samples"]} simulated windows, each of an indoor scene of its own; no real data',
        f'{checkpoint["global_step"]} steps {start}: {data["batch_size"]} crops of {width} x '
        f'{height}, Adam, one cycle to {model["learning_rate"]:g}, L1 of log depth; '
        f'neurons that fire under {SILENT_RATE:g} of the time left out',
    )


def main(arguments: list[str]) -> None:
    """Run `export_checkpoint` with the command line's arguments."""
    auto_cli(export_checkpoint, args=arguments, as_positional=False)
