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

"""The coincidence network: spikes of two cameras meet at every candidate shift."""

import math
from dataclasses import dataclass

import torch
from spikingjelly.activation_based import functional as spiking
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.spiking import (
    FIRING_GAIN,
    GRID,
    LARGEST_COUNT,
    READOUT_GAIN,
    Bursts,
    DepthNetwork,
    Output,
    SpikingLayer,
    draw,
    fanout,
    residual_block,
)
from spike_depth_ros.training.settings import SettingsError

IMAGES = 3  # whose features meet: left, right and right a pixel aside
EXCITATION, INHIBITION = 0.06, -0.005  # of detectors of the same shift nearby, and of others
# Potentials of the readout are bounded so that sums of their exponentials fit in float32.
LARGEST_POTENTIAL = 60.0
LARGEST_BURST = 15  # of detectors that cooperate, whose spikes say how good a match is
# What one spike of those detectors says for its shift at first, the logarithm of odds.
EVIDENCE = {'cooperation2': 0.5, 'cooperation3': 0.2, 'cooperation4': 0.2}
# What the readout reads, by resolution, coarse to fine: an eighth, a quarter and a half.
READERS = (('cooperation4',), ('cooperation3', 'deconv3'), ('cooperation2', 'deconv2'))
LEAST_PROBABILITY = 1e-30
LEAST_SHIFT = 0.5  # pixels, whose depth a shift of 0 stands for
FIRST_SPREAD = -1.0  # of log depth, as a logarithm: what is known before any spike


@dataclass(frozen=True)
class Trust:
    """Weights of evidence and prior in the readout, relative to the trained ones.

    evidence: factor on what cooperating detectors say. prior: factor on the logarithm of what is
    believed of the shifts before any spike; 0 takes all for equally likely. Raises SettingsError
    for a factor below 0 or not finite.
    """

    evidence: float = 1.0
    prior: float = 1.0

    def __post_init__(self) -> None:
        for name, factor in (('evidence', self.evidence), ('prior', self.prior)):
            if not 0 <= factor < math.inf:
                raise SettingsError(f'{name} is {factor:g}: use a finite number of at least 0.')


class Encoder(nn.Module):
    """Features of two cameras at a half of the resolution, zeros and ones."""

    def __init__(self, width: int, channels: int = 2) -> None:
        super().__init__()
        finest, features = width // 2, 2 * width
        self.bottom = SpikingLayer(nn.Conv2d(channels, finest, 5, padding=2, bias=False))
        self.conv1 = SpikingLayer(nn.Conv2d(finest, features, 5, stride=2, padding=2, bias=False))
        self.same1 = SpikingLayer(nn.Conv2d(features, features, 3, padding=1, bias=False))

    def forward(self, left: Tensor, right: Tensor) -> dict[str, Tensor]:
        """Return the spikes of the layers for counts, float [n, channels, h, w], of two cameras.

        bottom: of the left camera, then of the right one, [2n, width / 2, h, w]. conv1 and same1:
        likewise, then of the right one a pixel aside, [3n, 2 width, h / 2, w / 2].
        """
        bottom = self.bottom(torch.cat([left, right]))
        # Aside, the last column lies beyond the border, where it is still seen: maps are two
        # columns wider, and what is computed there is left out.
        as_they_are = functional.pad(bottom, (0, 2))
        aside = functional.pad(bottom.chunk(2)[1], (1, 1))
        conv1 = self.conv1(torch.cat([as_they_are, aside]))[..., :-1]
        return {'bottom': bottom, 'conv1': conv1, 'same1': self.same1(conv1)}


