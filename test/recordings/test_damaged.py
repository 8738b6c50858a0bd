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

"""Damaged recordings of every format: one sentence, or events that keep the interface's rules.

`make fuzz` does the same with a million inputs.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.recordings.recording import EventCamera
from stress.readers import samples
from stress.readers.check import LOSSY, READ, REFUSED, FaultError, check_arrays, outcome
from stress.readers.mutations import damage
from testing.recordings.scene import scene

INPUTS = 6


@pytest.mark.parametrize('name', samples.SAMPLES)
def test_damaged_files_are_refused_or_read_by_the_rules(name: str, tmp_path: Path) -> None:
    sample = samples.write(name, tmp_path)
    assert outcome(sample.paths, sample.truth) == READ
    rng = np.random.default_rng(7)
    outcomes: Counter[str] = Counter()
    for _ in range(INPUTS):
        file = sample.files[int(rng.integers(0, len(sample.files)))]
        original = file.read_bytes()
        file.write_bytes(damage(original, rng))
        outcomes[outcome(sample.paths, sample.truth)] += 1
        file.write_bytes(original)
    assert outcomes.keys() <= {READ, LOSSY, REFUSED}
    assert outcomes[READ] < INPUTS


@pytest.mark.parametrize('name', samples.SAMPLES)
def test_empty_and_cut_files_are_refused_or_read_in_part(name: str, tmp_path: Path) -> None:
    sample = samples.write(name, tmp_path)
    for file in sample.files:
        original = file.read_bytes()
        for size in (0, len(original) // 2):
            file.write_bytes(original[:size])
            assert outcome(sample.paths, sample.truth) in {READ, LOSSY, REFUSED}
        file.write_bytes(original)


def test_a_pixel_outside_of_the_sensor_is_a_fault() -> None:
    events = scene().left.select(slice(0, 10))
    camera = EventCamera('left', int(events.x.max()), 260)
    with pytest.raises(FaultError, match='pixels from'):
        check_arrays(events, camera, int(events.t_ns[-1]), None)


def test_times_that_fall_are_a_fault() -> None:
    events = scene().left.select(slice(0, 2))
    events = events._replace(t_ns=events.t_ns[:1].repeat(2) + np.array([1, 0]))
    with pytest.raises(FaultError, match='times fall'):
        check_arrays(events, EventCamera('left', 346, 260), int(events.t_ns[-1]), None)
