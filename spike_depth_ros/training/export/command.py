"""Export of a checkpoint from the command line: `spike-depth export`."""

import copy
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import onnx
import torch
from jsonargparse import auto_cli
from jsonargparse.typing import PositiveInt
from torch.utils.data import ConcatDataset

from spike_depth_ros.training.data.benchmark import NETWORK, read_benchmark
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
from spike_depth_ros.training.networks.coincidence import READERS, CoincidenceNetwork, Trust
from spike_depth_ros.training.networks.separable import SeparableStereoSpike
from spike_depth_ros.training.networks.spiking import GRID, DepthNetwork
from spike_depth_ros.training.quantisation import quantise, quantise_readout
from spike_depth_ros.training.settings import SettingsError


def export(
    network: DepthNetwork,
    path: Path,
    precision: Precision,
    provenance: Provenance,
    envelope: Envelope,
) -> None:
    """Write a network as an ONNX file by the design's contract, checked by onnx."""
    model = depth_model(network, precision, NETWORK.height, NETWORK.width)
    description = contract(network, NETWORK, provenance, envelope)
    onnx.helper.set_model_props(model, description.to_metadata())
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)


def export_checkpoint(
    checkpoint: Path,
    output: Path,
    precision: Precision = 'int8',
    folder: Path = Path('runs/simulated'),
    samples: PositiveInt = 32,
    trust: Trust = Trust(),  # noqa: B008 (frozen)
) -> None:
    """Export a checkpoint of `spike-depth train`.

    Args:
        checkpoint: Lightning checkpoint.
        output: ONNX file to write.
        precision: of the spiking layers' weights, and of the coincidence network's readout's;
            StereoSpike's readout is float32.
        folder: simulated windows; those of the validation splits of what the network was trained
            on give the firing envelope.
        samples: how many of each.
        trust: of the coincidence network, in its detectors and in what training taught it of
            how far things mostly are.
    """
    saved = _saved(checkpoint)
    network = from_checkpoint(checkpoint).network
    if isinstance(network, CoincidenceNetwork):
        network.trust(trust)
    elif trust != Trust():
        raise SettingsError(
            f'{type(network).__name__} has no detectors for evidence {trust.evidence:g} and prior '
            f'{trust.prior:g}: leave --trust.evidence and --trust.prior out.'
        )
    depth_model(network, precision, GRID, GRID)  # refuses what cannot be exported, at once
    paths = saved['datamodule_hyper_parameters']['benchmarks']
    benchmarks = [read_benchmark(Path(path)) for path in paths]
    kept = [SampleFolder(folder, benchmark, 'validation') for benchmark in benchmarks]
    for one in kept:
        one.prepare(samples, workers=1)
    windows = ConcatDataset([Pairs(one.windows(samples)) for one in kept])
    envelope = firing_envelope(exported(network, precision), windows)
    export(network, output, precision, provenance(saved, precision, trust), envelope)


def _saved(checkpoint: Path) -> dict[str, Any]:
    """Return what a training saved."""
    example = 'give one of `spike-depth train`, such as runs/coincidence/checkpoints/last.ckpt.'
    if not checkpoint.is_file():
        raise SettingsError(f"There is no checkpoint '{checkpoint}': {example}")
    try:
        saved = torch.load(checkpoint, map_location='cpu', weights_only=False)
    except (EOFError, RuntimeError, UnpicklingError):
        saved = {}
    if 'datamodule_hyper_parameters' not in saved:
        raise SettingsError(f"'{checkpoint}' is no checkpoint of a training: {example}")
    return dict(saved)


def exported(network: DepthNetwork, precision: Precision) -> DepthNetwork:
    """Return a network with the weights that its export has."""
    if isinstance(network, SeparableStereoSpike):
        return exact_network(network)
    if precision == 'float32':
        return network
    network = copy.deepcopy(network)
    quantise(network)
    if isinstance(network, CoincidenceNetwork):
        for names in READERS:
            quantise_readout([network.heads[name] for name in names])
    return network


def main(arguments: list[str]) -> None:
    """Run `export_checkpoint` with the command line's arguments."""
    auto_cli(export_checkpoint, args=arguments, as_positional=False)
