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

"""Sequences of consecutive windows: one stream, true motion of surfaces, stored once."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from training.array_dataset import ArrayDataset

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.data.recorded_sequences import RecordedSequences
from spike_depth_ros.training.data.recordings import RecordingDataset
from spike_depth_ros.training.data.sequence import SimulatedSequence
from spike_depth_ros.training.data.sequences import SimulatedSequences, sequences_of
from spike_depth_ros.training.data.simulated import SimulatedDataset
from spike_depth_ros.training.settings import SettingsError

CAMERA = MVSEC_RIG.camera
CONFIG = Path(__file__).parents[2] / 'config/simulation'
MIDDLE = (130, 173)  # row and column of the principal point


@pytest.fixture(scope='module')
def dataset() -> SimulatedDataset:
    return read_dataset(CONFIG / 'sim_flying.yaml')


@pytest.fixture(scope='module')
def sequence(dataset: SimulatedDataset) -> SimulatedSequence:
    """Return two windows of which half overlap."""
    short = dataclasses.replace(dataset, window_ms=20)
    return SimulatedSequences(short, 2, 10).sample('test', 1, short.bank('test'))


def wall(depth: float, turn: float = 0.0, **changes: list[list[float]]) -> SimulatedSequence:
    """Return two windows before a wall, metres; the second one is turned about y, radians."""
    shape = (2, CAMERA.height, CAMERA.width)
    depths = np.full(shape, depth, np.float16)
    rotation = np.tile(np.eye(3, dtype=np.float32), (2, 1, 1))
    cos, sin = np.cos(turn), np.sin(turn)
    rotation[1] = [[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]
    zeros = np.zeros((2, 3), np.float32)
    moved = {name: np.array(value, np.float32) for name, value in changes.items()}
    return SimulatedSequence(
        np.zeros((*shape, 4), np.uint8),
        depths,
        depths,
        np.zeros(shape, np.int16),
        moved.get('place', zeros)[:, None],
        moved.get('centre', zeros),
        rotation,
        np.array([50_000, 100_000]),
    )


def test_nothing_moves_before_a_wall_at_rest() -> None:
    sequence = wall(2.0)
    motion = sequence.motion(1, 0)
    np.testing.assert_allclose(motion.flow, 0, atol=1e-4)
    np.testing.assert_allclose(motion.earlier, 2.0, rtol=1e-6)
    assert sequence.stands_still


def test_a_step_aside_and_ahead_by_hand() -> None:
    # 0.1 m to the right: the point ahead was 0.1 m * f / z further to the right before.
    aside = wall(2.0, centre=[[0, 0, 0], [0.1, 0, 0]])
    flow = aside.motion(1, 0).flow
    assert flow[MIDDLE] == pytest.approx([0.1 * CAMERA.f / 2, 0], abs=1e-4)
    assert np.isnan(flow[0, -1]).all()  # was outside of the image
    ahead = wall(2.0, centre=[[0, 0, -0.5], [0, 0, 0]]).motion(1, 0)
    assert ahead.earlier[MIDDLE] == pytest.approx(2.5)
    assert not aside.stands_still


def test_a_moving_surface_by_hand() -> None:
    motion = wall(2.0, place=[[0, 0, 3], [0, 0.2, 2.5]]).motion(1, 0)
    assert motion.earlier[MIDDLE] == pytest.approx(2.5)
    assert motion.flow[MIDDLE] == pytest.approx([0, -0.2 * CAMERA.f / 2.5], abs=1e-4)


def test_a_turn_by_hand() -> None:
    # The camera turns to the right: what is ahead now was to the right before.
    flow = wall(2.0, turn=0.05).motion(1, 0).flow
    assert flow[MIDDLE] == pytest.approx([CAMERA.f * np.tan(0.05), 0], abs=1e-3)


def test_a_point_that_another_surface_hid_has_no_motion() -> None:
    sequence = wall(2.0)
    sequence.surface[0, 130, 173] = 1
    sequence.surface[1, 10, 10] = -1
    motion = sequence.motion(1, 0)
    assert np.isnan(motion.flow[MIDDLE]).all() and np.isnan(motion.earlier[MIDDLE])
    assert np.isnan(motion.earlier[10, 10])
    assert np.isnan(motion.earlier).sum() == 2


def test_motion_leads_to_the_depth_that_was_rendered_there(sequence: SimulatedSequence) -> None:
    motion = sequence.motion(1, 0)
    rows, columns = np.indices(motion.earlier.shape)
    known = np.isfinite(motion.earlier)
    row, column = rows[known] + motion.flow[known, 1], columns[known] + motion.flow[known, 0]
    there = sequence.depth[0][np.rint(row).astype(int), np.rint(column).astype(int)]
    difference = np.abs(there.astype(np.float32) / motion.earlier[known] - 1)
    assert known.mean() > 0.9 and np.abs(motion.flow[known]).mean() > 0.5
    assert np.quantile(difference, 0.95) < 0.02  # half a pixel of a slanted surface


def test_overlapping_windows_are_of_one_stream(
    dataset: SimulatedDataset, sequence: SimulatedSequence
) -> None:
    parts = SimulatedSequences(dataclasses.replace(dataset, window_ms=10), 3, 10)
    first, second, third = parts.sample('test', 1, dataset.bank('test')).spikes.astype(int)
    np.testing.assert_array_equal(sequence.spikes[0], (first + second).clip(max=255))
    np.testing.assert_array_equal(sequence.spikes[1], (second + third).clip(max=255))
    assert np.diff(sequence.end_us).tolist() == [10_000]


def test_sequences_are_stored_and_read(
    dataset: SimulatedDataset, sequence: SimulatedSequence, tmp_path: Path
) -> None:
    sequences = SimulatedSequences(dataclasses.replace(dataset, window_ms=20), 2, 10)
    preparation = Preparation(tmp_path, workers=0)
    folder = sequences.folder('test', preparation)
    folder.begin(range(1))
    folder.write(0, sequence._asdict())
    sequences.prepare('test', 1, preparation)  # nothing is missing
    for array, same in zip(sequences.sequences('test', 1, preparation)[0], sequence, strict=True):
        np.testing.assert_array_equal(array, same)
    whole = sequence.to_sequence()
    assert len(whole.windows) == 2 and whole.ends_ns[1] - whole.ends_ns[0] == 10_000_000
    window = whole.windows[1]
    assert (window.event_depth <= window.depth).all() and window.depth.dtype == np.float32


@pytest.mark.parametrize(('windows', 'hop_ms'), [(1, 50), (16, 0), (16, 7), (16, 55)])
def test_impossible_sequences_are_refused(
    dataset: SimulatedDataset, windows: int, hop_ms: int
) -> None:
    with pytest.raises(SettingsError, match='use'):
        SimulatedSequences(dataset, windows, hop_ms)


def test_sequences_of_every_kind_of_data_set(dataset: SimulatedDataset) -> None:
    assert sequences_of(dataset, 800, None) == SimulatedSequences(dataset, 16, 50)
    long = dataclasses.replace(dataset, window_ms=100)
    assert sequences_of(long, 800, None) == SimulatedSequences(long, 8, 100)
    assert sequences_of(dataset, 800, 10) == SimulatedSequences(dataset, 80, 10)
    recorded = RecordingDataset(name='Mine', depth_m=(0.5, 8.0))
    assert sequences_of(recorded, 800, None) == RecordedSequences(recorded, 800)


def test_sequences_that_a_data_set_lacks_are_refused(
    dataset: SimulatedDataset, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r'sequence_ms is 60, but .*: use 100 or more'):
        sequences_of(dataset, 60, None)
    with pytest.raises(SettingsError, match=r'hop_ms is 10, but Mine has .*: leave hop_ms out'):
        sequences_of(RecordingDataset(name='Mine', depth_m=(0.5, 8.0)), 800, 10)
    arrays = {'test_spikes': np.zeros((1, 4, 4, 4), np.uint8), 'test_depth': np.ones((1, 4, 4))}
    np.savez(tmp_path / 'own.npz', **arrays)
    own = ArrayDataset(tmp_path / 'own.npz', 200.0, 2.0, 2.0, 0.1, 50)
    with pytest.raises(SettingsError, match='own has no consecutive windows'):
        sequences_of(own, 800, None)
