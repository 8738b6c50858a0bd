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

"""U-Net: an analog network with concatenated skip connections."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from spike_depth_ros.training.networks.analog import AnalogLayer
from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.readout import LogDepthReadout
from spike_depth_ros.training.settings import SettingsError

SCALES = 5  # resolutions: 1 to 1/16


class UNet(DepthNetwork):
    """Depth of the left camera from the event counts of one window, by an analog network.

    Source: Ronneberger et al. 2015, U-Net: two 3x3 layers at each resolution, max pooling,
    transposed convolutions, concatenated skip connections. Batch normalisation, leaky ReLU and the
    readout of log depth are those of the package's other networks.

    Args:
        channels: 4 (left ON, left OFF, right ON, right OFF) or 2 (left ON, left OFF).
        width: channels at full resolution, doubled at each of four scales; 64 in the paper.

    Raises SettingsError for other channels, and a width below 1.
    """

    no_file = (
        'UNet is a baseline for tables, which only trains: export a StereoSpike, whose field '
        'neurons has analog layers too.'
    )

    def __init__(self, channels: int = 4, width: int = 16) -> None:
        super().__init__()
        check_sizes(channels, width)
        self.channels, self.width = channels, width
        sizes = [width * 2**scale for scale in range(SCALES)]
        self.down = nn.ModuleList(_two_layers(*pair) for pair in pairwise([channels, *sizes]))
        self.pooling = nn.MaxPool2d(2)
        coarse_to_fine = list(pairwise(reversed(sizes)))
        self.upsampling = nn.ModuleList(
            nn.ConvTranspose2d(coarse, fine, 2, 2) for coarse, fine in coarse_to_fine
        )
        self.up = nn.ModuleList(_two_layers(2 * fine, fine) for _, fine in coarse_to_fine)
        self.readout = LogDepthReadout([width], [1])
        self.readout.initialise()

    def predict(self, counts: Tensor) -> Output:
        """Map padded counts, float [n, channels, h, w], to log depth and the layers' outputs."""
        x, layers = counts, {}
        for scale, down in enumerate(self.down):
            x = layers[f'down{scale}'] = down(self.pooling(x) if scale else x)
        for scale in reversed(range(SCALES - 1)):
            step = SCALES - 2 - scale
            joined = torch.cat([layers[f'down{scale}'], self.upsampling[step](x)], 1)
            x = layers[f'up{scale}'] = self.up[step](joined)
        return Output(self.readout([x]), layers)


def check_sizes(channels: int, width: int) -> None:
    """Check the fields of a baseline. Raises SettingsError."""
    if channels not in (2, 4):
        raise SettingsError(f'channels is {channels}: use 4 for two cameras or 2 for one.')
    if width < 1:
        raise SettingsError(f'width is {width}: use a whole number from 1, such as 16.')


def _two_layers(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(*(_layer(*pair) for pair in ((inputs, outputs), (outputs, outputs))))


def _layer(inputs: int, outputs: int) -> AnalogLayer:
    return AnalogLayer(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), 'leaky_relu')
