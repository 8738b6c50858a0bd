"""Export of a checkpoint from the command line: `spike-depth export`."""

import copy
from pathlib import Path

import onnx
import torch
from jsonargparse import auto_cli

from spike_depth_ros.training.data.benchmark import read_benchmark
from spike_depth_ros.training.data.module import Pairs
from spike_depth_ros.training.data.simulated import SampleFolder
from spike_depth_ros.training.estimation import from_checkpoint
from spike_depth_ros.training.export.description import (
    Envelope,
    Provenance,
    contract,
    firing_envelope,
    provenance,
)
from spike_depth_ros.training.export.exact import exact_network
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks.separable import SeparableStereoSpike
from spike_depth_ros.training.networks.spiking import DepthNetwork
from spike_depth_ros.training.quantisation import quantise
from spike_depth_ros.training.simulator.rig import StereoRig


def export(
    network: DepthNetwork,
    path: Path,
    precision: Precision,
    provenance: Provenance,
    envelope: Envelope,
) -> None:
    """Write a network as an ONNX file by the design's contract, checked by onnx."""
    rig = StereoRig()
    model = depth_model(network, precision, rig.height, rig.width)
    description = contract(network, rig, provenance, envelope)
    onnx.helper.set_model_props(model, description.to_metadata())
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


def export_checkpoint(
    checkpoint: Path,
    output: Path,
    precision: Precision = 'int8',
    benchmark: Path = Path('config/simulation/sim_flying.yaml'),
    folder: Path = Path('runs/simulated'),
    samples: int = 64,
) -> None:
    """Export a checkpoint of `spike-depth train`.

    Args:
        checkpoint: Lightning checkpoint.
        output: ONNX file to write.
        precision: of the spiking layers' weights; the readout is float32.
        benchmark: YAML file; windows of its validation split give the firing envelope.
        folder: simulated windows.
        samples: how many of them.
    """
    saved = torch.load(checkpoint, map_location='cpu', weights_only=False)
    network = from_checkpoint(checkpoint).network
    kept = SampleFolder(folder, read_benchmark(benchmark), 'validation')
    kept.prepare(samples, workers=1)
    windows = Pairs(kept.windows(samples), caused=False)
    envelope = firing_envelope(exported(network, precision), windows)
    export(network, output, precision, provenance(saved, precision), envelope)


def exported(network: DepthNetwork, precision: Precision) -> DepthNetwork:
    """Return a network with the weights that its export has."""
    if isinstance(network, SeparableStereoSpike):
        return exact_network(network)
    if precision == 'float32':
        return network
    network = copy.deepcopy(network)
    quantise(network)
    return network


def main(arguments: list[str]) -> None:
    """Run `export_checkpoint` with the command line's arguments."""
    auto_cli(export_checkpoint, args=arguments, as_positional=False)
