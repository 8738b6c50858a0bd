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

"""Networks as ONNX models, whatever their kind."""

from collections.abc import Callable

import onnx
import torch

from spike_depth_ros.training.export.coincidence import coincidence_model
from spike_depth_ros.training.export.separable import separable_depth_model
from spike_depth_ros.training.export.stereospike import stereospike_model
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork
from spike_depth_ros.training.networks.separable import SeparableStereoSpike
from spike_depth_ros.training.networks.spiking import DepthNetwork
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.settings import SettingsError


def _separable_model(
    network: SeparableStereoSpike, precision: Precision, height: int, width: int
) -> onnx.ModelProto:
    if precision != 'float32':
        raise SettingsError(f'SeparableStereoSpike has no layers of {precision}: use float32.')
    return separable_depth_model(network, height, width)


WRITERS: dict[type, Callable[..., onnx.ModelProto]] = {
    CoincidenceNetwork: coincidence_model,
    SeparableStereoSpike: _separable_model,
    StereoSpike: stereospike_model,
}


def depth_model(
    network: DepthNetwork, precision: Precision, height: int, width: int
) -> onnx.ModelProto:
    """Return a network as an ONNX model by the design's contract, without its metadata.

    Input `spikes`, uint8 [1, height, width, channels]: a spike frame as it is. Outputs: `depth`
    [1, 1, height, width], `firing_rates` and `mean_spikes` [layers], and `confidence`
    [1, 1, height, width] of networks that state it, float32. Raises SettingsError for a network
    that has no graph, or none in this precision.
    """
    if type(network) not in WRITERS:
        names = ', '.join(kind.__name__ for kind in WRITERS)
        raise SettingsError(f'{type(network).__name__} cannot be exported: use one of {names}.')
    with torch.no_grad():
        return WRITERS[type(network)](network, precision, height, width)
