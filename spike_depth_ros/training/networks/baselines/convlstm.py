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

"""E2Depth-like network: a recurrent U-Net with ConvLSTM cells in the encoder."""

import math
from itertools import pairwise
from typing import Any

import torch
from spikingjelly.activation_based.base import MemoryModule
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.networks.analog import AnalogLayer
from spike_depth_ros.training.networks.baselines.unet import check_sizes
from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.readout import LogDepthReadout
from spike_depth_ros.training.networks.spiking import residual_block

LAYERS = 3  # recurrent layers, each at half of the resolution before


class ConvLstm(MemoryModule):  # type: ignore[misc]  # spikingjelly has no types
    """ConvLSTM cells of 3x3 (Shi et al. 2015); hidden and cell state are 0 at first.

    Args:
        channels: channels of input, hidden state and cell state.

    Attributes:
        hidden, cell: states after the last call, float [n, channels, h, w]; None: 0.
    """

    hidden: Tensor | None
    cell: Tensor | None

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(2 * channels, 4 * channels, 3, padding=1)
        self.register_memory('hidden', None)
        self.register_memory('cell', None)

    def forward(self, x: Tensor) -> Tensor:
        """Map float [n, channels, h, w] to the hidden state, of the same shape."""
        hidden = torch.zeros_like(x) if self.hidden is None else self.hidden
        cell = torch.zeros_like(x) if self.cell is None else self.cell
        enters, stays, leaves, new = self.gates(torch.cat([x, hidden], 1)).chunk(4, 1)
        self.cell = stays.sigmoid() * cell + enters.sigmoid() * new.tanh()
        self.hidden = leaves.sigmoid() * self.cell.tanh()
        return self.hidden

    def states(self) -> tuple[Tensor | None, Tensor | None]:
        """Return the hidden and the cell state."""
        return self.hidden, self.cell


class E2Depth(DepthNetwork):
    """Depth of the left camera from the event counts of windows, by a recurrent analog network.

    Source: Hidalgo-Carrio et al. 2020, Learning Monocular Dense Depth from Events: a 5x5 layer,
    three layers of stride 2 followed by ConvLSTM, two residual blocks, three 5x5 layers after
    bilinear upsampling, skip connections by sums. It is no copy: the input is the event counts of
    a window, not five bins of time, and batch normalisation, leaky ReLU and the readout of log
    depth are those of the package's other networks. Trained on single windows (data.windows 1) it
    has no memory to use.

    Args:
        channels: 4 (left ON, left OFF, right ON, right OFF) or 2 (left ON, left OFF).
        width: channels of the first layer, doubled at each of three scales; 32 in the paper.

    Raises SettingsError for other channels, and a width below 1.
    """

    no_file = (
        'E2Depth is a baseline for tables, which only trains: export a StereoSpike, whose field '
        'neurons has analog layers too.'
    )

    def __init__(self, channels: int = 4, width: int = 16) -> None:
        super().__init__()
        check_sizes(channels, width)
        self.channels, self.width = channels, width
        sizes = [width * 2**scale for scale in range(LAYERS + 1)]
        self.first = _layer(channels, width)
        self.encoder = nn.ModuleList(_layer(*pair, 2) for pair in pairwise(sizes))
        self.cells: Any = nn.ModuleList(ConvLstm(size) for size in sizes[1:])
        self.blocks = nn.ModuleList(
            residual_block(sizes[-1], lambda layer: AnalogLayer(layer, 'leaky_relu'))
            for _ in range(2)
        )
        self.decoder = nn.ModuleList(_layer(*pair) for pair in pairwise(reversed(sizes)))
        self.readout = LogDepthReadout([width], [1])
        self.readout.initialise()

    def predict(self, counts: Tensor) -> Output:
        """Map padded counts, float [n, channels, h, w], to log depth and the layers' outputs."""
        x = self.first(counts)
        layers, skips = {'first': x}, [x]
        for number, (layer, cell) in enumerate(zip(self.encoder, self.cells, strict=True), 1):
            x = layers[f'encoder{number}'] = cell(layer(x))
            skips.append(x)
        for number, block in enumerate(self.blocks, 1):
            _, x = block(x)
            layers[f'block{number}'] = x
        for number, layer in zip(reversed(range(1, LAYERS + 1)), self.decoder, strict=True):
            joined = x + skips[number]
            doubled = functional.interpolate(joined, scale_factor=2, mode='bilinear')
            x = layers[f'decoder{number}'] = layer(doubled)
        return Output(self.readout([x + skips[0]]), layers)

    def _start(self, elapsed_ms: float | Tensor, counts: Tensor) -> None:
        """Keep the states of images whose elapsed time is finite; see `forward`."""
        kept = [layer.states() for layer in self.cells]
        super()._start(elapsed_ms, counts)
        goes_on = torch.as_tensor(elapsed_ms, device=counts.device).reshape(-1, 1, 1, 1) < math.inf
        if goes_on.any():
            for layer, states in zip(self.cells, kept, strict=True):
                layer.hidden, layer.cell = (
                    None if state is None else state * goes_on for state in states
                )


def _layer(inputs: int, outputs: int, stride: int = 1) -> AnalogLayer:
    convolution = nn.Conv2d(inputs, outputs, 5, stride, padding=2, bias=False)
    return AnalogLayer(convolution, 'leaky_relu')
