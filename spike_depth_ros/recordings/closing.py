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

"""Closing packets: they let the last window of a replayed recording close.

A window closes when its camera sends a later time. At the end of a recording no later time comes,
so the player adds one packet per camera that carries only time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from spike_depth_ros.events import evt2, evt3_encoder, evt21
from spike_depth_ros.events.encodings import new_decoder
from spike_depth_ros.events.event_counts import new_event_counts
from spike_depth_ros.events.histogram import EventSink
from spike_depth_ros.events.lookup import new_lookup
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA, DTYPE
from spike_depth_ros.geometry.pixel_table import UNMAPPED
from spike_depth_ros.units import US_NS

NEVER_NS = 1 << 61
# Words that hold a time alone, of the encodings whose packets have no time base.
_TIME_WORDS: Mapping[str, Callable[[int], bytes]] = MappingProxyType(
    {
        'evt2': evt2.time_words,
        'evt21': evt21.time_words,
        'evt3': evt3_encoder.time_words,
    }
)


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """End of a camera's stream.

    Attributes:
        last: the last packet.
        sensor_ns: last sensor time, nanoseconds.
        stamp_ns: the same time on the clock of the header stamps, nanoseconds.
    """

    last: Packet
    sensor_ns: int
    stamp_ns: int


def stream_end(packets: Sequence[Packet]) -> StreamEnd | None:
    """Return the end of a stream from its last few packets.

    None if they have no time (evt3 without TIME_HIGH), or an unknown encoding.
    """
    try:
        decoder = new_decoder(packets[-1].encoding)
    except (IndexError, ValueError):
        return None
    lookup = new_lookup(np.full((1, 1), UNMAPPED, np.int32), 0, CHANNELS_PER_CAMERA)
    sink = EventSink(lookup, None, np.zeros(0, DTYPE), new_event_counts())
    first_ns: int | None = None
    for packet in packets:
        words = decoder.parse(packet)
        first_ns = words.first_ns
        decoder.consume(words, 0, NEVER_NS, sink)
    sensor_ns = first_ns if decoder.time_ns is None else decoder.time_ns
    if first_ns is None or sensor_ns is None:
        return None
    return StreamEnd(packets[-1], sensor_ns, packets[-1].stamp_ns + sensor_ns - first_ns)


def closing_packet(end: StreamEnd, stamp_ns: int) -> Packet:
    """Return a packet after the end that advances the camera's clock to a header stamp."""
    sensor_ns = end.sensor_ns + stamp_ns - end.stamp_ns
    time_words = _TIME_WORDS.get(end.last.encoding)
    data = b'' if time_words is None else time_words(sensor_ns // US_NS)
    return replace(
        end.last,
        seq=None if end.last.seq is None else end.last.seq + 1,
        stamp_ns=stamp_ns,
        time_base_ns=sensor_ns,
        big_endian=False,
        data=np.frombuffer(data, np.uint8),
    )
