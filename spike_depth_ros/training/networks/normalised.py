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

"""Batch normalisation of synapses, which folds into their weights and thresholds."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.spiking import fanout
from spike_depth_ros.training.settings import SettingsError

EPSILON = 1e-3  # added to the variance: a channel without spikes keeps moderate weights


class Normalised(nn.Module):
    """Synapses whose potentials are normalised over the batch: the ConvBN of spiking transformers.

    After training the normalisation is a factor on the weights and a constant input to the
    neurons, see `fold`.

    Args:
        convolution: nn.Conv2d with bias=False and padding k // 2, or UpsampledConv2d.
        pools: pass on the largest potential of each 2 x 2 pixels, before the neurons. For neurons
            that start at potential 0, so in the first time step of a window, that is the same as
            pooling their spikes.

    Attributes:
        norm: the normalisation; None once it is folded.
        bias: constant input, float [out], once the normalisation is folded; else None.

    Raises SettingsError for a convolution with a bias.
    """

    def __init__(self, convolution: nn.Conv2d | UpsampledConv2d, pools: bool = False) -> None:
        super().__init__()
        if getattr(convolution, 'bias', None) is not None:
            raise SettingsError(
                f'the normalised synapses {convolution} have a bias, which the normalisation '
                'subtracts again: use bias=False.'
            )
        self.convolution, self.pools = convolution, pools
        self.norm: nn.BatchNorm2d | None = nn.BatchNorm2d(len(convolution.weight), EPSILON)
        self.register_parameter('bias', None)
        # In a tuple: these modules are no descendants.
        self._writers: tuple[Normalised, ...] = (self,)

    @property
    def weight(self) -> Tensor:
        """Return the weights of the convolution, float [out, in, k, k]."""
        return self.convolution.weight

    @property
    def writers(self) -> tuple['Normalised', ...]:
        """Return the synapses that write to the same potentials; their weights share one step."""
        return self._writers

    def forward(self, x: Tensor) -> Tensor:
        """Map spikes, float [n, in, h, w], to potentials [n, out, h', w']."""
        potentials = self.convolution(x)
        if self.norm is not None:
            potentials = self.norm(potentials)
        else:
            potentials = potentials + self.bias[:, None, None]
        return functional.max_pool2d(potentials, 2) if self.pools else potentials

    def fanout(self) -> float:
        """Return the synapses that one spike reaches; pooling follows them."""
        return fanout(self.convolution)

    @torch.no_grad()
    def fold(self) -> None:
        """Make the normalisation, with its present statistics, part of weights and bias."""
        if self.norm is None:
            return
        norm = self.norm
        assert norm.running_mean is not None and norm.running_var is not None
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        self.convolution.weight.mul_(factor[:, None, None, None])
        self.bias = nn.Parameter(norm.bias - norm.running_mean * factor)
        self.norm = None


class MembraneStream(nn.Module):
    """Sum of the potentials that several synapses write: the membrane shortcut.

    Source: Zhou et al. 2023, Spikingformer, spike-driven residual; Hu et al. 2021, MS-ResNet.
    In eight bits, each channel has one step for the weights of all writers.

    Args:
        writers: synapses that write to the stream.
    """

    def __init__(self, writers: Sequence[Normalised]) -> None:
        super().__init__()
        for writer in writers:
            writer._writers = tuple(writers)

    def forward(self, written: Tensor, stream: Tensor | None = None) -> Tensor:
        """Return the stream after a writer; None is the stream before the first one."""
        return written if stream is None else stream + written


def has_normalised(network: nn.Module) -> bool:
    """Return whether a network has synapses with batch normalisation, folded or not."""
    return any(isinstance(layer, Normalised) for layer in network.modules())


def fold(network: nn.Module) -> None:
    """Fold all batch normalisations of a network, in place; see Normalised."""
    for layer in network.modules():
        if isinstance(layer, Normalised):
            layer.fold()
