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

"""Verdicts on packets, and the faults of packets that no decoder can read."""

from dataclasses import dataclass
from typing import NamedTuple

from spike_depth_ros.events import encodings
from spike_depth_ros.events.dvs import DVS
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.counters import DropReason
from spike_depth_ros.geometry.camera import MAX_SENSOR_SIZE

# Times, ns, and sizes, bytes, up to these limits cannot overflow the decoders' int64: libcaer, the
# worst case, advances by at most 2^31 us with each 8 bytes.
MAX_TIME_NS = 1 << 62
MAX_PACKET_BYTES = 1 << 24


class Admitted(NamedTuple):
    """Packet that is in order and may be read.

    Attributes:
        camera: 0 (left) or 1 (right).
        packet: the packet.
        is_after_loss: whether packets before this one are missing.
        arrived_ns: waiting time of its arrival, nanoseconds; see Deadline.
    """

    camera: int
    packet: Packet
    is_after_loss: bool
    arrived_ns: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Reason to drop a packet, and the sentence for the user."""

    reason: DropReason
    sentence: str


@dataclass(frozen=True, slots=True)
class Restart:
    """Reason to reset the common time; the packet is the first of the new time."""

    reason: str


def find_fault(packet: Packet) -> Fault | None:
    """Return the fault of a packet's fields, None if they are valid."""
    # An EventArray has no sequence number, and no EventPacket has its encoding.
    if packet.encoding not in encodings.names() or (
        packet.encoding == DVS and packet.seq is not None
    ):
        return Fault(DropReason.UNKNOWN_ENCODING, _unknown_encoding(packet.encoding))
    width, height = packet.width, packet.height
    if min(width, height) < 1 or max(width, height) > MAX_SENSOR_SIZE:
        sentence = (
            f'{width} x {height} pixels is no sensor size; each side is 1 to {MAX_SENSOR_SIZE}'
        )
        return Fault(DropReason.WRONG_FORM, sentence)
    if len(packet.data) > MAX_PACKET_BYTES:
        sentence = f'a packet has {len(packet.data)} bytes, over {MAX_PACKET_BYTES}'
        return Fault(DropReason.WRONG_FORM, sentence)
    if not 0 <= packet.stamp_ns < MAX_TIME_NS:
        sentence = f'header stamp {packet.stamp_ns} ns is out of range'
        return Fault(DropReason.WRONG_TIME, sentence)
    if packet.time_base_ns < 0:
        return Fault(DropReason.WRONG_TIME, f'time base {packet.time_base_ns} ns is out of range')
    return None


def _unknown_encoding(encoding: str) -> str:
    """Return a sentence that names the driver's setting for an encoding that is read."""
    shown = encoding[:40]
    plain = ''.join(letter for letter in encoding.lower() if letter.isalnum())
    if encoding != plain and plain in encodings.names():
        return (
            f"encoding '{shown}' is unknown: names are in lower case, so set the driver's "
            f"parameter encoding to '{plain}'"
        )
    if plain.startswith('evt'):
        return (
            f"encoding '{shown}' is not read: set metavision_driver's parameter encoding to 'evt3'"
        )
    return (
        f"encoding '{shown}' is unknown: set the driver's parameter encoding to 'evt3' "
        f"(metavision_driver), 'libcaer' or 'libcaer_cmp' (libcaer_driver); 'evt2', 'evt21' and "
        f"'mono' are read too"
    )
