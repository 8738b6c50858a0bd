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

"""The shipped stereo model on a real recording of another rig: disparity follows the bob."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spike_depth_ros.frames.spike_frame import LEFT
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.shared_files import shared_file

WINDOW_US, STEP_US, WINDOWS = 50_000, 130_000, 60
SENSOR, RIGHT_ROW = 128, 4  # the right camera's rows run from 4
Events = NDArray[np.int64]  # columns t_us, x, y, polarity


@pytest.fixture(scope='module')
def pendulum(data: Path) -> tuple[Events, Events]:
    with np.load(data / 'stereo_pendulum_128x128.npz') as arrays:
        left, right = (arrays[side].astype(np.int64) for side in ('left', 'right'))
    right = right - np.array([0, 0, RIGHT_ROW, 0])
    return left, right[(right[:, 2] >= 0) & (right[:, 2] < SENSOR)]


def windows(pendulum: tuple[Events, Events], step_us: int) -> list[tuple[Events, Events]]:
    """Return both cameras' events in windows of which one begins every step_us microseconds."""
    left, right = pendulum
    starts = left[0, 0] + step_us * np.arange(WINDOWS)
    return [(part(left, start), part(right, start)) for start in starts]


def part(events: Events, start_us: int) -> Events:
    return events[(events[:, 0] >= start_us) & (events[:, 0] < start_us + WINDOW_US)]


def spike_frame(left: Events, right: Events, height: int, width: int) -> NDArray[np.uint8]:
    """Return both cameras' events in the middle of the network's image, pixel by pixel."""
    frame = np.zeros((height, width, 4), np.uint8)
    for first, events in ((0, left), (2, right)):
        _, x, y, polarity = events.T
        rows, columns = y + (height - SENSOR) // 2, x + (width - SENSOR) // 2
        np.add.at(frame, (rows, columns, first + (polarity == 0)), 1)
    return frame


@pytest.mark.slow
def test_disparity_follows_the_bob(pendulum: tuple[Events, Events]) -> None:
    engine = DepthEngine(shared_file('models/coincidence.onnx'))
    contract = engine.contract
    seen, found = [], []
    for left, right in windows(pendulum, STEP_US):
        frame = spike_frame(left, right, contract.height, contract.width)
        disparity = contract.f * contract.baseline_m / engine.infer(frame).depth
        found.append(np.median(disparity[frame[..., LEFT].any(-1)]))
        seen.append(np.median(left[:, 1]) - np.median(right[:, 1]))
    assert np.ptp(seen) > 15
    assert np.corrcoef(seen, found)[0, 1] > 0.9
    assert abs(np.median(np.subtract(found, seen))) < 1.5


@pytest.mark.slow
def test_memory_does_not_lag_behind_the_bob(pendulum: tuple[Events, Events]) -> None:
    engine = DepthEngine(shared_file('models/coincidence.onnx'))
    contract = engine.contract
    right_shares: dict[int | None, list[float]] = {None: [], WINDOW_US * 1000: []}
    for elapsed_ns, shares in right_shares.items():
        for left, right in windows(pendulum, WINDOW_US):
            frame = spike_frame(left, right, contract.height, contract.width)
            disparity = contract.f * contract.baseline_m / engine.infer(frame, elapsed_ns).depth
            seen = np.median(left[:, 1]) - np.median(right[:, 1])
            errors = np.abs(disparity[frame[..., LEFT].any(-1)] - seen)
            shares.append(float(np.mean(errors <= 2)))
    without, with_memory = (np.mean(shares) for shares in right_shares.values())
    assert with_memory > 0.9 * without
