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

"""Golden numbers of recordings: reference decoders, and counting compared with them."""

from pathlib import Path

import numpy as np
import pytest
from reference_decoders import DECODERS, Events, windows

from spike_depth_ros.events.messages import read_packet
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.recordings.closing import closing_packet, stream_end
from spike_depth_ros.recordings.rosbag2 import Recording

FOLDERS = {'evt3': 'evt3_640x480', 'libcaer': 'libcaer_640x480_rollover'}
WINDOW_NS, HOP_NS = 50_000_000, 25_000_000


@pytest.fixture(scope='module')
def packets(data: Path) -> dict[str, list[Packet]]:
    streams = {}
    for encoding, folder in FOLDERS.items():
        with Recording(data / folder) as recording:
            messages = recording.messages(['/event_camera/events'])
            streams[encoding] = [read_packet(message.cdr) for message in messages]
    return streams


@pytest.fixture(scope='module')
def events(packets: dict[str, list[Packet]]) -> dict[str, Events]:
    return {encoding: DECODERS[encoding](stream) for encoding, stream in packets.items()}


def test_the_evt3_reference_has_the_golden_numbers(events: dict[str, Events]) -> None:
    evt3 = events['evt3']
    assert [evt3.polarity.count(0), evt3.polarity.count(1)] == [218_291, 125_183]
    assert evt3.t_ns[0] == 7_139_845_000
    assert [evt3.triggers.count(0), evt3.triggers.count(1)] == [2_078, 2_079]


def test_the_libcaer_reference_has_the_golden_numbers(
    events: dict[str, Events], packets: dict[str, list[Packet]]
) -> None:
    libcaer = events['libcaer']
    assert sum(libcaer.x) == 111_651_612
    assert sum(libcaer.y) == 82_801_007
    assert sum(libcaer.polarity) == 181_908
    assert sum(libcaer.t_ns) % 2**64 == 15_762_826_572_202_229_126
    first = DECODERS['libcaer'](packets['libcaer'][:1])
    assert [first.polarity.count(0), first.polarity.count(1)] == [741, 872]
    assert (first.t_ns[0], first.t_ns[-1]) == (1702309120762236018, 1702309120772213018)


@pytest.mark.parametrize('encoding', FOLDERS)
def test_frames_of_a_recording_equal_the_reference(
    encoding: str, packets: dict[str, list[Packet]], events: dict[str, Events]
) -> None:
    binner = Binner(1, WINDOW_NS, HOP_NS, 0, 640, 480)
    frames = [frame for packet in packets[encoding] for frame in binner.push(0, packet, 0)]
    counters = binner.counters.cameras[0]
    assert counters.events == len(events[encoding].t_ns)
    assert counters.triggers_falling == events[encoding].triggers.count(0)
    assert counters.triggers_rising == events[encoding].triggers.count(1)
    assert (counters.events_outside, counters.events_unmapped, counters.words_unknown) == (0, 0, 0)

    expected = windows(events[encoding], WINDOW_NS, HOP_NS, 640, 480)
    assert len(frames) > 75
    closed = [end_ns for end_ns in expected if end_ns <= max(events[encoding].t_ns)]
    assert [frame.end_ns for frame in frames] == closed
    for frame in frames:
        assert np.array_equal(frame.counts, expected[frame.end_ns])


@pytest.mark.parametrize(('encoding', 'on'), [('evt3', 125_183), ('libcaer', 181_908)])
def test_frames_hold_the_golden_numbers(
    encoding: str, on: int, packets: dict[str, list[Packet]]
) -> None:
    binner = Binner(1, HOP_NS, HOP_NS, 0, 640, 480)
    end = stream_end(packets[encoding][-16:])
    assert end is not None
    stream = [*packets[encoding], closing_packet(end, end.stamp_ns + HOP_NS)]
    frames = [frame for packet in stream for frame in binner.push(0, packet, 0)]
    totals = np.sum([frame.counts.sum((0, 1), dtype=np.int64) for frame in frames], axis=0)
    assert binner.counters.events_saturated == 0
    assert totals.tolist() == [on, binner.counters.cameras[0].events - on]
