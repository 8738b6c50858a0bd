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

"""Closing the last window of a recording.

A window closes when a later time comes from the camera; where a recording ends there is none. So
one more packet is made for each camera, which carries time only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spike_depth_ros.events.encodings import new_decoder
from spike_depth_ros.events.evt3_encoder import Evt3Encoder
from spike_depth_ros.events.lookup import new_lookup
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA
from spike_depth_ros.geometry.pixel_table import UNMAPPED
from spike_depth_ros.units import US_NS

NEVER_NS = 1 << 61


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """Say where a camera's stream ended: its last packet, and the last time as sensor time and
    as header stamps count, nanoseconds.
    """

    last: Packet
    sensor_ns: int
    stamp_ns: int


def stream_end(packets: Sequence[Packet]) -> StreamEnd | None:
    """Find the end of a stream from its last few packets.

    None when they tell no time: without any TIME_HIGH, or of an unknown encoding.
    """
    try:
        decoder = new_decoder(packets[-1].encoding)
    except (IndexError, ValueError):
        return None
    lookup = new_lookup(np.full((1, 1), UNMAPPED, np.int32), 0, CHANNELS_PER_CAMERA)
    first_ns: int | None = None
    for packet in packets:
        words = decoder.open(packet)
        first_ns = decoder.first_time_ns(words)
        decoder.consume(words, 0, NEVER_NS, lookup, None, np.zeros(0, np.uint8))
    sensor_ns = first_ns if decoder.time_ns is None else decoder.time_ns
    if first_ns is None or sensor_ns is None:
        return None
    return StreamEnd(packets[-1], sensor_ns, packets[-1].stamp_ns + sensor_ns - first_ns)


def closing_packet(end: StreamEnd, stamp_ns: int) -> Packet:
    """Return the packet after the end that brings the camera's clock to a header stamp."""
    sensor_ns = end.sensor_ns + stamp_ns - end.stamp_ns
    data = b''
    if end.last.encoding == 'evt3':
        nothing = np.zeros(0, np.int64)
        encoder = Evt3Encoder()
        until_us = sensor_ns // US_NS
        data = encoder.encode(nothing, nothing, nothing, nothing, until_us)
    return replace(
        end.last,
        seq=None if end.last.seq is None else end.last.seq + 1,
        stamp_ns=stamp_ns,
        time_base_ns=sensor_ns,
        big_endian=False,
        data=np.frombuffer(data, np.uint8),
    )
