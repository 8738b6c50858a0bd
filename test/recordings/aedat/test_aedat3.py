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

"""AEDAT 3.1 and 3.0: the scene's events, overflows of the time, other packets, damage."""

import struct
from pathlib import Path

import numpy as np
import pytest
from recordings.aedat.reading import assert_events, read_all

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.aedat3 import DAMAGED
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from testing.recordings.aedat import packet3, write_aedat3
from testing.recordings.scene import HEIGHT, scene

SCENE = scene(0.2)
START_US = SCENE.start_ns // 1000
IMU = packet3(3, 1, bytes(2 * 36), 36, 2, 0)


def since(events: EventArrays, start_us: int) -> EventArrays:
    return events._replace(t_ns=events.t_ns - start_us * 1000)


def test_two_cameras_are_read_and_other_packets_skipped(tmp_path: Path) -> None:
    cameras = {'DAVIS346B': SCENE.left, 'DAVIS346Bsi': SCENE.right}
    path = write_aedat3(tmp_path / 'a.aedat', cameras, start_us=START_US, between=IMU)
    with open_recording(path) as recording:
        assert recording.kind == 'AEDAT 3.1 file'
        assert [(c.name, c.width, c.height) for c in recording.cameras] == [
            ('DAVIS346B', 346, 260),
            ('DAVIS346Bsi', 346, 260),
        ]
        for found, expected in zip(read_all(recording), SCENE.cameras, strict=True):
            assert_events(found, since(expected, START_US))
        assert not recording.losses


def test_a_polarity_event_is_decoded_bit_by_bit(tmp_path: Path) -> None:
    """Hand-computed: valid, ON, y = 5, x = 300, overflow 2, t = 7."""
    event = struct.pack('<Ii', 1 | 1 << 1 | 5 << 2 | 300 << 17, 7)
    invalid = struct.pack('<Ii', 6 << 2 | 301 << 17, 8)
    header = b'#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DAVIS346\r\n#!END-HEADER\r\n'
    path = tmp_path / 'a.aedat'
    path.write_bytes(header + packet3(1, 1, event + invalid, 8, 2, 2))
    with open_recording(path) as recording:
        (events,) = read_all(recording)
    assert [column.tolist() for column in events] == [[((2 << 31) + 7) * 1000], [300], [5], [1]]


def test_packets_of_the_only_source_may_have_another_number(tmp_path: Path) -> None:
    path = write_aedat3(tmp_path / 'a.aedat', {'DVS128': SCENE.left})
    path.write_bytes(path.read_bytes().replace(b'#Source 1', b'#Source 0'))
    with open_recording(path) as recording:
        assert recording.cameras[0].name == 'DVS128'
        assert not recording.losses.get(DAMAGED)


def test_times_pass_the_overflow(tmp_path: Path) -> None:
    start_us = START_US + 100_000 - (1 << 31)
    path = write_aedat3(tmp_path / 'a.aedat', {'DAVIS346': SCENE.left}, start_us=start_us)
    with open_recording(path) as recording:
        (events,) = read_all(recording)
        assert_events(events, since(SCENE.left, start_us))
        assert recording.start_ns < (1 << 31) * 1000 < recording.end_ns == events.t_ns[-1]


def test_version_3_0_counts_rows_from_below(tmp_path: Path) -> None:
    """Trap 12: y flip of AEDAT 3.0."""
    path = write_aedat3(
        tmp_path / 'a.aedat',
        {'DAVIS346': SCENE.left},
        version='3.0',
        start_us=START_US,
        height=HEIGHT,
    )
    with open_recording(path) as recording:
        assert recording.kind == 'AEDAT 3.0 file'
        assert_events(read_all(recording)[0], since(SCENE.left, START_US))


def test_times_go_on_after_a_reset_of_the_clock(tmp_path: Path) -> None:
    header = b'#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n'
    event, reset = (struct.pack('<Ii', data, 5_000_000) for data in (1, 1 | 1 << 1))
    later = struct.pack('<Ii', 1, 10)
    path = tmp_path / 'a.aedat'
    path.write_bytes(
        header
        + packet3(1, 1, event, 8, 1, 0)
        + packet3(0, 1, reset, 8, 1, 0)
        + packet3(1, 1, later, 8, 1, 0)
    )
    with open_recording(path) as recording:
        assert 'reset 1 times' in recording.notes[0]
        assert read_all(recording)[0].t_ns.tolist() == [5_000_000_000, 5_000_010_000]


def test_garbage_between_packets_is_counted(tmp_path: Path) -> None:
    garbage = bytes(range(1, 100))
    path = write_aedat3(
        tmp_path / 'a.aedat', {'DAVIS346': SCENE.left}, start_us=START_US, between=garbage
    )
    with open_recording(path) as recording:
        (events,) = read_all(recording)
        assert_events(events, since(SCENE.left, START_US))
        assert recording.losses == {DAMAGED: 20}  # after each packet of 10 ms


def test_a_truncated_file_gives_its_whole_packets(tmp_path: Path) -> None:
    path = write_aedat3(tmp_path / 'a.aedat', {'DAVIS346': SCENE.left}, start_us=START_US)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_recording(path) as recording:
        (events,) = read_all(recording)
        assert_events(events, since(SCENE.left.select(slice(0, len(events.t_ns))), START_US))
        assert recording.losses == {DAMAGED: 1}
        assert np.all(events.t_ns <= recording.end_ns)


def test_unknown_chips_formats_and_headers_are_refused(tmp_path: Path) -> None:
    path = write_aedat3(tmp_path / 'a.aedat', {'CHIP7': SCENE.left}, start_us=START_US)
    with pytest.raises(RecordingError, match=r"'CHIP7' is unknown: it must be one of DVS128, "):
        open_recording(path)
    whole = path.read_bytes().replace(b'CHIP7', b'DAVIS346')
    for old, new, words in (
        (b'RAW', b'SerializedTS', 'the format SerializedTS, which is not read'),
        (b'#!END-HEADER\r\n', b'', 'no end of its header'),
        (b'#Source 1', b'#Sorce 1', 'holds no event of a camera'),
    ):
        path.write_bytes(whole.replace(old, new))
        with pytest.raises(RecordingError, match=words):
            open_recording(path)
