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

"""Decode packets to arrays of events, with the decoders that count."""

import numpy as np

from spike_depth_ros.events.decoder import PacketWords
from spike_depth_ros.events.encodings import new_decoder
from spike_depth_ros.events.event_counts import new_event_counts
from spike_depth_ros.events.histogram import ArraySink
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays

# Words that are decoded at a time: the arrays of their events fit into a core's cache.
_WORDS = 1 << 13
_MAX_EVENTS_A_WORD = 32  # of evt21
_END_NS = (1 << 63) - 1  # later than any event


class ArrayDecoder:
    """Decode the packets of one camera to arrays.

    Attributes:
        decoder: decoder of the packets.
        counts: events and words by outcome, so far; see event_counts.
    """

    def __init__(self, encoding: str, width: int, height: int) -> None:
        """Start without a time; raises ValueError for an unknown encoding.

        Args:
            encoding: name of the encoding.
            width, height: size of the sensor, pixels; events outside of it are left out.
        """
        self.decoder = new_decoder(encoding)
        self.counts = new_event_counts()
        room = _WORDS * _MAX_EVENTS_A_WORD
        self._sink = ArraySink(
            width,
            height,
            np.zeros(1, np.int64),
            np.empty(room, np.int64),
            np.empty(room, np.uint16),
            np.empty(room, np.uint16),
            np.empty(room, np.uint8),
            self.counts,
        )

    def decode(self, packet: Packet) -> EventArrays:
        """Return the events of the next packet; their times are sensor time and do not fall."""
        return self.decode_words(self.decoder.parse(packet))

    def decode_words(self, packet: PacketWords) -> EventArrays:
        """Return the events of the next packet from its words; see decode."""
        blocks = [
            self._block(packet._replace(words=packet.words[: start + _WORDS]), start)
            for start in range(0, len(packet.words), _WORDS)
        ]
        if len(blocks) == 1:
            return blocks[0]
        if not blocks:
            return self._taken()
        return EventArrays(*(np.concatenate(column) for column in zip(*blocks, strict=True)))

    def _block(self, packet: PacketWords, position: int) -> EventArrays:
        """Decode the words from a position to the end."""
        while position < len(packet.words):
            position = self.decoder.consume(packet, position, _END_NS, self._sink)
        return self._taken()

    def _taken(self) -> EventArrays:
        """Return a copy of the events in the sink, and empty it."""
        sink, size = self._sink, int(self._sink.size[0])
        sink.size[0] = 0
        columns = (sink.t_ns, sink.x, sink.y, sink.polarity)
        return EventArrays(*(column[:size].copy() for column in columns))
