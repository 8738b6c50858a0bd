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

"""An event camera: threshold crossings of log intensity, each with its time."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from spike_depth_ros.training.simulator.draw import log_uniform, number

OFF, ON = 0, 1


class Events(NamedTuple):
    """Events sorted by time: t_us int64 in microseconds, x, y int64 pixels, polarity bool (ON)."""

    t_us: NDArray[np.int64]
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    polarity: NDArray[np.bool_]


@dataclass(frozen=True)
class SensorRanges:
    """Ranges that `random_bias` draws from; thresholds are steps of log intensity.

    threshold: of a rig, log-uniform; asymmetry: by which ON exceeds it and OFF falls short, and
    drift: of each of a camera's thresholds by itself, both as shares, either way;
    mismatch: deviation between pixels, as a share. noise_hz: shot noise of a pixel; leak_hz: ON
    events of a pixel without light changing; hot: share of pixels that fire by themselves, of
    each polarity, hot_hz: how often, log-uniform.
    refractory_us: a pixel gives no more events in a step of time than there is room for at this
    distance, log-uniform.
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
    """Settings of one camera, and the spread of its pixels; see SensorRanges."""

    off: float
    on: float
    mismatch: float = 0.0
    noise_hz: float = 0.0
    leak_hz: float = 0.0
    hot: float = 0.0
    hot_hz: tuple[float, float] = (20.0, 1000.0)
    refractory_us: float = 1.0


def random_biases(ranges: SensorRanges, generator: Generator) -> tuple[Bias, Bias]:
    """Return the settings of the left and the right camera: alike, each drifted off."""
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
    """The state of one camera's pixels.

    threshold: float [2, h, w], positive steps of log intensity for OFF and ON.
    reference: float [h, w], the log intensity of each pixel's last event.
    own_hz: float [2, h, w], events that come by themselves, Poisson in time, OFF and ON.
    refractory_us: a pixel gives at most one event in each, counted over a step of time.
    """

    threshold: Tensor
    reference: Tensor
    own_hz: Tensor
    refractory_us: float
    generator: Generator

    def expose(self, log_intensity: Tensor, start_us: int, step_us: int) -> Events:
        """Return the events of [start, start + steps * step) and move the pixels' state on.

        Intensity goes straight between its samples; a crossing's time is rounded down to 1 us.

        Args:
            log_intensity: float [steps + 1, h, w], at start, start + step and so on.
            start_us, step_us: whole microseconds.
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
        """Return the crossings of one step, int64 [4, n]: t_us, y, x, polarity.

        Of crossings that come faster than the refractory time only as many as it leaves room for
        become events; the pixel forgets the others.
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
        """Return the events that come by themselves, int64 [4, n]: t_us, y, x, polarity."""
        mean = self.own_hz.cpu() * duration_us * 1e-6
        counts = torch.poisson(mean, generator=self.generator).long()
        polarity, y, x = counts.nonzero(as_tuple=True)
        repeats = counts[polarity, y, x]
        place = [torch.repeat_interleave(column, repeats) for column in (y, x, polarity)]
        end_us = start_us + duration_us
        t = torch.randint(start_us, end_us, place[0].shape, generator=self.generator)
        return torch.stack([t, *place]).to(self.reference.device)


def settled(bias: Bias, first: Tensor, generator: Generator) -> EventSensor:
    """Return a camera that has been watching: each reference is within a threshold of `first`.

    first: log intensity [h, w] at the time of the call.
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
