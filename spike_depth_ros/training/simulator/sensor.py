"""An event camera: threshold crossings of log intensity, each with its time."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor


class Events(NamedTuple):
    """Events sorted by time: t_us int64 in microseconds, x, y int64 pixels, polarity bool (ON)."""

    t_us: NDArray[np.int64]
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    polarity: NDArray[np.bool_]


@dataclass
class EventSensor:
    """The state of one camera's pixels.

    threshold: float [2, h, w], positive steps of log intensity for OFF and ON.
    reference: float [h, w], the log intensity of each pixel's last event.
    noise_hz: rate of noise events of a pixel, in time uniform (Poisson).
    """

    threshold: Tensor
    reference: Tensor
    noise_hz: float
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
        parts.append(self.noise(start_us, step_us * (len(log_intensity) - 1)))
        t, y, x, polarity = torch.cat(parts, 1)
        order = torch.argsort(t, stable=True)
        t, x, y, polarity = (column[order].numpy() for column in (t, x, y, polarity))
        return Events(t, x, y, polarity.astype(bool))

    def cross(self, before: Tensor, after: Tensor, start_us: int, step_us: int) -> Tensor:
        """Return the crossings of one step, int64 [4, n]: t_us, y, x, polarity."""
        change = after - self.reference
        rising = change > 0
        threshold = torch.where(rising, self.threshold[1], self.threshold[0])
        count = (change.abs() / threshold).long()
        y, x = count.nonzero(as_tuple=True)
        repeats = count[y, x]
        which = torch.repeat_interleave(torch.arange(len(y)), repeats)
        ordinal = torch.arange(len(which)) - (repeats.cumsum(0) - repeats)[which] + 1
        y, x = y[which], x[which]
        up = rising[y, x]
        level = self.reference[y, x] + torch.where(up, 1, -1) * ordinal * threshold[y, x]
        share = (level - before[y, x]) / (after[y, x] - before[y, x])
        t = start_us + (share * step_us).long().clamp(0, step_us - 1)
        self.reference += torch.where(rising, 1, -1) * count * threshold
        return torch.stack([t, y, x, up.long()])

    def noise(self, start_us: int, duration_us: int) -> Tensor:
        """Return noise events, int64 [4, n]: t_us, y, x, polarity."""
        height, width = self.reference.shape
        mean = torch.tensor(self.noise_hz * duration_us * 1e-6 * height * width)
        count = int(torch.poisson(mean, generator=self.generator))
        bounds = ((start_us, start_us + duration_us), (0, height), (0, width), (0, 2))
        return torch.stack(
            [torch.randint(*bound, (count,), generator=self.generator) for bound in bounds]
        )


@dataclass(frozen=True)
class SensorRanges:
    """What `random_thresholds` draws from: log-intensity thresholds and hertz."""

    threshold: tuple[float, float] = (0.12, 0.6)
    asymmetry: float = 0.15
    mismatch: float = 0.04
    noise_hz: tuple[float, float] = (0.0, 0.5)


def random_thresholds(ranges: SensorRanges, generator: Generator) -> tuple[float, float, float]:
    """Return a rig's OFF and ON thresholds and its noise rate: both cameras have the same bias."""
    draw = torch.rand(3, generator=generator).tolist()
    low, high = ranges.threshold
    threshold = low * (high / low) ** draw[0]
    ratio = 1 + ranges.asymmetry * (2 * draw[1] - 1)
    quiet, noisy = ranges.noise_hz
    return threshold / ratio, threshold * ratio, quiet + (noisy - quiet) * draw[2] ** 2


def sensor(
    bias: tuple[float, float, float], first: Tensor, mismatch: float, generator: Generator
) -> EventSensor:
    """Return a camera that has been watching: each reference is within a threshold of `first`."""
    off, on, noise_hz = bias
    spread = torch.randn(2, *first.shape, generator=generator) * mismatch
    threshold = torch.tensor([off, on])[:, None, None] * (1 + spread).clamp(min=0.2)
    phase = 2 * torch.rand(first.shape, generator=generator) - 1
    reference = first + phase * torch.where(phase > 0, threshold[0], threshold[1])
    return EventSensor(threshold, reference, noise_hz, generator)
