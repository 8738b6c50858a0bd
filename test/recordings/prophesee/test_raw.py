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

"""RAW files: every encoding and header, exact events, and what is refused or counted."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.decoded import as_arrays
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.packet_stream import STALE, UNKNOWN
from spike_depth_ros.recordings.prophesee.cutter import MAX_PACKET_BYTES
from spike_depth_ros.recordings.prophesee.raw_recording import CUT_OFF, REPAIRED
from testing.recordings.prophesee import evt2, evt3, raw_header, write_raw
from testing.recordings.scene import HEIGHT, WIDTH, many_events, scene

SIZE = (WIDTH, HEIGHT)
ENCODINGS = ('evt2', 'evt21', 'evt21 legacy', 'evt3')
WRAP_US = 2**24


def read(*paths: Path) -> tuple[list[EventArrays], Counter[str], list[str]]:
    """Return the events of each camera, the losses and the notes."""
    with open_recording(paths) as recording:
        blocks: list[list[EventArrays]] = [[] for _ in recording.cameras]
        chunks = recording.events(recording.cameras)
        for camera, _, events in as_arrays(chunks, recording.cameras, recording.losses):
            assert not isinstance(events, Packet)
            blocks[camera].append(events)
        events = [
            EventArrays(*(np.concatenate(column) for column in zip(*each, strict=True)))
            for each in blocks
        ]
        return events, recording.losses, recording.notes


def assert_same(found: EventArrays, expected: EventArrays) -> None:
    """Assert equal events; a RAW file counts time from another zero."""
    found = found._replace(t_ns=found.t_ns + expected.t_ns[0] - found.t_ns[0])
    for column, other in zip(found, expected, strict=True):
        assert np.array_equal(column, other)


def from_us(t_us: list[int], x: int = 5) -> EventArrays:
    """Return events of one pixel."""
    t_ns = np.array(t_us, np.int64) * 1000
    return EventArrays(t_ns, *(np.full(len(t_us), value, np.int64) for value in (x, 6, 1)))


def write(path: Path, header: str, words: object) -> Path:
    path.write_bytes(header.encode() + np.asarray(words).tobytes())
    return path


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_the_scene_comes_out_of_every_encoding(tmp_path: Path, encoding: str) -> None:
    """Trap 11: both orders of EVT2.1's half words are told apart by header and words."""
    left, right = (
        write_raw(tmp_path / f'{side}.raw', events, encoding, SIZE)
        for side, events in zip(('left', 'right'), scene().cameras, strict=True)
    )
    found, losses, notes = read(left, right)
    for events, expected in zip(found, scene().cameras, strict=True):
        assert_same(events, expected)
    apart_ns = [events.t_ns[0] for events in found]
    assert apart_ns[1] - apart_ns[0] == scene().right.t_ns[0] - scene().left.t_ns[0]
    assert not losses
    assert not notes


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_packets_are_short_and_ordered_and_cover_the_words(tmp_path: Path, encoding: str) -> None:
    events = many_events(200_000, *SIZE)
    path = write_raw(tmp_path / 'a.raw', events, encoding, SIZE)
    with open_recording(path) as recording:
        (camera,) = recording.cameras
        assert (camera.name, camera.width, camera.height) == ('a', *SIZE)
        assert camera.encoding == encoding.partition(' ')[0]
        assert recording.kind.startswith('Prophesee RAW file (EVT')
        assert recording.about['serial_number'] == '00001234'
        chunks = list(recording.events(recording.cameras))
        packets = [chunk.events for chunk in chunks if isinstance(chunk.events, Packet)]
        start_ns, end_ns = recording.start_ns, recording.end_ns
    header = len(raw_header(encoding, SIZE))
    assert sum(len(packet.data) for packet in packets) == path.stat().st_size - header
    assert max(len(packet.data) for packet in packets) <= MAX_PACKET_BYTES
    assert [packet.seq for packet in packets] == list(range(len(packets)))
    assert all(before.t_ns <= after.t_ns for before, after in pairwise(chunks))
    assert all(0 <= c.t_ns - p.stamp_ns < 10**7 for c, p in zip(chunks, packets, strict=True))
    assert start_ns == packets[0].stamp_ns
    assert end_ns == chunks[-1].t_ns == start_ns + events.t_ns[-1] // 1000 * 1000


def test_a_range_of_time_takes_whole_packets(tmp_path: Path) -> None:
    path = write_raw(tmp_path / 'a.raw', many_events(100_000, *SIZE), 'evt3', SIZE)
    with open_recording(path) as recording:
        every = list(recording.events(recording.cameras))
        start_ns, end_ns = every[2].t_ns, every[5].t_ns
        some = list(recording.events(recording.cameras, start_ns, end_ns))
    assert [chunk.t_ns for chunk in some] == [chunk.t_ns for chunk in every[2:5]]


