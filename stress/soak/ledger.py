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

"""Ledger of published messages, and the expected counters of the binner.

The rules, per camera: a message that is no packet, or whose encoding, size or stamp is impossible,
is counted and changes nothing. Of the others, one whose `seq` is not above the last is out of
order; a gap in `seq` is so many lost; then one of another form is dropped, and the rest is read.
"""

from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

COUNTERS = (
    'packets',
    'packets_lost',
    'packets_out_of_order',
    'packets_malformed',
    'packets_unknown_encoding',
    'packets_wrong_form',
    'packets_wrong_time',
    'packets_truncated',
    'events',
)
# Counters that do not depend on earlier packets.
UNCONDITIONAL = ('packets', 'packets_malformed', 'packets_unknown_encoding')
NO_SEQ = -1


@dataclass(frozen=True, slots=True)
class Message:
    """Published message.

    Attributes:
        fate: counter of its fault, '' for none.
        is_followed: whether the binner takes its seq into account.
    """

    cdr: bytes
    tick: int
    seq: int
    fate: str
    is_followed: bool
    events: int


class CameraLedger:
    """Tick of each message of one camera, and the counters after it."""

    def __init__(self) -> None:
        self._ticks = array('q')
        self._counters = dict.fromkeys(COUNTERS, 0)
        self._history = array('q', self._counters.values())
        self._read = bytearray()
        self._seq = NO_SEQ

    def take(self, message: Message) -> None:
        """Add the next message."""
        self._counters['packets'] += 1
        if message.fate and not message.is_followed:
            self._counters[message.fate] += 1
        else:
            self._follow(message)
        self._ticks.append(message.tick)
        self._history.extend(self._counters.values())

    def restart(self) -> None:
        """Expect any seq."""
        self._seq = NO_SEQ

    def _follow(self, message: Message) -> None:
        if message.seq <= self._seq:
            self._counters['packets_out_of_order'] += 1
            return
        if self._seq != NO_SEQ:
            self._counters['packets_lost'] += message.seq - self._seq - 1
        self._seq = message.seq
        if message.fate:
            self._counters[message.fate] += 1
        if message.events:
            self._counters['events'] += message.events
            self._read.extend(bytes(message.tick + 1 - len(self._read)))
            self._read[message.tick] = True

    @property
    def published(self) -> int:
        """Return the number of messages."""
        return len(self._ticks)

    def tick(self, message: int) -> int:
        """Return the tick of the n-th message, counted from 1."""
        return self._ticks[message - 1]

    def at(self, message: int) -> dict[str, int]:
        """Return the counters after the n-th message."""
        row = self._history[message * len(COUNTERS) : (message + 1) * len(COUNTERS)]
        return dict(zip(COUNTERS, row, strict=True))

    def is_read(self, first: int, ticks: int) -> npt.NDArray[np.bool_]:
        """Return for each tick from `first` on whether its packet was read."""
        read = bytes(self._read[first : first + ticks])
        return np.frombuffer(read.ljust(ticks, b'\0'), np.bool_)
