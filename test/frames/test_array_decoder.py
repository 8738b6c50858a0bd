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

"""Decoding to arrays: the events that the reference decoders read, and that counting counts."""

from pathlib import Path

import numpy as np
import pytest
from events.counting import BASE_NS, Counting, packet, words16
from hypothesis import given
from hypothesis import strategies as st
from reference_decoders import DECODERS

from spike_depth_ros.events import encodings, event_counts
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames import array_decoder
from spike_depth_ros.frames.array_decoder import ArrayDecoder
from spike_depth_ros.recordings.open import open_recording
from testing.cameras import HEIGHT, WIDTH, Camera, split

SPAN_US = 4_000_000
BEGIN_US = 2**24 - SPAN_US // 2  # evt3's time wraps in the middle

events = st.lists(
    st.tuples(
        st.integers(0, SPAN_US) | st.integers(0, 9),
        st.integers(0, WIDTH),
        st.integers(0, HEIGHT),
        st.integers(0, 1),
    ),
    max_size=40,
).map(sorted)


def rows(decoder: ArrayDecoder, packets: list[Packet]) -> list[tuple[int, ...]]:
    """Return (t_ns, x, y, polarity) of the events in some packets."""
    blocks = [decoder.decode(each) for each in packets]
    return [tuple(row) for block in blocks for row in np.stack(block, 1).tolist()]


@given(st.sampled_from(encodings.names()), events, st.lists(st.integers(0, 40), max_size=8))
def test_arrays_hold_the_events_on_the_sensor_that_the_reference_reads(
    encoding: str, sent: list[tuple[int, int, int, int]], cuts: list[int]
) -> None:
    camera = Camera(encoding)
    packets = [camera.send([], until_us=BEGIN_US)]
    shifted = [(BEGIN_US + t_us, *rest) for t_us, *rest in sent]
    packets += split(camera, shifted, cuts, BEGIN_US + SPAN_US)
    decoder = ArrayDecoder(encoding, WIDTH, HEIGHT)
    expected = DECODERS[encoding](packets).rows()
    assert rows(decoder, packets) == [
        row for row in expected if row[1] < WIDTH and row[2] < HEIGHT
    ]
    assert decoder.counts[event_counts.EVENTS] == len(sent)


@given(st.sampled_from(encodings.names()), st.lists(st.binary(max_size=400), max_size=4))
def test_arrays_of_garbage_hold_the_events_that_are_counted(
    encoding: str, parts: list[bytes]
) -> None:
    counting, decoder = Counting(encoding), ArrayDecoder(encoding, 16, 8)
    found = np.zeros((8, 16, 2), np.int64)
    for data in parts:
        counting.read(data)
        block = decoder.decode(packet(encoding, data, time_base_ns=BASE_NS))
        assert np.all(np.diff(block.t_ns) >= 0)
        np.add.at(found, (block.y, block.x, 1 - block.polarity), 1)
    assert np.array_equal(np.minimum(found, 255), counting.frame)
    unsaturated = counting.counts.copy()
    unsaturated[event_counts.SATURATED] = 0
    assert np.array_equal(decoder.counts, unsaturated)


def test_a_packet_of_many_words_is_decoded_in_blocks() -> None:
    vectors = 3 * array_decoder._WORDS
    data = words16(0x8001, 0x6002, 0x0003, *[0x3804, 0x4FFF] * vectors)
    block = ArrayDecoder('evt3', 16, 8).decode(packet('evt3', data))
    assert len(block.x) == 12 * vectors
    assert block.x.reshape(-1, 12).tolist() == [list(range(4, 16))] * vectors
    assert set(block.t_ns.tolist()) == {4_098_000}


@pytest.mark.parametrize(
    ('folder', 'on', 'off'),
    [
        ('evt3_640x480', 125_183, 218_291),
        ('mcap_empty_storage_identifier/test_events_2_0.mcap', 211_043, 360_223),
    ],
)
def test_arrays_of_a_recording_have_the_golden_numbers(
    data: Path, folder: str, on: int, off: int
) -> None:
    path = data / folder
    if not path.exists():
        pytest.skip(f'{path} is absent')
    counts = np.zeros(2, np.int64)
    with open_recording(path) as recording:
        camera = recording.cameras[0]
        decoder = ArrayDecoder(camera.encoding, camera.width, camera.height)
        for chunk in recording.events(recording.cameras):
            assert isinstance(chunk.events, Packet)
            counts += np.bincount(decoder.decode(chunk.events).polarity, minlength=2)
    assert counts.tolist() == [off, on]
