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

"""Schedules of the learning rate."""

import math
from dataclasses import dataclass
from itertools import pairwise

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Timer

from spike_depth_ros.training.settings import SettingsError

WARM_UP = 0.05


@dataclass(frozen=True)
class Schedule:
    """Learning rate over a run: one cycle, or constant with falls.

    Raises SettingsError for falls that do not rise between 0 and 1, and a factor outside 0 to 1.

    Args:
        falls: shares of the run after which the rate is multiplied by `factor`; (): one cycle.
            Epochs 10 and 25 of 30 are 0.3333 and 0.8333.
        factor: factor of each fall.
    """

    falls: tuple[float, ...] = ()
    factor: float = 0.1

    def __post_init__(self) -> None:
        if not all(low < high for low, high in pairwise((0, *self.falls, 1))):
            raise SettingsError(
                f'schedule.falls is {list(self.falls)}: use rising shares of the run between 0 '
                'and 1, such as [0.3333, 0.8333], or [] for one cycle.'
            )
        if not 0 < self.factor <= 1:
            raise SettingsError(
                f'schedule.factor is {self.factor:g}: use a number above 0, up to 1.'
            )

    def rate(self, share: float) -> float:
        """Return the learning rate after a share of the run, relative to its peak."""
        if not self.falls:
            return one_cycle(share)
        return self.factor ** sum(share >= fall for fall in self.falls)

    def described(self, peak: float) -> str:
        """Return the schedule in words. peak: largest learning rate."""
        if not self.falls:
            return f'one cycle to {peak:g}'
        falls = ', '.join(f'{fall:.3g}' for fall in self.falls)
        return f'rate {peak:g}, times {self.factor:g} after {falls} of the run'


def one_cycle(share: float) -> float:
    """Return the learning rate after a share of the run, relative to its peak.

    It rises first, to let the readout settle before the spikes change, and then falls to 0.
    """
    if share < WARM_UP:
        return max(share / WARM_UP, 0.01)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (share - WARM_UP) / (1 - WARM_UP))))


def share_of_run(trainer: Trainer, step: int) -> float:
    """Return the share of a run after a number of steps, by them or by trainer.max_time."""
    return max(step / trainer.estimated_stepping_batches, share_of_time(trainer))


def share_of_time(trainer: Trainer) -> float:
    """Return the share of trainer.max_time that has passed, 0 without max_time.

    A run that may end by its time must have its last steps at the lowest learning rate then.
    """
    shares = [0.0]
    for timer in trainer.callbacks:  # type: ignore[attr-defined]  # set by its constructor
        if isinstance(timer, Timer) and (remaining := timer.time_remaining()) is not None:
            elapsed = timer.time_elapsed()
            shares.append(elapsed / (elapsed + max(0.0, remaining)))
    return max(shares)
