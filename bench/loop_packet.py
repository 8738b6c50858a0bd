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

"""Packet of a looping stream, whose time and seq increase from loop to loop."""

import struct

import numpy as np

from spike_depth_ros.events import evt3_layout as evt3
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.cdr import MessageCodec, with_stamp

FRAME_ID = 'cam'
# Header stamp and frame_id end at byte 20 of the CDR bytes, height and width at 28; seq is
# aligned to 8 from byte 4 on.
SEQ_OFFSET = 28


class LoopPacket:
    """One packet of the loop as CDR bytes.

    Args:
        packet: packet of the first loop.
        loop_us: length of a loop, a whole number of evt3's TIME_HIGH.
        codec: serialiser of messages.
    """

    def __init__(self, packet: Packet, loop_us: int, codec: MessageCodec) -> None:
        self._cdr = bytearray(codec.packet_to_cdr(packet, FRAME_ID))
        start = len(self._cdr) - len(packet.data)
        self._words = np.frombuffer(self._cdr, np.uint16, offset=start)
        self._places = np.flatnonzero(self._words >> evt3.TYPE_SHIFT == evt3.TIME_HIGH)
        self._high = self._words[self._places].astype(np.int64) & evt3.PAYLOAD
        self._high_a_loop = loop_us >> evt3.TIME_LOW_BITS

    def cdr(self, seq: int, loop: int, stamp_ns: int) -> bytes:
        """Return the packet of a loop.

        Args:
            seq: sequence number.
            loop: number of the loop, from 0.
            stamp_ns: header stamp.
        """
        high = self._high + loop * self._high_a_loop & evt3.PAYLOAD
        self._words[self._places] = evt3.TIME_HIGH << evt3.TYPE_SHIFT | high
        struct.pack_into('<Q', self._cdr, SEQ_OFFSET, seq)
        return with_stamp(bytes(self._cdr), stamp_ns)