def test_trap_10_files_that_wrap_apart_stay_on_one_clock(tmp_path: Path) -> None:
    """Trap 10: the right file starts after a wrap of EVT3, the left one before it."""
    times = [WRAP_US - 2000 + 100 * n for n in range(400)]
    left = write_raw(tmp_path / 'left.raw', from_us(times), 'evt3', SIZE)
    right = write_raw(tmp_path / 'right.raw', from_us(times[50:]), 'evt3', SIZE)
    (first, second), losses, notes = read(left, right)
    assert np.diff(first.t_ns).tolist() == [100_000] * 399
    assert (second.t_ns[0] - first.t_ns[0]) // 1000 == 5000
    assert not losses
    assert not notes
    late = write_raw(tmp_path / 'late.raw', from_us([times[0] + 2_500_000]), 'evt3', SIZE)
    _, _, notes = read(left, late)
    assert notes == ['late.raw starts +2.5 s after left.raw on the clock of synchronised cameras']


@pytest.mark.parametrize(('encoding', 'wrap_us'), [('evt2', 2**34), ('evt3', WRAP_US)])
def test_times_go_on_over_a_wrap(tmp_path: Path, encoding: str, wrap_us: int) -> None:
    events = from_us([wrap_us - 50_000 + 10_000 * n for n in range(10)])
    (found,), losses, _ = read(write_raw(tmp_path / 'a.raw', events, encoding, SIZE))
    assert np.diff(found.t_ns).tolist() == [10_000_000] * 9
    assert not losses


@pytest.mark.parametrize(
    ('encoding', 'header', 'note'),
    [
        ('evt3', '% evt 3.0\n% geometry 346x260\n% end\n', ''),
        ('evt3', '% evt 2.0\n% format EVT3;height=260;width=346\n% end\n', ''),  # format wins
        ('evt2', '% evt 2.0\n% geometry 346x260\n', ''),  # no end
        ('evt2', '% evt 2.0\n% end\n', '640 x 480 pixels are assumed'),
        ('evt3', '% format EVT3\n% end\n', '1280 x 720 pixels are assumed'),
        ('evt3', '% geometry 346x260\n% end\n', 'names no encoding: EVT3 is assumed'),
        ('evt2', '% geometry 346x260\n% end\n', 'names no encoding: EVT2 is assumed'),
        ('evt21', '% evt 2.1\n% geometry 346x260\n% end\n', 'are not swapped, unlike'),
        (
            'evt21 legacy',
            '% format EVT21\n% endianness little\n% geometry 346x260\n% end\n',
            'are swapped, unlike',
        ),
    ],
)
def test_headers_of_any_age(tmp_path: Path, encoding: str, header: str, note: str) -> None:
    path = write_raw(tmp_path / 'a.raw', scene().left, encoding, SIZE, header)
    (found,), losses, notes = read(path)
    assert_same(found, scene().left)
    assert not losses
    assert len(notes) == bool(note)
    assert all(note in each for each in notes)


def test_a_size_that_is_not_in_the_header_fits_the_events(tmp_path: Path) -> None:
    events = many_events(20_000, 1280, 720)
    path = write_raw(tmp_path / 'a.raw', events, 'evt2', SIZE, '% evt 2.0\n% end\n')
    (found,), losses, notes = read(path)
    assert_same(found, events)
    assert not losses
    assert notes == ['the header has no sensor size: 1280 x 720 pixels are assumed']
    header = '% evt 3.0\n% plugin_name GenX320\n% end\n'
    path = write_raw(tmp_path / 'b.raw', many_events(20_000, 320, 320), 'evt3', SIZE, header)
    with open_recording(path) as recording:
        assert (recording.cameras[0].width, recording.cameras[0].height) == (320, 320)


@pytest.mark.parametrize(
    ('header', 'sentence'),
    [
        ('% format EVT4;height=720;width=1280\n% end\n', 'has the encoding EVT4, but EVT2, EVT2.'),
        ('% evt 9.9\n% end\n', 'has the encoding EVT 9.9, but'),
        ('% evt 3.0\n% geometry 100x80\n% end\n', 'is no EVT3 of 100 x 80 pixels as its header'),
        ('% evt 2.0\n% geometry 346x260\n% end\n', 'is no EVT2 of 346 x 260 pixels'),
        ('% evt 2.1\n% geometry 346x260\n% end\n', 'is no EVT2.1 of 346 x 260 pixels'),
        ('% evt 3.0', 'does not end'),
    ],
)
def test_trap_11_words_of_another_format_are_refused(
    tmp_path: Path, header: str, sentence: str
) -> None:
    """Trap 11: words of another format would be wrong but plausible events."""
    path = write(tmp_path / 'a.raw', header, evt3(scene().left))
    if sentence == 'does not end':
        path.write_bytes(header.encode())
    with pytest.raises(RecordingError, match=sentence.replace('.', r'\.')):
        open_recording(path)


def test_a_header_without_events_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / 'a.raw', raw_header('evt3', SIZE), np.zeros(0, '<u2'))
    with pytest.raises(RecordingError, match='has no events'):
        open_recording(path)


