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

"""Event camera: an event at each threshold crossing of log intensity, and noise."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from spike_depth_ros.training.simulator.draw import log_uniform, number

OFF, ON = 0, 1


class Events(NamedTuple):
    """Events, sorted by time.

    Args:
        t_us: int64 [n], microseconds.
        x, y: int64 [n], pixels.
        polarity: bool [n], True for ON.
    """

    t_us: NDArray[np.int64]
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    polarity: NDArray[np.bool_]


@dataclass(frozen=True)
class SensorRanges:
    """Ranges of `random_biases`.

    Args:
        threshold: threshold of both cameras, log intensity, log-uniform.
        asymmetry: largest share by which the ON threshold is higher and the OFF one lower, or
            the reverse.
        drift: largest share by which each threshold of each camera differs.
        mismatch: standard deviation of the threshold between pixels, as a share.
        noise_hz: rate of noise events of a pixel, Hz.
        leak_hz: rate of ON events of a pixel in constant light, Hz.
        hot: share of hot pixels, for each polarity.
        hot_hz: event rate of a hot pixel, Hz, log-uniform.
        refractory_us: refractory time of a pixel, microseconds, log-uniform; it limits the number
            of events in a time step.
    """

    threshold: tuple[float, float] = (0.12, 0.8)
    asymmetry: float = 0.2
    drift: float = 0.15
    mismatch: tuple[float, float] = (0.02, 0.1)
    noise_hz: tuple[float, float] = (0.0, 0.8)
    leak_hz: tuple[float, float] = (0.0, 0.2)
    hot: tuple[float, float] = (0.0, 4e-4)
    hot_hz: tuple[float, float] = (20.0, 1000.0)
    refractory_us: tuple[float, float] = (50.0, 2000.0)


@dataclass(frozen=True)
class Bias:
    """Settings of one camera; off and on are its thresholds, for the others see SensorRanges."""

    off: float
    on: float
    mismatch: float = 0.0
    noise_hz: float = 0.0
    leak_hz: float = 0.0
    hot: float = 0.0
    hot_hz: tuple[float, float] = (20.0, 1000.0)
    refractory_us: float = 1.0


def random_biases(ranges: SensorRanges, generator: Generator) -> tuple[Bias, Bias]:
    """Return the settings of the left and the right camera, which differ by the drift."""
    threshold = float(log_uniform(ranges.threshold, 1, generator))
    ratio = 1 + number((-ranges.asymmetry, ranges.asymmetry), generator)
    drifts = [1 + number((-ranges.drift, ranges.drift), generator) for _ in range(4)]
    quiet, noisy = ranges.noise_hz
    shared = {
        'mismatch': number(ranges.mismatch, generator),
        'noise_hz': quiet + (noisy - quiet) * number((0, 1), generator) ** 2,
        'leak_hz': number(ranges.leak_hz, generator),
        'hot': number(ranges.hot, generator),
        'refractory_us': float(log_uniform(ranges.refractory_us, 1, generator)),
    }
    left, right = (
        Bias(threshold / ratio * off, threshold * ratio * on, hot_hz=ranges.hot_hz, **shared)
        for off, on in (drifts[:2], drifts[2:])
    )
    return left, right


@dataclass
class EventSensor:
    """State of one camera's pixels.

    Args:
        threshold: float [2, h, w], thresholds of OFF and ON, log intensity, above 0.
        reference: float [h, w], log intensity at the last event of each pixel.
        own_hz: float [2, h, w], rate of noise events, OFF and ON, Hz.
        refractory_us: refractory time, microseconds; see SensorRanges.
        generator: random numbers.
    """

    threshold: Tensor
    reference: Tensor
    own_hz: Tensor
    refractory_us: float
    generator: Generator

    def expose(self, log_intensity: Tensor, start_us: int, step_us: int) -> Events:
        """Return the events of [start_us, start_us + steps * step_us), and update the pixels.

        Log intensity is linear between its samples. Times are rounded down to microseconds.

        Args:
            log_intensity: float [steps + 1, h, w], samples from start_us on, step_us apart.
            start_us: start, microseconds.
            step_us: time between samples, microseconds.
        """
        parts = [
            self.cross(
                log_intensity[step], log_intensity[step + 1], start_us + step * step_us, step_us
            )
            for step in range(len(log_intensity) - 1)
        ]
        parts.append(self.fire(start_us, step_us * (len(log_intensity) - 1)))
        t, y, x, polarity = torch.cat(parts, 1).cpu()
        order = torch.argsort(t, stable=True)
        t, x, y, polarity = (column[order].numpy() for column in (t, x, y, polarity))
        return Events(t, x, y, polarity.astype(bool))

    def cross(self, before: Tensor, after: Tensor, start_us: int, step_us: int) -> Tensor:
        """Return the threshold crossings of a time step, int64 [4, n]: t_us, y, x, polarity.

        A pixel with more crossings than refractory times in the step gives its first ones only.

        Args:
            before, after: float [h, w], log intensity at the start and end of the step.
            start_us, step_us: start and length of the step, microseconds.
        """
        change = after - self.reference
        rising = change > 0
        threshold = torch.where(rising, self.threshold[ON], self.threshold[OFF])
        count = (change.abs() / threshold).long()
        y, x = count.nonzero(as_tuple=True)
        repeats = count[y, x].clamp(max=max(1, int(step_us / self.refractory_us)))
        which = torch.repeat_interleave(torch.arange(len(y), device=y.device), repeats)
        first = (repeats.cumsum(0) - repeats)[which]
        ordinal = torch.arange(len(which), device=y.device) - first + 1
        y, x = y[which], x[which]
        up = rising[y, x]
        level = self.reference[y, x] + torch.where(up, 1, -1) * ordinal * threshold[y, x]
        share = (level - before[y, x]) / (after[y, x] - before[y, x])
        t = start_us + (share * step_us).long().clamp(0, step_us - 1)
        self.reference += torch.where(rising, 1, -1) * count * threshold
        return torch.stack([t, y, x, up.long()])

    def fire(self, start_us: int, duration_us: int) -> Tensor:
        """Return the noise events of a time span, int64 [4, n]: t_us, y, x, polarity."""
        mean = self.own_hz.cpu() * duration_us * 1e-6
        counts = torch.poisson(mean, generator=self.generator).long()
        polarity, y, x = counts.nonzero(as_tuple=True)
        repeats = counts[polarity, y, x]
        place = [torch.repeat_interleave(column, repeats) for column in (y, x, polarity)]
        end_us = start_us + duration_us
        t = torch.randint(start_us, end_us, place[0].shape, generator=self.generator)
        return torch.stack([t, *place]).to(self.reference.device)


def settled(bias: Bias, first: Tensor, generator: Generator) -> EventSensor:
    """Return a camera that has run for a while: each reference is within a threshold of `first`.

    Args:
        bias: settings of the camera.
        first: float [h, w], log intensity at the start.
        generator: random numbers.
    """
    size = first.shape
    spread = 1 + torch.randn(2, *size, generator=generator) * bias.mismatch
    threshold = torch.tensor([bias.off, bias.on])[:, None, None] * spread.clamp(min=0.2)
    phase = 2 * torch.rand(size, generator=generator) - 1
    own_hz = torch.full((2, *size), bias.noise_hz / 2)
    own_hz[ON] += bias.leak_hz
    hot = torch.rand(2, *size, generator=generator) < bias.hot
    own_hz[hot] += log_uniform(bias.hot_hz, int(hot.sum()), generator)
    threshold, phase = threshold.to(first.device), phase.to(first.device)
    reference = first + phase * torch.where(phase > 0, threshold[OFF], threshold[ON])
    return EventSensor(threshold, reference, own_hz, bias.refractory_us, generator)