class Cooperation(nn.Module):
    """Synapses between detectors of like shifts at nearby places, the same for every shift.

    Detectors of one shift nearby excite each other and those of others inhibit, at first: a
    surface is smooth and a place has one depth (Marr and Poggio 1976, rules 1 and 2).

    Attributes:
        weight: float [1, 2 * nearby + 1, size, size], from the detectors of a shift `nearby` less
            to those of a shift `nearby` more.
        stride: places from one to the next, down and across; 2 halves the resolution.
    """

    def __init__(self, shifts: int, nearby: int = 4, size: int = 5, stride: int = 1) -> None:
        super().__init__()
        self.shifts, self.nearby, self.stride = shifts, nearby, (stride, stride)
        self.weight = nn.Parameter(torch.full((1, 2 * nearby + 1, size, size), INHIBITION))
        self.weight.data[:, nearby] = EXCITATION

    def band(self, weight: Tensor) -> Tensor:
        """Return the kernel of all detectors, [shifts, shifts, size, size], for a weight."""
        shift = torch.arange(self.shifts, device=weight.device)
        apart = shift - shift[:, None]
        near = apart.abs() <= self.nearby
        kernel = weight[0, (apart + self.nearby).clamp(0, 2 * self.nearby)]
        return kernel * near[:, :, None, None].to(weight.dtype)

    def fanout(self) -> float:
        """Return how many detectors one reaches, averaged over the shifts."""
        reached = self.band(torch.ones_like(self.weight)).sum() / self.shifts
        return float(reached) / self.stride[0] ** 2

    def forward(self, detected: Tensor) -> Tensor:
        """Map what detectors send, [n, shifts, h, w], to potentials.

        Returns [n, shifts, h / stride, w / stride], rounded up.
        """
        kernel = self.band(self.weight)
        return functional.conv2d(
            detected, kernel, stride=self.stride, padding=kernel.shape[-1] // 2
        )


