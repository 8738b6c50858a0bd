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

"""Depth heads of the spike transformer: fusion of all blocks, and the linear ablation."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from torch import Tensor, nn

from spike_depth_ros.training.networks.normalised import Normalised
from spike_depth_ros.training.networks.phase import PhasesToPixels, UpsampledConv2d
from spike_depth_ros.training.networks.readout import LogDepthReadout
from spike_depth_ros.training.networks.spiking import SpikingLayer
from spike_depth_ros.training.networks.transformer.blocks import synapses
from spike_depth_ros.training.networks.transformer.embedding import STRIDES

LEVELS = STRIDES[::-1]  # pixels from one place of each level to the next, coarse to fine
LayerMaker = Callable[[nn.Module], nn.Module]
REFINED = 8  # levels down to this stride have a 3x3 layer, finer ones would take most of the time


class Reassembly(nn.Module):
    """Spikes of a block at another resolution.

    Finer ones by a transposed convolution whose size is its stride, as in DPT (Ranftl et al.
    2021): a 1x1 convolution to the channels of all pixels of a token. Coarser ones by a 3x3
    convolution of stride 2.

    Args:
        width: channels of the block.
        outputs: channels of the result.
        finer: 2 to the power of this is the factor of the resolution; -1, 0 or more.
        layer: maker of a layer from its synapses.
    """

    def __init__(
        self, width: int, outputs: int, finer: int, layer: LayerMaker = SpikingLayer
    ) -> None:
        super().__init__()
        if finer < 0:
            self.layer = layer(synapses(width, outputs, 3, stride=2))
        else:
            self.layer = layer(synapses(width, outputs * 4**finer))
        self.pixels = nn.ModuleList(PhasesToPixels() for _ in range(finer))

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, width, h, w] to [n, outputs, factor h, factor w]."""
        x = self.layer(x)
        for pixels in self.pixels:
            x = pixels(x)
        return x


class FusionHead(nn.Module):
    """Features of the blocks at four resolutions, fused from coarse to fine, to log depth.

    The late blocks serve the coarse resolutions. At each level a block's spikes are reassembled,
    refined by a residual layer, and added to the upsampled level before; prediction layers of all
    levels add to one potential. The paper gives no details of its head: this one follows DPT
    (Ranftl et al. 2021), spiking, and is ours.

    Args:
        width: channels of the blocks.
        blocks: number of blocks.
        stride: pixels from one token to the next, 8 or 16.
        channels: channels of the levels, coarse to fine.
        layer: maker of a layer from its synapses; the picture transformer's are analog.
        skips: channels of the embedding's spikes at each stride, which a 1x1 layer adds to the
            levels finer than the tokens; None: the head reads the blocks alone, as in the paper.
    """

    def __init__(
        self,
        width: int,
        blocks: int,
        stride: int,
        channels: Sequence[int],
        layer: LayerMaker = SpikingLayer,
        skips: Mapping[int, int] | None = None,
    ) -> None:
        super().__init__()
        levels = list(zip(LEVELS, channels, strict=True))
        self.blocks = [
            -(-blocks * (len(levels) - level) // len(levels)) - 1 for level in range(len(levels))
        ]
        self.reassembly = nn.ModuleList(
            Reassembly(width, size, (stride // at).bit_length() - 1, layer) for at, size in levels
        )
        self.refining = nn.ModuleList(
            layer(synapses(size, size, 3)) for at, size in levels if at >= REFINED
        )
        self.upsampling = nn.ModuleList(
            layer(Normalised(UpsampledConv2d(*pair, 3, 2))) for pair in pairwise(channels)
        )
        self.skips = nn.ModuleDict(
            {
                str(at): layer(synapses(skips[at], size))
                for at, size in levels
                if skips is not None and at < stride
            }
        )
        self.readout = LogDepthReadout(channels, LEVELS)

    def forward(
        self, features: Sequence[Tensor], embedded: Sequence[Tensor] = ()
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Map spikes to those that the readout reads.

        Args:
            features: spikes after each block, float [n, c, h, w].
            embedded: spikes of the embedding at strides 2, 4 and so on, for skips.

        Returns:
            The spikes of each level, coarse to fine, and of all layers by name.
        """
        spikes: dict[str, Tensor] = {}
        levels: list[Tensor] = []
        for level, at in enumerate(LEVELS):
            x = spikes[f'reassembled{at}'] = self.reassembly[level](features[self.blocks[level]])
            if at >= REFINED:
                x = spikes[f'refined{at}'] = x + self.refining[level](x)
            if str(at) in self.skips:
                x = spikes[f'skipped{at}'] = x + self.skips[str(at)](embedded[at.bit_length() - 2])
            if level > 0:
                x = spikes[f'fused{at}'] = x + self.upsampling[level - 1](levels[-1])
            levels.append(x)
        return levels, spikes


class LinearHead(nn.Module):
    """A prediction layer on the last block alone: the paper's ablation, a linear FCN head.

    Args:
        width: channels of the block.
        stride: pixels from one token to the next.
    """

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.readout = LogDepthReadout([width], [stride])

    def forward(
        self, features: Sequence[Tensor], embedded: Sequence[Tensor] = ()
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return the spikes after the last block; see FusionHead.forward."""
        return [features[-1]], {}
