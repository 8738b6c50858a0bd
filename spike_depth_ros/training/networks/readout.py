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

"""Readout layers: spikes to log depth, and to the confidence of a match.

Readouts compute in float32 also where the other layers train in bfloat16, which would round depth
by centimetres.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor, nn

from spike_depth_ros.training.networks.membrane import LeakyMembrane
from spike_depth_ros.training.networks.network import Trust
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.posterior import (
    LARGEST_POTENTIAL,
    LEAST_DISPARITY,
    Calibration,
    confidence,
    posterior,
    share_near_median,
)
from spike_depth_ros.training.networks.spiking import READOUT_GAIN, draw, fanout
from spike_depth_ros.training.quantisation import POTENTIAL_UNIT, in_units, round_together
from spike_depth_ros.training.settings import SettingsError

FIRST_SPREAD = -1.0  # logarithm of the error of log depth before any spike and any training


class Readout(nn.Module, ABC):
    """Base class of readouts: prediction layers, whose neurons do not fire."""

    heads: Any  # nn.ModuleList or nn.ModuleDict of prediction layers

    @abstractmethod
    def reached(self, features: Any, *others: Any) -> Iterator[tuple[Any, float]]:
        """Yield each input with spikes and its fan-out, the synapses that one spike reaches.

        Takes the arguments of `forward`.
        """

    def quantise(self) -> None:
        """Round the weights, in place, to those of the int8 file; by default they stay float32."""


class ConfidentReadout(Readout, ABC):
    """Base class of readouts that give the logarithm of the expected error of log depth.

    Attributes:
        calibration: weights of the confidence; `spike-depth export` fits them.
    """

    calibration: Calibration


class LogDepthReadout(Readout):
    """A neuron for each pixel whose potential is the logarithm of depth in metres.

    With a membrane the potential is a leaky average over the windows. Source: Rancon et al.,
    StereoSpike (2021), section 3.4; the paper's potential is depth.

    Args:
        channels: number of channels of each input layer, coarse to fine.
        scales: factor from each input layer to the image's resolution: 16, 8, 4, 2 or 1.

    Attributes:
        membrane: membrane that averages the potential; None: it starts each window at its reset.
    """

    def __init__(self, channels: Sequence[int], scales: Sequence[int]) -> None:
        super().__init__()
        self.scales = tuple(scales)
        pairs = zip(channels, scales, strict=True)
        self.heads = nn.ModuleList(prediction_layer(*pair) for pair in pairs)
        self.reset_potential = nn.Parameter(torch.ones(()))  # shared and learned, equation 1
        self.membrane: LeakyMembrane | None = None

    def initialise(self) -> None:
        """Draw small weights: depth starts close to constant."""
        for layer in self.heads:
            draw(layer.weight, READOUT_GAIN)

    def remember(
        self, half_life_ms: float, averages: bool = False, events_exponent: float | None = None
    ) -> None:
        """Let the potential be an average over the windows.

        Raises SettingsError for a half life that is not above 0, an exponent below 0, and
        `averages`.

        Args:
            half_life_ms: time in which half of an average leaks, milliseconds.
            averages: False; depth is averaged without it, and never summed.
            events_exponent: see LeakyMembrane.
        """
        if averages:
            raise SettingsError(
                'averages is True, but log depth is averaged in any case: leave averages out.'
            )
        self.membrane = LeakyMembrane(half_life_ms, averages=True, events_exponent=events_exponent)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Map spikes of the layers, [n, channels, h / scale, w / scale], to log depth.

        Returns float [len(features), n, 1, h, w]: the potential after each layer; the membrane
        averages the last one.
        """
        with torch.autocast(features[0].device.type, enabled=False):
            added = [
                layer(spikes.to(layer.weight.dtype))
                for spikes, layer in zip(features, self.heads, strict=True)
            ]
            partial = list(accumulate(added, initial=self.reset_potential))[1:]
            if self.membrane is not None:
                partial[-1] = self.reset_potential + self.membrane(sum(added))
        return torch.stack(partial)

    @torch.no_grad()
    def quantise(self) -> None:
        """Round the weights to whole units, with which a membrane's potentials are exact."""
        if self.membrane is None:
            return
        for layer in self.heads:
            layer.weight.copy_(POTENTIAL_UNIT * in_units(layer.weight, POTENTIAL_UNIT))
        self.membrane.is_exact = True

    def reached(self, features: Any, *others: Any) -> Iterator[tuple[Any, float]]:
        """Yield each layer and the fan-out of the prediction layer that reads it."""
        yield from zip(features, map(fanout, self.heads), strict=True)


