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

"""Opening of recordings, and recordings joined."""

from pathlib import Path

import pytest

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording

DEMO = Path(__file__).parents[2] / 'demo' / 'recording'


def test_the_shipped_recording_has_two_cameras_and_true_depth() -> None:
    with open_recording(DEMO) as recording:
        assert {camera.name for camera in recording.cameras} == {'/left/events', '/right/events'}
        assert all(
            (c.width, c.height, c.encoding) == (346, 260, 'evt3') for c in recording.cameras
        )
        (stream,) = recording.depth_streams
        assert (stream.width, stream.height) == (346, 260)
        chunks = list(recording.events(recording.cameras, end_ns=recording.start_ns + 10**9))
        assert {chunk.camera for chunk in chunks} == {0, 1}
        assert [c.t_ns for c in chunks] == sorted(c.t_ns for c in chunks)
        frame = next(recording.depth(stream))
        assert frame.depth.shape == (260, 346)


def test_two_storage_files_join_with_unique_names(tmp_path: Path) -> None:
    for name in ('one.db3', 'two.db3'):
        (tmp_path / name).symlink_to(DEMO / 'recording.db3')
    with open_recording([tmp_path / 'one.db3', tmp_path / 'two.db3']) as recording:
        assert len({camera.name for camera in recording.cameras}) == 4
        left, other = recording.cameras[0], recording.cameras[2]
        until_ns = recording.start_ns + 10**8
        chunks = list(recording.events([other, left], end_ns=until_ns))
        assert {chunk.camera for chunk in chunks} == {0, 1}


def test_what_is_no_recording_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / 'a.txt').write_text('hello, world')
    for path, words in ((tmp_path / 'none', 'does not exist'), (tmp_path / 'a.txt', 'no format')):
        with pytest.raises(RecordingError, match=words):
            open_recording(path)


def test_a_folder_with_one_recording_or_a_left_and_a_right_file(tmp_path: Path) -> None:
    names = [tmp_path / 'drive_left.db3', tmp_path / 'drive_right.db3']
    for name, cameras in zip(names, (2, 4), strict=True):
        name.symlink_to(DEMO / 'recording.db3')
        with open_recording(tmp_path) as recording:
            assert len(recording.cameras) == cameras


def test_a_folder_with_more_recordings_names_them(tmp_path: Path) -> None:
    for name in 'ab':
        (tmp_path / f'{name}.db3').symlink_to(DEMO / 'recording.db3')
    with pytest.raises(RecordingError, match=r'holds 2 recordings \(a.db3, b.db3\): give one of'):
        open_recording(tmp_path)


def test_a_folder_of_recordings_names_them(tmp_path: Path) -> None:
    (tmp_path / 'drive').symlink_to(DEMO)
    with pytest.raises(RecordingError, match=r'give one of the recordings in it \(drive\)'):
        open_recording(tmp_path)


def test_an_empty_folder_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match='holds no recording'):
        open_recording(tmp_path)


def test_a_part_of_a_recording_names_the_whole(tmp_path: Path) -> None:
    part = tmp_path / 'drive' / 'events' / 'left'
    part.mkdir(parents=True)
    for name in ('events.h5', 'rectify_map.h5'):
        (part / name).write_bytes(b'\x89HDF\r\n\x1a\n')
    for folder in (part, part.parent):
        with pytest.raises(RecordingError, match=r"is a part of the recording '.*/drive': give"):
            open_recording(folder)


def test_an_address_is_to_be_downloaded() -> None:
    with pytest.raises(RecordingError, match='is an address: download it'):
        open_recording(Path('https://example.com/a.bag'))
