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

"""Closing packets of a recording."""

from dataclasses import replace

import numpy as np
import pytest

from spike_depth_ros.events.encodings import new_decoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.recordings.closing import closing_packet, stream_end
from testing.cameras import Camera
from testing.stripes import packets


def mono(time_base_ns: int, dt_ns: int) -> Packet:
    return Packet('mono', 8, 8, 3, 500, time_base_ns, False, np.array([dt_ns], '<u8').view('u1'))


def test_the_end_of_an_evt3_stream() -> None:
    end = stream_end(packets(0, 100_000, start_us=1_000_000, stamp_ns=7_000)[-3:])

    assert end is not None
    assert end.sensor_ns % (2**24 * 1000) == 1_099_999_000  # of the last time word
    assert end.stamp_ns // 1000 == pytest.approx(1_099_999 + 7, abs=5_000)


def test_the_end_of_a_mono_stream() -> None:
    end = stream_end([mono(time_base_ns=10_000, dt_ns=250)])

    assert end is not None
    assert (end.sensor_ns, end.stamp_ns) == (10_250, 500)
    closing = closing_packet(end, stamp_ns=900)
    assert (closing.time_base_ns, closing.seq, len(closing.data)) == (10_650, 4, 0)


def test_it_closes_the_last_window_and_no_other() -> None:
    stream = packets(0, 110_000)
    binner = Binner(1, 50_000_000, 50_000_000, 100_000_000, 346, 260)
    frames = [frame for packet in stream for frame in binner.push(0, packet, 0)]
    end = stream_end(stream)
    assert end is not None

    last = binner.push(0, closing_packet(end, end.stamp_ns + 49_999_000), 0)

    assert (len(frames), len(last)) == (2, 1)
    assert binner.counters.windows_closed == 3
    assert binner.counters.cameras[0].packets_lost == 0


@pytest.mark.parametrize('encoding', ['evt2', 'evt21', 'evt3'])
def test_the_closing_packet_of_an_encoding_without_time_base(encoding: str) -> None:
    last = Camera(encoding).send([(5_000_000, 1, 2, 1)])
    end = stream_end([last])
    assert end is not None

    closing = closing_packet(end, end.stamp_ns + 49_999_000)

    decoder = new_decoder(encoding)
    assert decoder.parse(closing).first_ns == 5_049_999_000


def test_a_stream_without_time_has_no_end() -> None:
    packet = replace(packets(0, 5_000)[0], data=np.zeros(0, np.uint8))

    assert stream_end([packet]) is None
    assert stream_end([]) is None
    assert stream_end([replace(packet, encoding='evt99')]) is None
