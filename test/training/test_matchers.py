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

"""Conventional stereo on random dots whose disparity is known."""

import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from spike_depth_ros.training.evaluation.matchers import (
    Matcher,
    SemiDense,
    SemiGlobalMatching,
    event_store,
)

HEIGHT, WIDTH = 80, 160


def dots(disparity: int, seed: int = 1) -> NDArray[np.uint8]:
    """Return a stereo spike frame of random dots at a disparity, pixels."""
    generator = np.random.default_rng(seed)
    scene = generator.poisson(0.3, (HEIGHT, WIDTH + disparity, 2)).astype(np.uint8)
    return np.concatenate([scene[:, :WIDTH], scene[:, disparity:]], axis=2)


@pytest.fixture(params=[SemiGlobalMatching, SemiDense])
def matcher(request: pytest.FixtureRequest) -> Matcher:
    return request.param()


@pytest.mark.parametrize('disparity', [3, 20, 40])
def test_the_disparity_of_shifted_dots_is_found(matcher: Matcher, disparity: int) -> None:
    found = matcher.disparity(dots(disparity))
    assert found.dtype == np.float32 and found.shape == (HEIGHT, WIDTH)
    assert not (found > np.arange(WIDTH)).any(), 'no match lies outside the right image'
    seen = found[:, disparity + 10 : -10]
    assert np.mean(np.abs(seen - disparity) < 0.5) > 0.99


def test_a_near_square_before_a_far_wall_is_found(matcher: Matcher) -> None:
    spikes, square = dots(5), dots(25, seed=2)
    spikes[20:60, 80:120, :2] = square[20:60, 80:120, :2]
    spikes[20:60, 55:95, 2:] = square[20:60, 55:95, 2:]
    found = matcher.disparity(spikes)
    assert np.nanmedian(found[30:50, 90:110]) == pytest.approx(25, abs=0.5)
    assert np.nanmedian(found[:, 130:]) == pytest.approx(5, abs=0.5)


def test_polarity_counts(matcher: Matcher) -> None:
    spikes = dots(20)
    inverted = spikes[..., [0, 1, 3, 2]]
    right = np.abs(matcher.disparity(inverted)[:, 30:] - 20) < 0.5
    assert right.mean() < 0.2


def test_one_frame_leaves_nothing_for_the_next(matcher: Matcher) -> None:
    first = matcher.disparity(dots(20))
    matcher.disparity(dots(7, seed=3))
    np.testing.assert_array_equal(matcher.disparity(dots(20)), first)


def test_silence_matches_nothing(matcher: Matcher) -> None:
    silent = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    assert np.isnan(matcher.disparity(silent)).all()


@pytest.mark.parametrize(
    ('spikes', 'named'),
    [
        (np.zeros((HEIGHT, WIDTH, 2), np.uint8), r'uint8 \(80, 160, 2\)'),
        (np.zeros((HEIGHT, WIDTH), np.uint8), r'uint8 \(80, 160\)'),
        (np.zeros((HEIGHT, WIDTH, 4), np.float32), r'float32 \(80, 160, 4\)'),
    ],
)
def test_other_frames_are_refused(
    matcher: Matcher, spikes: NDArray[np.generic], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        matcher.disparity(spikes)


def test_each_count_is_one_event_of_its_polarity() -> None:
    counts = np.zeros((3, 4, 2), np.uint8)
    counts[1, 2] = 2, 1
    counts[2, 0] = 0, 3
    store = event_store(counts)
    assert store.coordinates().tolist() == [[2, 1]] * 3 + [[0, 2]] * 3
    assert store.polarities().ravel().tolist() == [1, 1, 0, 0, 0, 0]


def test_conventional_stereo_alone_needs_dv_processing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'dv_processing', None)  # as where it is not installed
    SemiGlobalMatching()
    with pytest.raises(ModuleNotFoundError, match='dv_processing'):
        SemiDense()