class CoincidenceNetwork(DepthNetwork):
    """Depth of the left camera, and how sure it is, from the spike counts of two cameras.

    One encoder sees both cameras. A detector for each feature, place and candidate shift fires
    where a left spike and a right spike coincide (coincidence neurons: Osswald et al. 2017). Of
    how many fire at each place and shift, two layers of cooperating neurons keep what its
    surroundings support (cooperative stereo: Marr and Poggio 1976); they have kernels for the
    difference of two shifts, so that what is learned of one shift holds for all. Two more carry it
    on at a quarter and an eighth of the resolution, to where no events are and where few are, all
    of which together tell what none does alone. What they send joins the left camera's features
    on their way through a spiking U-Net like StereoSpike's.

    The readout has a neuron for each shift, whose potential grows with the evidence for it; depth
    is that of the median shift under their softmax. Another neuron's potential is the logarithm
    of the expected error of log depth. Depth has a half of the resolution, shifts are of whole
    pixels: the encoder halves the right camera's spikes as they are and a pixel aside.

    Args:
        width: half of the features that are matched; twice the channels of the first layer. Even:
            odd ones, of which onnxruntime's integer kernels get some sums wrong (its issue 27670),
            are refused.
        reach: largest shift in pixels, not included; a multiple of 2.
    """

    penalised = (*EVIDENCE, 'block', 'deconv4', 'deconv3', 'deconv2')

    def __init__(self, width: int = 16, reach: int = 48) -> None:
        super().__init__()
        if reach <= 0 or reach % 2:
            raise SettingsError(f'reach is {reach}: use a positive multiple of 2.')
        if width <= 0 or width % 2:
            raise SettingsError(f'width is {width}: use a positive multiple of 2.')
        self.channels, self.width, self.reach = 4, width, reach
        # Of a shift of one pixel. Were it learned, the median, which has no gradient, would be off
        # by what makes the mean right.
        self.log_focal_baseline = math.log(MVSEC_RIG.focal_baseline)
        half, quarter, eighth = 2 * width, 4 * width, 8 * width
        self.encoder = Encoder(width)
        self.cooperation1 = SpikingLayer(Cooperation(reach))
        self.cooperation2 = SpikingLayer(Cooperation(reach), Bursts(LARGEST_BURST))
        self.cooperation3 = SpikingLayer(Cooperation(reach, stride=2), Bursts(LARGEST_BURST))
        self.cooperation4 = SpikingLayer(Cooperation(reach, stride=2), Bursts(LARGEST_BURST))
        self.conv2, self.conv3, self.conv4 = (
            SpikingLayer(nn.Conv2d(size + reach, out, 5, stride=2, padding=2, bias=False))
            for size, out in ((half, quarter), (quarter, eighth), (eighth, eighth))
        )
        self.block = residual_block(eighth)
        self.deconv4 = SpikingLayer(UpsampledConv2d(eighth, eighth, 5, 2))
        self.deconv3 = SpikingLayer(UpsampledConv2d(eighth, quarter, 5, 2))
        self.deconv2 = SpikingLayer(UpsampledConv2d(quarter, half, 5, 2))
        # Of the readout: a potential for each shift, then that of the spread.
        readers = dict.fromkeys(EVIDENCE, reach)
        readers |= {'deconv3': quarter, 'deconv2': half}
        self.heads = nn.ModuleDict(
            {
                name: nn.Conv2d(size, self.reach + 1, 1, bias=False)
                for name, size in readers.items()
            }
        )
        log_shift = torch.arange(float(reach)).clamp(min=LEAST_SHIFT).log()[:, None, None]
        self.register_buffer('log_shift', log_shift, persistent=False)
        self.prior = nn.Parameter(-log_shift)  # large shifts are rare
        self.reset_spread = nn.Parameter(torch.full((), FIRST_SPREAD))
        self.initialise()

    def initialise(self) -> None:
        """Draw weights under which every layer fires, and readouts that start near flat."""
        for layer in self.modules():
            if isinstance(layer, SpikingLayer) and not isinstance(layer.synapses, Cooperation):
                draw(layer.synapses.weight, FIRING_GAIN)
        for prediction in self.heads.values():
            draw(prediction.weight, READOUT_GAIN)
        own = torch.eye(self.reach)[:, :, None, None]
        for name, evidence in EVIDENCE.items():
            self.heads[name].weight.data[: self.reach] += evidence * own

    @torch.no_grad()
    def trust(self, trust: Trust) -> None:
        """Change for good what the readout hears."""
        for name in EVIDENCE:
            self.heads[name].weight[: self.reach] *= trust.evidence
        self.prior *= trust.prior

    def fanouts(self) -> dict[str, float]:
        """Return how many synapses a spike of each layer, and of the input, reaches.

        As StereoSpike's; a spike that detectors see reaches one for each shift. Of a layer that
        several images share it is their mean: not all are read by the same layers.
        """
        encoder, block, heads = self.encoder, self.block, self.heads
        readers = {
            'input': [encoder.bottom],
            'bottom': [encoder.conv1],
            'conv1': [encoder.same1],
            'coincidences': [self.cooperation1],
            'cooperation1': [self.cooperation2],
            'cooperation2': [self.cooperation3, self.conv2, heads['cooperation2']],
            'cooperation3': [self.cooperation4, self.conv3, heads['cooperation3']],
            'cooperation4': [self.conv4, heads['cooperation4']],
            'conv2': [self.conv3],
            'conv3': [self.conv4],
            'conv4': [block.first],
            'block_hidden': [block.second],
            'block': [self.deconv4],
            'deconv4': [self.deconv3],
            'deconv3': [self.deconv2, heads['deconv3']],
            'deconv2': [heads['deconv2']],
        }
        reached = {
            name: float(sum(fanout(getattr(layer, 'synapses', layer)) for layer in layers))
            for name, layers in readers.items()
        }
        detectors = 2 * self.reach  # that see a left place, and the right ones there
        reached['same1'] = (fanout(self.conv2.synapses) + detectors) / IMAGES
        reached['bottom'] *= IMAGES / 2
        return reached

    def forward(self, counts: Tensor) -> Output:
        """Map counts, float [n, 4, h, w], to log depth, its log spread and the layers' spikes.

        Counts above 127 are taken for 127. The encoder's spikes are of several images, see there.
        """
        spiking.reset_net(self)
        height, width = counts.shape[-2:]
        counts = counts.clamp(max=LARGEST_COUNT)
        padded = functional.pad(counts, (0, -width % GRID, 0, -height % GRID))
        spikes, evidence = self.matches(padded)
        self.decode(spikes)
        cropped = (..., slice(height), slice(width))
        with torch.autocast(counts.device.type, enabled=False):
            potentials = self.read_out(spikes)
            log_shifts = [potential[:, :-1].log_softmax(1) for potential in potentials]
            log_depth = [self.mean_log_depth(each) for each in log_shifts]
            # What counts; it has no gradient, the means and the log probabilities are trained.
            log_depth.append(self.median_log_depth(log_shifts[-1]))
            log_spread = potentials[-1][:, -1:]
            log_match = (EVIDENCE['cooperation2'] * evidence.float()).log_softmax(1)
        return Output(
            spread_pixels(torch.stack(log_depth))[cropped],
            spikes,
            spread_pixels(log_spread)[cropped],
            torch.stack([log_match, log_shifts[-1]]),
        )

    def encode(self, counts: Tensor) -> dict[str, Tensor]:
        """Return the encoder's spikes for the left and the right channels of counts."""
        return self.encoder(*counts.split(2, 1))

    def matches(self, counts: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Return the spikes of the encoder and the detectors, and the potentials of the second."""
        spikes = self.encode(counts)
        left, *rights = spikes['same1'].chunk(IMAGES)
        found = [coincidences(left, right, self.reach // 2) for right in rights]
        spikes['coincidences'] = torch.stack(found, 2).flatten(1, 2)
        spikes['cooperation1'] = self.cooperation1(spikes['coincidences'])
        evidence = self.cooperation2.synapses(spikes['cooperation1'])
        spikes['cooperation2'] = self.cooperation2.neurons(evidence)
        spikes['cooperation3'] = self.cooperation3(spikes['cooperation2'])
        spikes['cooperation4'] = self.cooperation4(spikes['cooperation3'])
        return spikes, evidence

    def decode(self, spikes: dict[str, Tensor]) -> None:
        """Add the U-Net's layers to `spikes`."""
        x = left = spikes['same1'].chunk(IMAGES)[0]
        for number in (2, 3, 4):
            together = torch.cat([x, spikes[f'cooperation{number}']], 1)
            x = spikes[f'conv{number}'] = getattr(self, f'conv{number}')(together)
        spikes['block_hidden'], x = self.block(spikes['conv4'])
        spikes['block'] = x
        skips = {'deconv4': spikes['conv3'], 'deconv3': spikes['conv2'], 'deconv2': left}
        for name, skip in skips.items():
            x = spikes[name] = getattr(self, name)(x) + skip

    def resets(self) -> Tensor:
        """Return the readout's potentials before any spike, [shifts + 1, 1, 1]."""
        return torch.cat([self.prior, self.reset_spread.reshape(1, 1, 1)])

    def read_out(self, spikes: dict[str, Tensor]) -> list[Tensor]:
        """Return the readout's potentials, float [n, shifts + 1, h, w], coarse to fine."""
        coarsest, coarser, finest = (
            sum(self.heads[name](spikes[name].float()) for name in names) for names in READERS
        )
        coarse = self.resets() + spread_pixels(coarser + spread_pixels(coarsest))
        fine = coarse + finest
        return [sums.clamp(-LARGEST_POTENTIAL, LARGEST_POTENTIAL) for sums in (coarse, fine)]

    def mean_log_depth(self, log_shifts: Tensor) -> Tensor:
        """Return the mean of log depth, [n, 1, h, w], over shifts' log probabilities."""
        mean = (log_shifts.exp() * self.log_shift).sum(1, keepdim=True)
        return self.log_focal_baseline - mean

    @torch.no_grad()
    def median_log_depth(self, log_shifts: Tensor) -> Tensor:
        """Return the median of log depth, [n, 1, h, w], over shifts' log probabilities.

        A shift's probability is taken to lie evenly within half a pixel of it.
        """
        probability = log_shifts.exp().clamp(min=LEAST_PROBABILITY)
        from_here = probability.flip(1).cumsum(1).flip(1)  # of this shift and larger ones
        below = ((from_here - 0.5) / probability).clamp(0, 1)  # share that the median exceeds
        median = below.sum(1, keepdim=True) - 0.5
        return self.log_focal_baseline - median.clamp(min=LEAST_SHIFT).log()


def spread_pixels(x: Tensor) -> Tensor:
    """Return [..., h, w] at twice the resolution, each value in four pixels."""
    return x.repeat_interleave(2, -1).repeat_interleave(2, -2)


def coincidences(left: Tensor, right: Tensor, shifts: int) -> Tensor:
    """Count the channels in which left and right spikes coincide at each shift.

    The result at [n, d, y, x] is the sum over channels of left[n, :, y, x] AND
    right[n, :, y, x - d], 0 where x - d is outside. One product of matrices for each row of the
    image, of which a band of diagonals is kept.

    Args:
        left, right: zeros and ones, float [n, c, h, w].
        shifts: d runs from 0 to shifts - 1.

    Returns:
        float [n, shifts, h, w], whole numbers up to c.
    """
    width = left.shape[-1]
    rows = torch.einsum('nchx,nchy->nhxy', left, right)  # every x against every y = x - d
    padded = functional.pad(rows, (shifts - 1, 0)).flatten(2)
    # In rows of one number more, what lies on a diagonal lies in a column.
    skewed = functional.pad(padded, (0, width)).unflatten(2, (width, -1))[..., :shifts]
    return skewed.flip(-1).permute(0, 3, 1, 2)
