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

"""Spike transformer: patch embedding, spiking attention, and a head that fuses all blocks."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.normalised import Normalised
from spike_depth_ros.training.networks.spiking import carry_potentials, draw
from spike_depth_ros.training.networks.spread import SpreadReadout
from spike_depth_ros.training.networks.transformer.blocks import (
    ATTENTION,
    MembraneEncoder,
    SewEncoder,
)
from spike_depth_ros.training.networks.transformer.embedding import (
    MatchedEmbedding,
    PatchEmbedding,
    stage_sizes,
)
from spike_depth_ros.training.networks.transformer.head import (
    LEVELS,
    FusionHead,
    LinearHead,
)
from spike_depth_ros.training.quantisation import LARGEST
from spike_depth_ros.training.settings import SettingsError, check_choice

ENCODERS = {'membrane': MembraneEncoder, 'sew': SewEncoder}


class SpikeTransformer(DepthNetwork):
    """Depth of the left camera from the spike counts of one window.

    Source: Zhang et al. 2024, A Novel Spike Transformer Network for Depth Estimation from Event
    Cameras via Cross-modality Knowledge Distillation (arXiv 2404.17335), for the order of the
    layers, L = 4 blocks and the fusion of all blocks. Its widths, equations of the head and number
    of time steps are not public: those are ours, see docs/reference/spike-transformer.md. The
    block is that of Spikingformer (Zhou et al. 2023).

    Args:
        channels: 4 (left ON, left OFF, right ON, right OFF) or 2 (left ON, left OFF).
        width: channels of the tokens, a multiple of 16 that `heads` divides: onnxruntime's integer
            kernels give some wrong sums for odd numbers of channels (its issue 27670).
        stride: pixels from one token to the next, 8 or 16.
        blocks: number of blocks.
        heads: number of heads of the attention.
        attention: ssa, spiking self-attention (Spikformer, the paper), or linear, spike-driven
            attention (Spike-driven Transformer).
        residual: membrane, potentials are added (Spikingformer, the paper), or sew, spikes are
            (SEW-ResNet, Spikformer).
        head: fusion, or linear: the paper's ablation.
        fused: channels of the fusion head at strides 16, 8, 4 and 2; even numbers.
        cameras: stacked: the embedding reads the channels of all cameras; matched: both share its
            first stage, coincidences follow it and cooperate, and a loss term trains these
            detectors by the true disparity (ours; for channels 4).
        skips: add the embedding's spikes to the levels of the fusion head that are finer than the
            tokens (ours); False with the linear head, which has no levels.
        first: channels of the embedding's first stage, an even number; each other doubles them but
            the last, which has `width`. None: the last one doubles them too. Up to 126 with
            matched cameras, since eight bits hold the number of channels that coincide.
        steps: time steps; the counts are the input of each, and potentials go on from step to
            step.
    """

    left_first = (
        'embedding.stages.0.synapses.convolution.weight',
        'embedding.stages.2.synapses.convolution.weight',
        'head.skips.4.synapses.convolution.weight',
    )
    between_cameras = ('embedding.cooperation.', 'embedding.match.')

    def __init__(
        self,
        channels: int = 4,
        width: int = 192,
        stride: int = 16,
        blocks: int = 4,
        heads: int = 8,
        attention: Literal['ssa', 'linear'] = 'ssa',
        residual: Literal['membrane', 'sew'] = 'membrane',
        head: Literal['fusion', 'linear'] = 'fusion',
        fused: tuple[int, int, int, int] = (48, 48, 32, 16),
        cameras: Literal['stacked', 'matched'] = 'stacked',
        skips: bool = False,
        first: int | None = None,
        steps: int = 1,
    ) -> None:
        super().__init__()
        if channels not in (2, 4):
            raise SettingsError(f'channels is {channels}: use 4 for two cameras or 2 for one.')
        check_numbers(stride, blocks=blocks, steps=steps)
        check_widths(width, heads, fused)
        _check_choices(channels, attention, residual, head, cameras)
        _check_first(first, width, stride, cameras)
        if head == 'linear' and skips:
            raise SettingsError('skips is true with head linear: use skips false, or head fusion.')
        self.channels, self.steps = channels, steps
        self.embedding = (
            PatchEmbedding(channels, width, stride, first)
            if cameras == 'stacked'
            else MatchedEmbedding(width, stride, first)
        )
        self.encoder = ENCODERS[residual](width, blocks, heads, attention)
        self.head = (
            FusionHead(width, blocks, stride, fused, skips=self.embedding.sizes if skips else None)
            if head == 'fusion'
            else LinearHead(width, stride)
        )
        levels = (fused, LEVELS) if head == 'fusion' else ([width], [stride])
        self.spread = SpreadReadout(*levels)
        self.initialise()
        if steps > 1:
            carry_potentials(self)

    def initialise(self) -> None:
        """Draw weights with which every layer fires and depth starts close to constant.

        Normalised potentials reach the threshold at a sixth of the places.
        """
        for layer in self.modules():
            if isinstance(layer, Normalised):
                draw(layer.weight, 1.0)
        self.head.readout.initialise()
        self.spread.initialise()

    def remember(
        self, half_life_ms: float, averages: bool = False, events_exponent: float | None = None
    ) -> None:
        """Let the readout average over the windows; see LogDepthReadout.remember."""
        self.head.readout.remember(half_life_ms, averages, events_exponent)

    def predict(self, counts: Tensor) -> Output:
        """Map padded counts, float [n, channels, h, w], to log depth and the layers' spikes.

        The spikes are sums over the time steps, and so are the features, the residual stream
        after each block. log_disparity is that of the first time step alone.
        """
        levels, spikes, streams, log_disparity = self._step(counts)
        for _ in range(self.steps - 1):
            more_levels, more_spikes, more_streams, _ = self._step(counts)
            levels = [one + other for one, other in zip(levels, more_levels, strict=True)]
            spikes = {name: spikes[name] + more_spikes[name] for name in spikes}
            streams = [one + other for one, other in zip(streams, more_streams, strict=True)]
        log_depth, log_spread = self.head.readout(levels), self.spread(levels)
        return Output(log_depth, spikes, log_spread, log_disparity, features=tuple(streams))

    def _step(
        self, counts: Tensor
    ) -> tuple[list[Tensor], dict[str, Tensor], list[Tensor], Tensor | None]:
        """Return the spikes that the readout reads, those of all layers, streams, disparities."""
        embedded, spikes, log_disparity = self.embedding(counts)
        features, encoded, streams = self.encoder(embedded[-1])
        levels, fused = self.head(features, embedded)
        return levels, {**spikes, **encoded, **fused}, streams, log_disparity


def check_numbers(stride: int, **numbers: int) -> None:
    """Check the stride, and numbers that are at least 1. Raises SettingsError."""
    if stride not in (8, 16):
        raise SettingsError(f'stride is {stride}: use 8 or 16.')
    for name, value in numbers.items():
        if value < 1:
            raise SettingsError(f'{name} is {value}: use a whole number from 1.')


def check_widths(width: int, heads: int, fused: Sequence[int]) -> None:
    """Check numbers of channels. Raises SettingsError."""
    if width < 16 or width % 16:
        raise SettingsError(f'width is {width}: use a positive multiple of 16, such as 192.')
    if heads < 1 or width % heads:
        raise SettingsError(
            f'heads is {heads}: use a number that divides width {width}, such as 8.'
        )
    if min(fused) < 2 or any(channels % 2 for channels in fused):
        raise SettingsError(
            f'fused is {list(fused)}: use four positive even numbers, such as [48, 48, 32, 16].'
        )


def _check_first(first: int | None, width: int, stride: int, cameras: str) -> None:
    """Check the channels of the first stage, which may all coincide. Raises SettingsError."""
    if first is not None and (first < 2 or first % 2):
        raise SettingsError(f'first is {first}: use a positive even number, such as 12, or none.')
    channels = stage_sizes(width, stride, first)[0]
    if cameras == 'matched' and channels > LARGEST:
        raise SettingsError(
            f'first is {channels}{"" if first else " by width and stride"} with cameras matched, '
            f'and eight bits count {LARGEST} coinciding channels at the most: use first '
            f'{LARGEST - 1} or less.'
        )


def _check_choices(channels: int, attention: str, residual: str, head: str, cameras: str) -> None:
    """Check fields that name a variant. Raises SettingsError."""
    check_choice('attention', attention, ATTENTION)
    check_choice('residual', residual, ENCODERS)
    check_choice('head', head, ('fusion', 'linear'))
    check_choice('cameras', cameras, ('stacked', 'matched'))
    if cameras != 'stacked' and channels == 2:
        raise SettingsError(f'cameras is {cameras} with channels 2: use channels 4, or stacked.')
