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

import pytest
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Timer

from spike_depth_ros.training.schedule import Schedule, one_cycle, share_of_time
from spike_depth_ros.training.settings import SettingsError


def test_the_learning_rate_goes_up_and_down_once() -> None:
    shares = [0.0, 0.025, 0.05, 0.525, 1.0]
    assert [one_cycle(share) for share in shares] == pytest.approx([0.01, 0.5, 1.0, 0.5, 0.0])


def test_a_rate_that_falls_twice() -> None:
    schedule = Schedule(falls=(0.25, 0.75))
    shares = [0.0, 0.2, 0.25, 0.5, 0.75, 1.0]
    rates = [1, 1, 0.1, 0.1, 0.01, 0.01]
    assert [schedule.rate(share) for share in shares] == pytest.approx(rates)
    assert schedule.described(2e-4) == 'rate 0.0002, times 0.1 after 0.25, 0.75 of the run'


@pytest.mark.parametrize('falls', [(0.0,), (0.5, 0.5), (0.8, 0.2), (10, 25)])
def test_impossible_falls_are_refused(falls: tuple[float, ...]) -> None:
    with pytest.raises(SettingsError, match=r'schedule.falls is \[.*\]: use rising shares'):
        Schedule(falls)


@pytest.mark.parametrize('factor', [0.0, 1.5])
def test_an_impossible_factor_is_refused(factor: float) -> None:
    with pytest.raises(SettingsError, match=rf'schedule.factor is {factor:g}: use a number above'):
        Schedule((0.5,), factor)


def test_the_share_of_time_is_that_of_the_trainer_s_limit() -> None:
    assert share_of_time(Trainer(logger=False, barebones=True)) == 0
    trainer = Trainer(max_time='00:00:02:00', logger=False, enable_checkpointing=False)
    assert share_of_time(trainer) == 0
    (timer,) = (each for each in trainer.callbacks if isinstance(each, Timer))
    timer.load_state_dict({'time_elapsed': {'train': 30.0}})  # as on resuming
    assert share_of_time(trainer) == 0.25
