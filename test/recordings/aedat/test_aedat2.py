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

"""AEDAT 2.0: the scene's events in jAER's addresses, wraps of the time, chips, damage."""

import struct
from pathlib import Path

import numpy as np
import pytest
from recordings.aedat.reading import assert_events, read_all

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.aedat2 import DAMAGED
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from testing.recordings.aedat import write_aedat2
from testing.recordings.scene import HEIGHT, WIDTH, scene

SCENE = scene(0.2)
START_US = SCENE.start_ns // 1000
SIZE = WIDTH, HEIGHT


def since(events: EventArrays, start_us: int) -> EventArrays:
    return events._replace(t_ns=events.t_ns - start_us * 1000)


def header(chip: str) -> bytes:
    return f'#!AER-DAT2.0\r\n# AEChip: {chip}\r\n'.encode()


@pytest.mark.parametrize('chip', ['Davis346blue', 'v2e'])
def test_trap_12_davis_events_are_turned_upright(tmp_path: Path, chip: str) -> None:
    """Trap 12: AEDAT 2 has its origin in the lower right corner."""
    path = write_aedat2(tmp_path / 'a.aedat', SCENE.left, chip, SIZE, START_US)
    with open_recording(path) as recording:
        (camera,) = recording.cameras
        assert (camera.width, camera.height) == SIZE
        assert 'mirrored' in recording.notes[0]
        assert_events(read_all(recording)[0], since(SCENE.left, START_US))
        assert recording.end_ns == int(SCENE.left.t_ns[-1]) - START_US * 1000


def test_v2e_files_within_the_small_sensor_are_of_it(tmp_path: Path) -> None:
    small = SCENE.left.select((SCENE.left.x < 240) & (SCENE.left.y < 180))
    path = write_aedat2(tmp_path / 'a.aedat', small, 'v2e', (240, 180), START_US)
    with open_recording(path) as recording:
        assert recording.cameras[0].name == 'DAVIS240'
        assert_events(read_all(recording)[0], since(small, START_US))


def test_davis_addresses_bit_by_bit(tmp_path: Path) -> None:
    """Hand-computed: ON at column 100, row 150 from the corner; a frame's sample; a trigger."""
    address = 150 << 22 | 100 << 12 | 1 << 11
    words = [(address, 7), (address | 1 << 31, 8), (address | 1 << 10, 9), (0, 10)]
    path = tmp_path / 'a.aedat'
    path.write_bytes(header('DAVIS240C') + b''.join(struct.pack('>Ii', *word) for word in words))
    with open_recording(path) as recording:
        (events,) = read_all(recording)
    columns = [column.tolist() for column in events]
    assert columns == [[7000, 10_000], [139, 239], [29, 179], [1, 0]]


def test_dvs128_addresses_bit_by_bit(tmp_path: Path) -> None:
    """Hand-computed: bit 0 is set for OFF, as jAER shows it; bit 15 is a sync event."""
    words = [(20 << 8 | 10 << 1, 7), (20 << 8 | 10 << 1 | 1, 8), (1 << 15, 9)]
    path = tmp_path / 'a.aedat'
    path.write_bytes(header('DVS128') + b''.join(struct.pack('>Ii', *word) for word in words))
    with open_recording(path) as recording:
        assert (recording.cameras[0].width, recording.cameras[0].height) == (128, 128)
        (events,) = read_all(recording)
    columns = [column.tolist() for column in events]
    assert columns == [[7000, 8000], [117, 117], [107, 107], [1, 0]]


def test_times_wrap_at_31_bits(tmp_path: Path) -> None:
    start_us = START_US + 100_000 - (1 << 31)
    path = write_aedat2(tmp_path / 'a.aedat', SCENE.left, 'DAVIS346', SIZE, start_us)
    with open_recording(path) as recording:
        (events,) = read_all(recording)
        assert_events(events, since(SCENE.left, start_us))
        assert recording.end_ns == events.t_ns[-1]


def test_an_incomplete_event_and_events_outside_are_counted(tmp_path: Path) -> None:
    path = write_aedat2(tmp_path / 'a.aedat', SCENE.left, 'DAVIS240C', SIZE, START_US)
    path.write_bytes(path.read_bytes()[:-3])
    with open_recording(path) as recording:
        (events,) = read_all(recording)
        assert recording.losses[DAMAGED] == 1
        outside = recording.losses['events outside of the sensor']
        assert outside + len(events.t_ns) + 1 == len(SCENE.left.t_ns)


def test_data_that_begin_like_a_header_line_are_data(tmp_path: Path) -> None:
    words = struct.pack('>IiIi', 0x23 << 24 | 5 << 12, 1, 0, 2)  # begins with '#'
    path = tmp_path / 'a.aedat'
    path.write_bytes(header('DAVIS346') + words)
    with open_recording(path) as recording:
        assert read_all(recording)[0].t_ns.tolist() == [1000, 2000]


@pytest.mark.parametrize('end', ['#End Of ASCII Header', '# End of ASCII Header'])
def test_data_after_the_end_of_jaers_header_may_be_text(tmp_path: Path, end: str) -> None:
    words = b'#!!!!!!!####\r\n##'  # two events that are a line of the header too
    path = tmp_path / 'a.aedat'
    preferences = b'#<entry>' + 9000 * b'x' + b'\r\n'
    path.write_bytes(header('DAVIS640') + preferences + end.encode() + b'\r\n' + words)
    with open_recording(path) as recording:
        assert recording.start_ns == 0x21212121 * 1000


@pytest.mark.parametrize(
    ('chip', 'words'),
    [
        ('CochleaAMS', "the chip 'CochleaAMS', which is unknown: add a line such as"),
        ('', 'names no chip: add a line such as .* with one of DVS128, '),
    ],
)
def test_unknown_chips_are_refused_with_the_known_ones(
    tmp_path: Path, chip: str, words: str
) -> None:
    path = tmp_path / 'a.aedat'
    path.write_bytes(header(chip) + np.zeros(20, '>u4').tobytes())
    with pytest.raises(RecordingError, match=words):
        open_recording(path)


def test_a_file_without_events_is_refused(tmp_path: Path) -> None:
    for content in (b'', struct.pack('>Ii', 1 << 31, 5)):
        path = tmp_path / 'a.aedat'
        path.write_bytes(header('DAVIS346') + content)
        with pytest.raises(RecordingError, match='holds no event'):
            open_recording(path)