class DisparityReadout(ConfidentReadout):
    """A neuron for each disparity at each second or fourth pixel, and one for the error.

    A neuron's potential grows with the evidence for its disparity; depth is that of the median
    disparity under their softmax. The last neuron's potential is the logarithm of the expected
    error of log depth. The layers' potentials are summed from the coarsest on, each value spread
    to the pixels of the next finer resolution.

    With a membrane the evidence for the disparities lasts from window to window. Confidence
    follows from the disparities' softmax and the expected error.

    Args:
        levels: channels of the input layers by name, for each resolution, coarse to fine; each is
            twice the one before.
        evidence: for each layer with one channel per disparity, its name and the log odds that one
            spike adds to its disparity before training.
        max_disparity: disparities are 0 to max_disparity - 1 pixels of the image.
        focal_baseline: focal length times baseline, pixels times metres: depth at a disparity of
            one pixel.
        scale: pixels of the image from one place of the finest resolution to the next.

    Attributes:
        membrane: membrane of the disparities' neurons; None: they are reset before each window.
        calibration: weights of the confidence; `spike-depth export` fits them.
    """

    def __init__(
        self,
        levels: Sequence[Mapping[str, int]],
        evidence: Mapping[str, float],
        max_disparity: int,
        focal_baseline: float,
        scale: int = 2,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.membrane: LeakyMembrane | None = None
        self.calibration = Calibration()
        self.levels = tuple(tuple(level) for level in levels)
        self.evidence, self.max_disparity = dict(evidence), max_disparity
        # Not learned: training fits the mean, and a learned factor would bias the median, which
        # has no gradient.
        self.log_focal_baseline = math.log(focal_baseline)
        # Outputs: a potential for each disparity, then that of the error.
        self.heads = nn.ModuleDict(
            {
                name: nn.Conv2d(channels, max_disparity + 1, 1, bias=False)
                for level in levels
                for name, channels in level.items()
            }
        )
        disparity = torch.arange(float(max_disparity)).clamp(min=LEAST_DISPARITY)
        log_disparity = disparity.log()[:, None, None]
        self.log_disparity: Tensor
        self.register_buffer('log_disparity', log_disparity, persistent=False)
        self.prior = nn.Parameter(-log_disparity)  # large disparities are rare
        self.reset_spread = nn.Parameter(torch.full((), FIRST_SPREAD))

    def initialise(self) -> None:
        """Draw small weights, and those of the evidence."""
        for layer in self.heads.values():
            draw(layer.weight, READOUT_GAIN)
        own = torch.eye(self.max_disparity)[:, :, None, None]
        for name, evidence in self.evidence.items():
            self.heads[name].weight.data[: self.max_disparity] += evidence * own

    @torch.no_grad()
    def trust(self, trust: Trust) -> None:
        """Scale the weights of the evidence and the prior, in place."""
        for name in self.evidence:
            self.heads[name].weight[: self.max_disparity] *= trust.evidence
        self.prior.mul_(trust.prior)

    def quantise(self) -> None:
        """Round the weights: a step for each neuron and resolution, since it is one kernel."""
        unit = None if self.membrane is None else POTENTIAL_UNIT
        for names in self.levels:
            round_together([self.heads[name] for name in names], unit)
        if self.membrane is not None:
            self.membrane.is_exact = True

    def reached(self, features: Any, *others: Any) -> Iterator[tuple[Any, float]]:
        """Yield each layer and the fan-out of the prediction layer that reads it."""
        for name, layer in self.heads.items():
            yield features[name], fanout(layer)

    def forward(
        self, features: Mapping[str, Tensor], detected: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Map spikes of the layers by name to depth, its expected error and disparities.

        Args:
            features: float [n, channels, h', w'].
            detected: potentials of the finest layer of evidence, float
                [n, disparities, h / scale, w / scale]; a loss term trains the detectors by
                themselves.

        Returns:
            log_depth [3, n, 1, h, w], log_spread [n, 1, h, w] and log_disparity
            [2, n, disparities, h / scale, w / scale], see Output.
        """
        with torch.autocast(detected.device.type, enabled=False):
            potentials = self.potentials(features)
            log_disparity = [potential[:, :-1].log_softmax(1) for potential in potentials]
            log_depth = [self.mean_log_depth(each) for each in log_disparity]
            # The median is the prediction. It has no gradient: means and log probabilities are
            # trained.
            log_depth.append(self.median_log_depth(log_disparity[-1]))
            log_spread = potentials[-1][:, -1:]
            first = next(iter(self.evidence.values()))
            log_match = (first * detected.float()).log_softmax(1)
        return (
            spread_pixels(torch.stack(log_depth), self.scale),
            spread_pixels(log_spread, self.scale),
            torch.stack([log_match, log_disparity[-1]]),
        )

    def resets(self) -> Tensor:
        """Return the potentials before any spike, [disparities + 1, 1, 1]."""
        return torch.cat([self.prior, self.reset_spread.reshape(1, 1, 1)])

    def potentials(self, features: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the potentials without and with the finest layers.

        Each is float [n, disparities + 1, h / scale, w / scale].
        """
        *coarser, finest = [
            sum(self.heads[name](features[name].float()) for name in names)
            for names in self.levels
        ]
        summed = coarser[0]
        for level in coarser[1:]:
            summed = level + spread_pixels(summed, 2)
        summed = spread_pixels(summed, 2)
        coarse = self.resets() + summed
        fine = coarse + finest
        if self.membrane is not None:
            fine = self.resets() + self._remembered(summed + finest)
        return [sums.clamp(-LARGEST_POTENTIAL, LARGEST_POTENTIAL) for sums in (coarse, fine)]

    def _remembered(self, evidence: Tensor) -> Tensor:
        """Return evidence with that of the windows before; the error's neuron has no memory."""
        assert self.membrane is not None
        return torch.cat([self.membrane(evidence[:, :-1]), evidence[:, -1:]], 1)

    def mean_log_depth(self, log_disparity: Tensor) -> Tensor:
        """Return the mean of log depth, [n, 1, h, w], over disparities' log probabilities."""
        mean = (log_disparity.exp() * self.log_disparity).sum(1, keepdim=True)
        return self.log_focal_baseline - mean

    def median_log_depth(self, log_disparity: Tensor) -> Tensor:
        """Return the median of log depth, [n, 1, h, w], over disparities' log probabilities."""
        return self.log_focal_baseline - posterior(log_disparity).median().log()

    def confidence(self, log_disparity: Tensor, log_spread: Tensor) -> Tensor:
        """Return the confidence in the median of disparity, float [n, 1, h, w].

        Args:
            log_disparity: log probabilities of disparities, float
                [n, disparities, h / scale, w / scale].
            log_spread: logarithm of the expected error of log depth, float [n, 1, h, w], without
                the padding of the frame.
        """
        height, width = log_spread.shape[-2:]
        share = spread_pixels(share_near_median(log_disparity), self.scale)
        return confidence(share[..., :height, :width], log_spread, self.calibration)


def prediction_layer(channels: int, scale: int) -> nn.Module:
    """Return a layer that upsamples to full size, then convolves 3x3 to one potential."""
    if scale == 1:
        return nn.Conv2d(channels, 1, 3, padding=1, bias=False)
    return UpsampledConv2d(channels, 1, 3, scale)


def spread_pixels(x: Tensor, scale: int) -> Tensor:
    """Return [..., h, w] at `scale` times the resolution, each value in scale**2 pixels."""
    return x.repeat_interleave(scale, -1).repeat_interleave(scale, -2)
