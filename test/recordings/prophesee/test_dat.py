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

"""DAT files of Prophesee."""

from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import OUTSIDE
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.prophesee.dat_recording import CUT_OFF
from spike_depth_ros.recordings.recording import EventRecording
from testing.recordings.prophesee import write_dat, write_raw
from testing.recordings.scene import HEIGHT, WIDTH, many_events, scene

SIZE = (WIDTH, HEIGHT)


def events_of(recording: EventRecording, *times_ns: int) -> EventArrays:
    """Return the events of the first camera, of a range of time."""
    chunks = recording.events(recording.cameras[:1], *times_ns)
    blocks = [chunk.events for chunk in chunks if isinstance(chunk.events, EventArrays)]
    return EventArrays(*(np.concatenate(column) for column in zip(*blocks, strict=True)))


def test_the_scene_comes_out(tmp_path: Path) -> None:
    paths = [
        write_dat(tmp_path / f'{side}.dat', events, SIZE)
        for side, events in zip(('left', 'right'), scene().cameras, strict=True)
    ]
    with open_recording(paths) as recording:
        assert recording.kind == 'Prophesee DAT file'
        assert [camera.name for camera in recording.cameras] == ['left', 'right']
        assert recording.cameras[0].events == len(scene().left.t_ns)
        found = events_of(recording)
        shift_ns = scene().left.t_ns[0] - found.t_ns[0]
        assert shift_ns % (2**32 * 1000) == 0
        found = found._replace(t_ns=found.t_ns + shift_ns)
        for column, other in zip(found, scene().left, strict=True):
            assert np.array_equal(column, other)
        assert recording.start_ns + shift_ns == min(e.t_ns[0] for e in scene().cameras)
        assert recording.end_ns + shift_ns == max(e.t_ns[-1] for e in scene().cameras)
        assert not recording.losses


def test_times_go_on_over_71_minutes(tmp_path: Path) -> None:
    events = many_events(300_000, *SIZE, start_ns=(2**32 - 75_000) * 1000)
    with open_recording(write_dat(tmp_path / 'a.dat', events, SIZE)) as recording:
        found = events_of(recording)
        assert np.array_equal(found.t_ns, events.t_ns)
        assert (recording.start_ns, recording.end_ns) == (events.t_ns[0], events.t_ns[-1])
        middle_ns = 2**32 * 1000
        part = events_of(recording, middle_ns, middle_ns + 5_000_000)
        assert part.t_ns[0] >= middle_ns
        assert part.t_ns[-1] < middle_ns + 5_000_000


@pytest.mark.parametrize(
    ('size', 'expected'), [((300, 200), (304, 240)), ((346, 260), (640, 480))]
)
def test_a_size_that_is_not_in_the_header(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    path = write_dat(tmp_path / 'a.dat', many_events(50_000, *size), None)
    with open_recording(path) as recording:
        camera = recording.cameras[0]
        assert (camera.width, camera.height) == expected
        assert 'the header has no sensor size' in recording.notes[0]


def test_events_outside_and_half_an_event_are_counted(tmp_path: Path) -> None:
    events = many_events(1000, *SIZE)
    path = write_dat(tmp_path / 'a.dat', events, (100, HEIGHT), event_type=0)
    path.write_bytes(path.read_bytes() + b'123')
    with open_recording(path) as recording:
        found = events_of(recording)
        assert len(found.t_ns) == np.count_nonzero(events.x < 100)
        assert recording.losses == {OUTSIDE: 1000 - len(found.t_ns), CUT_OFF: 1}


def test_other_events_and_empty_files_are_refused(tmp_path: Path) -> None:
    path = write_dat(tmp_path / 'a.dat', many_events(10, *SIZE), SIZE, event_type=0x0E)
    with pytest.raises(RecordingError, match='events of type 0x0e and 8 bytes, but CD events'):
        open_recording(path)
    empty = EventArrays(*(np.zeros(0, np.int64) for _ in range(4)))
    with pytest.raises(RecordingError, match='has no events'):
        open_recording(write_dat(path, empty, SIZE))


def test_a_file_is_known_by_its_content_not_its_name(tmp_path: Path) -> None:
    dat = write_dat(tmp_path / 'named.raw', many_events(100, *SIZE), SIZE)
    with open_recording(dat) as recording:
        assert recording.kind == 'Prophesee DAT file'
    dat.write_bytes(dat.read_bytes().replace(b'% Version 2\n', b''))
    with open_recording(dat) as recording:
        assert recording.kind == 'Prophesee DAT file'
    raw = write_raw(tmp_path / 'named.dat', many_events(5000, *SIZE), 'evt2', SIZE)
    with open_recording(raw) as recording:
        assert recording.kind == 'Prophesee RAW file (EVT2)'