def test_events_before_the_first_time_are_counted(tmp_path: Path) -> None:
    """The EVT3 state of a file is unknown until TIME_HIGH, TIME_LOW and ADDR_Y have come."""
    words = evt3(scene().left.select(slice(0, 5000)))
    words = np.concatenate([np.array([0x0001, 0x2005, 0x3006, 0x4FFF], '<u2'), words])
    (found,), losses, _ = read(write(tmp_path / 'a.raw', raw_header('evt3', SIZE), words))
    assert_same(found, scene().left.select(slice(0, 5000)))
    assert losses == {STALE: 13}


def test_triggers_padding_and_unknown_words_between_the_events(tmp_path: Path) -> None:
    words = evt3(scene().left.select(slice(0, 5000)))
    middle = np.array([0xA101, 0x9000, 0x9FFF, 0xE017, 0x7123, 0xF123, 0xB000], '<u2')
    high = int(np.flatnonzero(words >> 12 == 8)[3])
    mixed = np.concatenate([words[:high], middle, words[high:]])
    (found,), losses, _ = read(write(tmp_path / 'a.raw', raw_header('evt3', SIZE), mixed))
    assert_same(found, scene().left.select(slice(0, 5000)))
    assert losses == {UNKNOWN: 1}


def test_a_file_that_is_cut_off_gives_its_good_part(tmp_path: Path) -> None:
    path = write_raw(tmp_path / 'a.raw', scene().left, 'evt2', SIZE)
    path.write_bytes(path.read_bytes()[:-5])
    (found,), losses, _ = read(path)
    assert_same(found, scene().left.select(slice(0, -2)))
    assert losses == {CUT_OFF: 1}


@pytest.mark.parametrize(('encoding', 'high'), [('evt3', 0x8FFF), ('evt2', 0x8FFFFFFF)])
@pytest.mark.parametrize('place', [5, -2])
def test_a_damaged_time_word_does_not_move_the_rest(
    tmp_path: Path, encoding: str, high: int, place: int
) -> None:
    words = {'evt2': evt2, 'evt3': evt3}[encoding](scene().left)
    damaged = np.flatnonzero(words >> (words.itemsize * 8 - 4) == 8)[place]
    words[damaged] = high
    (found,), losses, _ = read(write(tmp_path / 'a.raw', raw_header(encoding, SIZE), words))
    assert losses.pop(REPAIRED) == 1
    assert not losses
    assert len(found.t_ns) == len(scene().left.t_ns)
    found = found._replace(t_ns=found.t_ns + scene().left.t_ns[0] - found.t_ns[0])
    wrong = np.flatnonzero(found.t_ns != scene().left.t_ns)
    late_ns = np.max(abs(found.t_ns - scene().left.t_ns))
    assert late_ns <= 8_192_000
    assert len(wrong) < 2000


def test_a_file_of_few_events_far_apart(tmp_path: Path) -> None:
    events = from_us([5_000_000 * n for n in range(1, 9)])
    (found,), losses, _ = read(write_raw(tmp_path / 'a.raw', events, 'evt3', SIZE))
    assert np.diff(found.t_ns).tolist() == [5_000_000_000] * 7
    assert not losses


def test_a_silent_file_has_its_time(tmp_path: Path) -> None:
    """A camera without motion sends time words alone; they count the wraps.

    The time of a packet is that of its last TIME_HIGH, if no TIME_LOW follows.
    """
    highs = 0x8000 | np.arange(0, 3 * 4096, 1) & 0xFFF
    path = write(tmp_path / 'a.raw', raw_header('evt3', SIZE), highs.astype('<u2'))
    with open_recording(path) as recording:
        assert recording.end_ns - recording.start_ns == (3 * 4096 - 2) * 4096 * 1000
        packets = [chunk.t_ns for chunk in recording.events(recording.cameras)]
    assert len(packets) == 3 * 4096 // 2


def test_words_of_a_real_camera_have_the_golden_numbers(tmp_path: Path, data: Path) -> None:
    with open_recording(data / 'evt3_640x480') as recording:
        chunks = list(recording.events(recording.cameras))
    packets = [chunk.events for chunk in chunks if isinstance(chunk.events, Packet)]
    words = np.concatenate([packet.data for packet in packets])
    path = write(tmp_path / 'a.raw', raw_header('evt3', (640, 480)), words)
    (found,), losses, _ = read(path)
    assert np.bincount(found.polarity).tolist() == [218_291, 125_183]
    assert found.t_ns[0] == 7_139_845_000
    assert not losses


@pytest.mark.parametrize('encoding', ['evt2', 'evt3'])
def test_faery_reads_the_same_events_from_the_files(tmp_path: Path, encoding: str) -> None:
    faery = pytest.importorskip('faery', reason='faery of the benchmarks is not installed')
    path = write_raw(tmp_path / 'a.raw', scene().left, encoding, SIZE)
    events = np.concatenate(list(faery.events_stream_from_file(str(path))))
    columns = [events[name].astype(np.int64) for name in ('t', 'x', 'y', 'on')]
    assert_same(EventArrays(columns[0] * 1000, *columns[1:]), scene().left)
