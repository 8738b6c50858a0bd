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

"""Base class of decoders whose packets carry absolute time (libcaer, libcaer_cmp, mono, dvs)."""

from typing import Any

import numpy as np

from spike_depth_ros.events.decoder import PacketWords
from spike_depth_ros.events.histogram import Sink

NO_TIME = -1

# Indices of the state, int64 [n]: time reached, ns; time base of the packet, ns. The registers of
# an encoding follow.
REACHED, TIME_BASE, FIRST_REGISTER = range(3)


class AbsoluteDecoder:
    """Decoder of packets with absolute time, which never wraps; see Decoder.

    A subclass adds parse, and extends begin if a packet starts with new values in registers.
    """

    wrap_ns = 0
    has_host_time = False

    def __init__(self, count: Any, *registers: int) -> None:
        """Start without a time.

        Args:
            count: compiled function (words, position, until_ns, state, sink) that returns the
                index of the first word not read; see Decoder.consume.
            registers: first values of the encoding's registers.
        """
        self._state = np.array([NO_TIME, 0, *registers], np.int64)
        self._count = count

    @property
    def time_ns(self) -> int | None:
        reached = int(self._state[REACHED])
        return None if reached == NO_TIME else reached

    def begin(self, packet: PacketWords) -> None:
        """Set the state with which a packet starts."""
        self._state[TIME_BASE] = packet.time_base_ns

    def consume(self, packet: PacketWords, position: int, until_ns: int, sink: Sink) -> int:
        if position == 0:
            self.begin(packet)
        return int(self._count(packet.words, position, until_ns, self._state, sink))

    def advance_wraps(self, wraps: int) -> None:
        """Do nothing: the time has no wraps."""

    def on_packet_loss(self) -> None:
        """Do nothing: each word holds a whole event."""
