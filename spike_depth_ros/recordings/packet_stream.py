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

"""Packets of one camera of a recording as arrays, in order and on one clock."""

from collections import Counter

import numpy as np

from spike_depth_ros.events import event_counts
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.sequence import Order, Sequence
from spike_depth_ros.frames.array_decoder import ArrayDecoder
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.frames.camera_stream import CameraStream
from spike_depth_ros.recordings.chunks import BACKWARD, OUTSIDE
from spike_depth_ros.recordings.recording import EventCamera

LOST = 'packets that the recording lacks'
OVERTAKEN = 'packets that later ones overtook'
STALE = 'events before the first time or address of their stream'
UNKNOWN = 'unknown words'
_PHRASES = {
    event_counts.OUTSIDE_EVENTS: OUTSIDE,
    event_counts.STALE_EVENTS: STALE,
    event_counts.BACKWARD_EVENTS: BACKWARD,
    event_counts.UNKNOWN_WORDS: UNKNOWN,
}
_NO_EVENTS = EventArrays(
    np.zeros(0, np.int64), np.zeros(0, np.uint16), np.zeros(0, np.uint16), np.zeros(0, np.uint8)
)


class PacketStream:
    """Decode the packets of one camera to arrays on the recording's clock.

    A packet whose sensor time does not follow from the packets before, by its header stamp, starts
    the decoder and its clock again.
    """

    def __init__(
        self, camera: EventCamera, encoding: str, offset_ns: int | None, losses: Counter[str]
    ) -> None:
        """Wait for the first packet.

        Args:
            camera: the camera.
            encoding: encoding of the first packet.
            offset_ns: recording's clock minus sensor time, nanoseconds; None takes that of the
                first header stamp.
            losses: gets the numbers of events and packets that are left out, by phrase.
        """
        self._camera, self._offset_ns, self._losses = camera, offset_ns, losses
        self._encoding = encoding
        self._start()

    def decode(self, packet: Packet) -> EventArrays:
        """Return the events of the next packet; times do not fall within it."""
        if not self._is_next(packet):
            return _NO_EVENTS
        words = self._decoder.decoder.parse(packet)
        if words.first_ns is not None and not self._follow(packet, words.first_ns):
            self._start()
            return self.decode(packet)
        events = self._decoder.decode_words(words)
        self._count()
        if self._clock is None:
            return _NO_EVENTS
        return events._replace(t_ns=events.t_ns + self._clock.offset_ns)

    def _start(self) -> None:
        """Forget time, order and address."""
        size = self._camera.width, self._camera.height
        self._decoder = ArrayDecoder(self._encoding, *size)
        self._sequence = Sequence()
        self._clock: CameraStream | None = None

    def _is_next(self, packet: Packet) -> bool:
        """Follow the packet's number; return False for one that is too late."""
        order = self._sequence.follow(packet.seq, packet.stamp_ns)
        if order is Order.LATE:
            self._losses[OVERTAKEN] += 1
            return False
        if order is Order.RESTART or packet.encoding != self._encoding:
            self._encoding = packet.encoding
            self._start()
            self._sequence.follow(packet.seq, packet.stamp_ns)
        elif self._sequence.lost:
            self._losses[LOST] += self._sequence.lost
            self._decoder.decoder.on_packet_loss()
        return True

    def _follow(self, packet: Packet, first_ns: int) -> bool:
        """Follow the sensor clock to a packet; return False for a time jump."""
        if self._clock is not None:
            return self._clock.follow(packet.stamp_ns, first_ns)
        decoder = self._decoder.decoder
        offset_ns, self._offset_ns = self._offset_ns, None  # for the first clock alone
        if offset_ns is None:
            offset_ns = 0 if decoder.has_host_time else packet.stamp_ns - first_ns
        self._clock = CameraStream(decoder, packet.stamp_ns, first_ns)
        self._clock.align(0, offset_ns)
        return True

    def _count(self) -> None:
        """Move the decoder's counts of events that are left out to the losses."""
        counts = self._decoder.counts
        for outcome, phrase in _PHRASES.items():
            if counts[outcome]:
                self._losses[phrase] += int(counts[outcome])
        counts.fill(0)
