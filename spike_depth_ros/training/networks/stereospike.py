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

"""StereoSpike: a spiking U-Net from one spike frame to dense depth."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from spike_depth_ros.training.networks.membrane import LeakyMembrane, check_remembers
from spike_depth_ros.training.networks.metres_readout import MetresReadout
from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.readout import LogDepthReadout
from spike_depth_ros.training.networks.spiking import (
    FIRING_GAIN,
    SpikingLayer,
    draw,
    residual_block,
)
from spike_depth_ros.training.settings import SettingsError

HEADS = (1, 2, 3, 4)  # the paper's numbers of the prediction layers, fine to coarse
READOUTS = {'log_depth': LogDepthReadout, 'metres': MetresReadout}


class StereoSpike(DepthNetwork):
    """Depth of the left camera from the spike counts of one window.

    Source: Rancon et al., StereoSpike (2021), section 3.4 and figure 2. The paper's potential is
    metres; its ablations are other values of `heads` (table 2) and `skips` (table 3).

    Args:
        channels: 4 (left ON, left OFF, right ON, right OFF) or 2 (left ON, left OFF).
        width: channels of the first layer, doubled at each of four scales; 32 in the paper.
        half_life_ms: time in which half of an average over the windows leaks, milliseconds, at
            first: it is learned; None: each window is computed by itself.
        events_exponent: see LeakyMembrane.
        heads: numbers of the prediction layers; layer n reads deconv n. 1, which is needed, has
            the image's resolution (predict_depth1 in the authors' code), 4 an eighth of it.
        skips: add each layer of the encoder to that of the decoder.
        potential: quantity of the readout's potential, log_depth or metres.
    """

    penalised = ('block2', 'deconv4', 'deconv3', 'deconv2', 'deconv1')

    def __init__(
        self,
        channels: int = 4,
        width: int = 32,
        half_life_ms: float | None = None,
        events_exponent: float | None = None,
        heads: tuple[int, ...] = HEADS,
        skips: bool = True,
        potential: Literal['log_depth', 'metres'] = 'log_depth',
    ) -> None:
        super().__init__()
        if channels not in (2, 4):
            raise SettingsError(f'channels is {channels}: use 4 for two cameras or 2 for one.')
        _check_heads(heads)
        self.channels, self.width = channels, width
        self.heads, self.skips = sorted(heads, reverse=True), skips
        sizes = [width * 2**scale for scale in range(5)]
        self.bottom = _layer(channels, width)
        self.encoder = nn.ModuleList(_layer(*pair, stride=2) for pair in pairwise(sizes))
        self.bottleneck = nn.ModuleList(residual_block(sizes[-1]) for _ in range(2))
        self.decoder = nn.ModuleList(
            SpikingLayer(UpsampledConv2d(*pair, 5, 2)) for pair in pairwise(reversed(sizes))
        )
        self.readout = READOUTS[potential](
            [sizes[head - 1] for head in self.heads], [2 ** (head - 1) for head in self.heads]
        )
        self.initialise()
        check_remembers(half_life_ms, False, events_exponent)
        if half_life_ms is not None:
            self.remember(half_life_ms, events_exponent=events_exponent)

    def initialise(self) -> None:
        """Draw weights with which every layer fires and depth starts close to constant.

        The input is sparse whole numbers and nothing normalises it: with PyTorch's own
        initialisation no layer would fire at all.
        """
        for layer in self.modules():
            if isinstance(layer, SpikingLayer):
                draw(layer.synapses.weight, FIRING_GAIN)
        self.readout.initialise()

    def remember(
        self, half_life_ms: float, averages: bool = False, events_exponent: float | None = None
    ) -> None:
        """Let the readout average over the windows.

        Raises SettingsError for a half life that is not above 0, and an exponent below 0.

        Args:
            half_life_ms: time in which half of an average leaks, milliseconds.
            averages: makes no difference: log depth is averaged, never summed.
            events_exponent: see LeakyMembrane.
        """
        self.readout.membrane = LeakyMembrane(
            half_life_ms, averages=True, events_exponent=events_exponent
        )

    def predict(self, counts: Tensor) -> Output:
        """Map padded counts, float [n, channels, h, w], to log depth and the layers' spikes."""
        x = self.bottom(counts)
        spikes = {'bottom': x}
        for number, layer in enumerate(self.encoder, 1):
            x = spikes[f'conv{number}'] = layer(x)
        for number, block in enumerate(self.bottleneck, 1):
            spikes[f'block{number}_hidden'], x = block(x)
            spikes[f'block{number}'] = x
        for number, skip in ((4, 'conv3'), (3, 'conv2'), (2, 'conv1'), (1, 'bottom')):
            x = self.decoder[4 - number](x)
            if self.skips:
                x = x + spikes[skip]
            spikes[f'deconv{number}'] = x
        found = self.readout([spikes[f'deconv{head}'] for head in self.heads])
        if isinstance(self.readout, MetresReadout):
            log_depth, metres = found
            return Output(log_depth, spikes, metres=metres)
        return Output(found, spikes)


def _check_heads(heads: Sequence[int]) -> None:
    """Check numbers of prediction layers. Raises SettingsError."""
    if 1 not in heads or not set(heads) <= set(HEADS) or len(set(heads)) != len(heads):
        raise SettingsError(
            f'heads is {list(heads)}: use 1, alone or with some of 2, 3 and 4, each once.'
        )


def _layer(inputs: int, outputs: int, stride: int = 1) -> SpikingLayer:
    return SpikingLayer(nn.Conv2d(inputs, outputs, 5, stride, padding=2, bias=False))
