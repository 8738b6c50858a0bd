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

"""Stereo check: rigs that are correct, exchanged, not rectified, covered, or one camera twice."""

from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.frames.spike_frame import CAMERAS, LEFT, RIGHT
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.stereo_check import PERIOD_NS, SILENCE_NS, StereoCheck

HEIGHT, WIDTH = MVSEC_RIG.camera.height, MVSEC_RIG.camera.width


def windows(disparity: int, count: int = 10, noise: float = 0.02) -> list[np.ndarray]:
    """Return spike frames of random texture at one disparity, with independent noise."""
    rng, frames = np.random.default_rng(0), []
    for _ in range(count):
        texture = rng.random((HEIGHT, WIDTH + 200, 2)) < 0.15
        left = texture[:, 100 : 100 + WIDTH]
        right = texture[:, 100 + disparity : 100 + disparity + WIDTH]
        frame = np.concatenate([left, right], axis=2)
        frames.append((frame ^ (rng.random(frame.shape) < noise)).astype(np.uint8))
    return frames


def problem(frames: list[np.ndarray]) -> str:
    check = StereoCheck()
    for number, frame in enumerate(frames, start=1):
        check.add(frame, number * PERIOD_NS)
    return check.problem(len(frames) * PERIOD_NS)


@pytest.mark.parametrize('disparity', [3, 20, 60])
def test_a_correct_rig_has_no_problem_and_its_mirror_has(disparity: int) -> None:
    assert problem(windows(disparity)) == ''
    assert 'exchange the topics left/events' in problem(windows(-disparity))


@pytest.mark.parametrize('disparity', [0, 1, -1])
def test_far_scenes_give_no_problem(disparity: int) -> None:
    assert problem(windows(disparity)) == ''


def test_silence_gives_no_problem() -> None:
    assert problem([np.zeros((HEIGHT, WIDTH, 4), np.uint8)] * 30) == ''


def test_disparities_of_both_signs() -> None:
    assert 'are the cameras calibrated, upright' in problem([*windows(20), *windows(-20)])


def test_noise_and_different_scenes_do_not_match() -> None:
    rng = np.random.default_rng(1)
    noise = [rng.poisson(0.2, (HEIGHT, WIDTH, 4)).astype(np.uint8) for _ in range(20)]
    assert problem(noise).startswith('0% of 480 patches of events match')
    other = windows(20, 20)
    for frame, another in zip(other, windows(20, 21)[1:], strict=True):
        frame[..., RIGHT] = another[..., RIGHT]
    assert 'do the cameras see different scenes?' in problem(other)


def test_one_camera_on_both_topics() -> None:
    frames = windows(20, 20)
    for frame in frames:
        frame[..., RIGHT] = frame[..., LEFT]
    assert problem(frames) == 'left and right events are the same: both topics carry one camera'


def test_a_real_pendulum(data: Path) -> None:
    """The right camera's rows are 4 lower; left minus right column is 16 to 44."""
    events = np.load(data / 'stereo_pendulum_128x128.npz')
    frame = np.zeros((280, 128, 128, 4), np.uint8)
    for camera, name in enumerate(CAMERAS):
        t_us, x, y, polarity = events[name].T
        y = y - 4 * camera
        inside = (y >= 0) & (y < 128)
        place = (t_us // 50_000, y, x, 2 * camera + 1 - polarity)
        np.add.at(frame, tuple(axis[inside] for axis in place), 1)
    assert problem(list(frame)) == ''
    assert 'negative disparity' in problem(list(frame[..., [2, 3, 0, 1]]))


def test_a_problem_ends_with_the_windows_and_with_the_rig() -> None:
    check = StereoCheck()
    for number, frame in enumerate(windows(-20), start=1):
        check.add(frame, number * PERIOD_NS)
    last_ns = 10 * PERIOD_NS
    assert check.problem(last_ns + SILENCE_NS)
    assert check.problem(last_ns + SILENCE_NS + 1) == ''
    check.clear()
    assert check.problem(last_ns) == ''
