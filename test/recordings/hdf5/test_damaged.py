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

"""Damaged HDF5 files: one sentence, or the good part with a counted loss."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.hdf5.columns import DAMAGED, INCOMPLETE
from spike_depth_ros.recordings.open import open_recording
from testing.recordings.camera_hdf5 import CHUNK, write_events
from testing.recordings.mvsec_hdf5 import write_data, write_truth
from testing.recordings.read_back import assert_same_events, read_events
from testing.recordings.scene import scene


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_events(tmp_path / 'events.h5', scene().left)
    return tmp_path / 'events.h5'


def refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as caught, open_recording(path) as recording:
        read_events(recording)
    assert '\n' not in str(caught.value) and str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize('share', [0.001, 0.1, 0.5, 0.999])
def test_a_truncated_file_is_refused(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content)) + 9])
    assert 'copy or record it again' in refusal(path)


def test_a_damaged_chunk_is_left_out_and_counted(path: Path) -> None:
    with h5py.File(path, 'a') as file:
        file['events/x'].id.write_direct_chunk((2 * CHUNK,), b'no Blosc at all')
    with open_recording(path) as recording:
        (found,) = read_events(recording)
        assert recording.losses == {DAMAGED: CHUNK}
    left = np.arange(len(scene().left.t_ns))
    good = (left < 2 * CHUNK) | (left >= 3 * CHUNK)
    assert_same_events(found, scene().left.select(good))


def test_lengths_that_differ(path: Path) -> None:
    with h5py.File(path, 'a') as file:
        file['events/x'].resize((1234,))
    with open_recording(path) as recording:
        assert recording.cameras[0].events == 1234
        (found,) = read_events(recording)
        assert recording.losses == {INCOMPLETE: len(scene().left.t_ns) - 1234}
    assert_same_events(found, scene().left.select(slice(0, 1234)))


def _replaced(name: str, value: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[name]
        file[name] = value

    return change


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (_replaced('events/x', np.zeros(3, 'f4')), 'its events/x is float32 of shape (3,)'),
        (_replaced('events/t', np.zeros((3, 2), 'u4')), 'its events/t is uint32 of shape (3, 2)'),
        (_replaced('events/p', np.zeros(3, 'S1')), 'its events/p is |S1'),
        (_replaced('events/y', 3), 'its events/y is int64 of shape ()'),
        (_replaced('t_offset', np.zeros(2, 'i8')), 't_offset is int64 of shape (2,)'),
        (_replaced('t_offset', np.int64(2**62)), 'its t_offset is'),
        (lambda file: file['events/t'].resize((1 << 50,)), 'claims the shape (1125899906842624,)'),
        (lambda file: file['events/t'].resize((0,)), 'is empty'),
        (lambda file: file['events'].pop('t'), 'unknown layout, with events/p, events/x'),
    ],
)
def test_wrong_datasets_are_named(
    path: Path, change: Callable[[h5py.File], None], words: str
) -> None:
    with h5py.File(path, 'a') as file:
        change(file)
    assert words in refusal(path)


def test_times_beyond_int64_are_counted(tmp_path: Path) -> None:
    relative = scene().left._replace(t_ns=scene().left.t_ns - scene().start_ns)
    path = tmp_path / 'events.h5'
    write_events(path, relative, 'TUM-VIE')
    with h5py.File(path, 'a') as file:
        file['events/t'][500], file['events/t'][70_000] = 2**63 - 1, -(2**63)
    with open_recording(path) as recording:
        (found,) = read_events(recording)
        assert sum(recording.losses.values()) == 2
    assert len(found.t_ns) == len(relative.t_ns) - 2
    assert found.t_ns[-1] == relative.t_ns[-1]


def test_mvsec_with_another_table_or_damaged_frames(tmp_path: Path) -> None:
    path = tmp_path / 'a_data.hdf5'
    with h5py.File(path, 'w') as file:
        file['davis/left/events'] = np.zeros((5, 3))
    assert 'its davis/left/events is float64 of shape (5, 3)' in refusal(path)
    write_data(path, [scene().left])
    write_truth(tmp_path / 'a_gt.hdf5', scene().depth, ['left'])
    with h5py.File(tmp_path / 'a_gt.hdf5', 'a') as file:
        file['davis/left/depth_image_rect'].id.write_direct_chunk((1, 0, 0), b'no LZF')
        times = file['davis/left/depth_image_rect_ts'][:-1]
        del file['davis/left/depth_image_rect_ts']
        file['davis/left/depth_image_rect_ts'] = times
    with open_recording(path) as recording:
        frames = list(recording.depth(recording.depth_streams[0]))
        assert recording.losses == {'damaged frames': 1, 'frames without a time': 1}
        assert len(frames) == len(scene().depth) - 2


def test_an_empty_file_of_the_other_side_leaves_the_first(tmp_path: Path) -> None:
    nothing = EventArrays(*(column[:0] for column in scene().right))
    for side, events in (('left', scene().left), ('right', nothing)):
        write_events(tmp_path / f'{side}.h5', events)
    with open_recording(tmp_path / 'left.h5') as recording:
        assert [camera.events for camera in recording.cameras] == [len(scene().left.t_ns), 0]
        assert_same_events(read_events(recording)[0], scene().left)
