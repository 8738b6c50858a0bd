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

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from spike_depth_ros.training.networks.analog import ACTIVATIONS, AnalogLayer
from spike_depth_ros.training.networks.membrane import check_remembers
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
from spike_depth_ros.training.settings import SettingsError, check_choice

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
        branches: concatenated: one encoder reads the channels of both cameras (section 3.3).
            summed: each camera has an encoder of its own, and their spikes are added at each
            scale (figure 2).
        neurons: spiking, or the activation function of the paper's analog twins, whose layers
            have batch normalisation and bias (table 4).
    """

    left_first = ('bottom.synapses.weight',)
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
        branches: Literal['concatenated', 'summed'] = 'concatenated',
        neurons: Literal['spiking', 'sigmoid', 'tanh', 'leaky_relu'] = 'spiking',
    ) -> None:
        super().__init__()
        if channels not in (2, 4):
            raise SettingsError(f'channels is {channels}: use 4 for two cameras or 2 for one.')
        if width < 1:
            raise SettingsError(f'width is {width}: use a whole number from 1, such as 32.')
        check_choice('potential', potential, READOUTS)
        check_choice('branches', branches, ('concatenated', 'summed'))
        check_choice('neurons', neurons, ('spiking', *ACTIVATIONS))
        if branches == 'summed' and channels == 2:
            raise SettingsError('branches is summed with channels 2: use channels 4, or leave it.')
        _check_heads(heads)
        self.channels, self.width = channels, width
        self.heads, self.skips = sorted(heads, reverse=True), skips
        sizes = [width * 2**scale for scale in range(5)]
        layer = SpikingLayer if neurons == 'spiking' else partial(AnalogLayer, activation=neurons)
        inputs = channels if branches == 'concatenated' else channels // 2
        self.bottom, *encoder = _encoder(layer, inputs, sizes)
        self.encoder = nn.ModuleList(encoder)
        self.right: nn.ModuleList | None = None
        if branches == 'summed':
            self.right = nn.ModuleList(_encoder(layer, inputs, sizes))
        self.bottleneck = nn.ModuleList(residual_block(sizes[-1], layer) for _ in range(2))
        self.decoder = nn.ModuleList(
            layer(UpsampledConv2d(*pair, 5, 2)) for pair in pairwise(reversed(sizes))
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
        initialisation no layer would fire at all. Analog layers are normalised.
        """
        for layer in self.modules():
            if isinstance(layer, SpikingLayer):
                draw(layer.synapses.weight, FIRING_GAIN)
        self.readout.initialise()

    def remember(
        self, half_life_ms: float, averages: bool = False, events_exponent: float | None = None
    ) -> None:
        """Let the readout average over the windows; see LogDepthReadout.remember."""
        self.readout.remember(half_life_ms, averages, events_exponent)

    def predict(self, counts: Tensor) -> Output:
        """Map padded counts, float [n, channels, h, w], to log depth and the layers' spikes.

        The features are the sums of spikes after both blocks of the bottleneck.
        """
        encoder = [self.bottom, *self.encoder]
        if self.right is None:
            spikes = skips = _encoded(encoder, counts)
        else:
            left, right = counts.split(2, 1)
            spikes, others = _encoded(encoder, left), _encoded(self.right, right)
            skips = {name: spikes[name] + others[name] for name in spikes}
            spikes = spikes | {f'{name}_right': layer for name, layer in others.items()}
        x, spikes = skips['conv4'], dict(spikes)
        for number, block in enumerate(self.bottleneck, 1):
            spikes[f'block{number}_hidden'], x = block(x)
            spikes[f'block{number}'] = x
        features = spikes['block1'], spikes['block2']
        for number, skip in ((4, 'conv3'), (3, 'conv2'), (2, 'conv1'), (1, 'bottom')):
            x = self.decoder[4 - number](x)
            if self.skips:
                x = x + skips[skip]
            spikes[f'deconv{number}'] = x
        found = self.readout([spikes[f'deconv{head}'] for head in self.heads])
        if isinstance(self.readout, MetresReadout):
            log_depth, metres = found
            return Output(log_depth, spikes, None, None, metres, features)
        return Output(found, spikes, features=features)


def _check_heads(heads: Sequence[int]) -> None:
    """Check numbers of prediction layers. Raises SettingsError."""
    if 1 not in heads or not set(heads) <= set(HEADS) or len(set(heads)) != len(heads):
        raise SettingsError(
            f'heads is {list(heads)}: use 1, alone or with some of 2, 3 and 4, each once.'
        )


def _encoder(
    layer: Callable[[nn.Module], nn.Module], channels: int, sizes: Sequence[int]
) -> list[nn.Module]:
    """Return the layers of an encoder; all but the first halve the resolution.

    Args:
        layer: maker of a layer from its convolution.
        channels: channels of the input.
        sizes: channels of the layers.
    """

    def convolution(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
        return nn.Conv2d(inputs, outputs, 5, stride, padding=2, bias=False)

    first = layer(convolution(channels, sizes[0], 1))
    return [first, *(layer(convolution(*pair, 2)) for pair in pairwise(sizes))]


def _encoded(layers: Iterable[nn.Module], x: Tensor) -> dict[str, Tensor]:
    """Return the spikes of an encoder's layers by name, for counts."""
    spikes = {}
    for number, layer in enumerate(layers):
        x = spikes[f'conv{number}' if number else 'bottom'] = layer(x)
    return spikes
