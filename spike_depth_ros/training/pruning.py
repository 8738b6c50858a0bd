"""Leaving out neurons that do not fire: training silences some of them by itself."""

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset
from torch.utils.hooks import RemovableHandle
from tqdm import tqdm

from spike_depth_ros.training.data.module import collate
from spike_depth_ros.training.data.simulated import Sample
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.stereospike import SpikingLayer, StereoSpike


class Places(nn.Module):
    """Put the spikes of some neurons at their places among all of a layer, the others silent."""

    def __init__(self, firing: Tensor) -> None:
        super().__init__()
        order = torch.where(firing, firing.cumsum(0) - 1, firing.sum())
        self.register_buffer('order', order)

    def forward(self, spikes: Tensor) -> Tensor:
        """Map [n, firing, h, w] to [n, all, h, w]."""
        silence = torch.zeros_like(spikes[:, :1])
        return torch.cat([spikes, silence], 1).index_select(1, self.order)


def silence(network: StereoSpike, windows: Dataset[Sample], rate: float) -> None:
    """Set to zero the kernels of neurons that fire less often than `rate` over the windows."""
    layers = [layer for layer in network.modules() if isinstance(layer, SpikingLayer)]
    fired = [torch.zeros(len(layer.synapses.weight)) for layer in layers]

    def watch(layer: SpikingLayer, total: Tensor) -> RemovableHandle:
        def add(_: nn.Module, inputs: tuple[Tensor], spikes: Tensor) -> None:
            total.add_(spikes.mean((0, 2, 3)))

        return layer.register_forward_hook(add)

    hooks = [watch(layer, total) for layer, total in zip(layers, fired, strict=True)]
    with torch.no_grad():
        for sample in tqdm(windows, desc='silent neurons', unit='window'):
            spikes, _ = collate([sample])
            network(spikes[:, : network.channels].float())
        for layer, total, hook in zip(layers, fired, hooks, strict=True):
            layer.synapses.weight[total < rate * len(windows)] = 0
            hook.remove()


class Silence(nn.Module):
    """Synapses of a layer that never fires: no current, whatever comes in."""

    def forward(self, x: Tensor) -> Tensor:
        """Return 0, to be added to what the layer's output joins."""
        return x.new_zeros(())


def drop_silent(layer: SpikingLayer) -> None:
    """Compute only the neurons whose kernels are not zero.

    A decoder layer of which nothing is left computes nothing: its skip goes on alone.
    """
    weight = layer.synapses.weight
    firing = weight.flatten(1).any(1)
    if firing.all():
        return
    if isinstance(layer.synapses, UpsampledConv2d) and not firing.any():
        layer.synapses = Silence()
        return
    firing[0] |= not firing.any()
    layer.synapses.weight = nn.Parameter(weight[firing].detach())
    layer.add_module('places', Places(firing))
