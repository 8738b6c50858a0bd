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

"""Export of a checkpoint from the command line: `spike-depth export`."""

import copy
from dataclasses import replace
from pathlib import Path

import onnx
from jsonargparse.typing import NonNegativeFloat, PositiveFloat, PositiveInt

from spike_depth_ros.outputs import check_output_file, whole_file
from spike_depth_ros.training.checkpoints import (
    naming_another,
    read_checkpoint,
    read_recipe,
)
from spike_depth_ros.training.command_line import run
from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.estimation import from_checkpoint
from spike_depth_ros.training.export.calibration import calibrate
from spike_depth_ros.training.export.description import (
    Envelope,
    Provenance,
    contract,
    firing_envelope,
    provenance,
)
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.export.validation import validation_sequences, validation_windows
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks.membrane import check_remembers, membranes, set_window
from spike_depth_ros.training.networks.network import GRID, DepthNetwork, Trust
from spike_depth_ros.training.networks.posterior import Calibration
from spike_depth_ros.training.networks.readout import ConfidentReadout, Readout
from spike_depth_ros.training.quantisation import quantise
from spike_depth_ros.units import MS_NS


def export(
    network: DepthNetwork,
    path: Path,
    precision: Precision,
    provenance: Provenance,
    envelope: Envelope,
) -> None:
    """Write a network as a self-describing ONNX file, checked by onnx.

    Args:
        network: network in float32, or trained in eight bits.
        path: path of the file.
        precision: precision of the spiking layers.
        provenance: provenance of the network; its rig gives the size of the spike frames.
        envelope: firing rates on validation windows.
    """
    camera = provenance.data.rig.camera
    model = depth_model(network, precision, camera.height, camera.width)
    description = contract(network, provenance, envelope)
    onnx.helper.set_model_props(model, description.to_metadata())
    with whole_file(path) as unfinished:
        onnx.save(model, unfinished, format='protobuf')


def export_checkpoint(
    checkpoint: Path,
    output: Path,
    precision: Precision = 'int8',
    folder: Path = Path('runs/simulated'),
    samples: PositiveInt = 32,
    trust: Trust = Trust(),  # noqa: B008 (frozen)
    half_life_ms: PositiveFloat | None = None,
    averages: bool = False,
    events_exponent: NonNegativeFloat | None = None,
) -> None:
    """Export a checkpoint of `spike-depth train`.

    Args:
        checkpoint: Lightning checkpoint.
        output: ONNX file to write.
        precision: precision of the weights of spiking layers and of the coincidence network's
            readout; StereoSpike's readout is float32.
        folder: folder of simulated windows. The firing envelope is measured on the validation
            splits of the data sets that the network was trained on.
        samples: number of windows of each data set, on which confidence is calibrated as well; a
            network with memory takes as many in sequences of 4.
        trust: factors on the evidence of the coincidence network's detectors and on its prior
            over disparities.
        half_life_ms: time in which half of the readout's potentials leaks, milliseconds; omitted:
            that of the training, if it had any.
        averages: average the evidence of windows with that half life, instead of summing it.
        events_exponent: divide the half life, at each place, by (share of the surrounding pixels
            with events / 5 %) to the power of this; omitted: it is constant.
    """
    check_remembers(half_life_ms, averages, events_exponent)
    check_output_file(output)
    with naming_another(from_checkpoint):
        saved = read_checkpoint(checkpoint)
        network = from_checkpoint(checkpoint).network
    network.trust(trust)
    if half_life_ms is not None:
        network.remember(half_life_ms, averages, events_exponent)
    recipe = read_recipe(checkpoint, saved)
    described = provenance(recipe, precision, trust, half_life_ms)
    depth_model(network, precision, GRID, GRID)  # raises errors before windows are made
    datasets = [read_dataset(Path(path)) for path in recipe.datasets]
    validation = datasets, samples, Preparation(folder, workers=1)
    windows, rounded = validation_windows(*validation), exported(network, precision)
    hop_ms = datasets[0].description.window_ns / MS_NS
    set_window(rounded, hop_ms)
    envelope = firing_envelope(rounded, windows)
    if any(membranes(network)):
        sequences = validation_sequences(*validation)
    else:
        sequences = ([windows[index]] for index in range(len(windows)))
    if calibration := calibrate(rounded, sequences, hop_ms):
        set_calibration(network, calibration)
        described = replace(described, recipe=f'{described.recipe}, {calibration}')
    export(network, output, precision, described, envelope)


def set_calibration(network: DepthNetwork, calibration: Calibration) -> None:
    """Set the weights of the confidence of a network's readout."""
    for module in network.modules():
        if isinstance(module, ConfidentReadout):
            module.calibration = calibration


def exported(network: DepthNetwork, precision: Precision) -> DepthNetwork:
    """Return a network with the weights of its exported file."""
    if precision == 'float32':
        return network
    network = copy.deepcopy(network)
    quantise(network)
    for module in network.modules():
        if isinstance(module, Readout):
            module.quantise()
    return network


def main(arguments: list[str]) -> None:
    """Run `export_checkpoint` with the command line's arguments."""
    run(export_checkpoint, 'export', arguments)
