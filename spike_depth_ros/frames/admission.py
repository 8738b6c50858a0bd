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

"""Packets that cannot be read, whatever came before them."""

from dataclasses import dataclass

from spike_depth_ros.events import encodings
from spike_depth_ros.events.dvs import DVS
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.geometry.camera import MAX_SENSOR_SIZE

# Times and sizes up to these leave no way to overflow the decoders' int64, whatever the bytes:
# libcaer, the worst, advances by at most 2^31 us with each 8 bytes.
MAX_TIME_NS = 1 << 62
MAX_PACKET_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Fault:
    """Name the counter (of CameraCounters) for a dropped packet, and say why in one sentence."""

    counter: str
    sentence: str


def find_fault(packet: Packet) -> Fault | None:
    """Return what is wrong with a packet's fields, if anything."""
    # An EventArray has no sequence number, and its encoding is never that of an EventPacket.
    if packet.encoding not in encodings.names() or (
        packet.encoding == DVS and packet.seq is not None
    ):
        return Fault('packets_unknown_encoding', _unknown_encoding(packet.encoding))
    width, height = packet.width, packet.height
    if not all(1 <= size <= MAX_SENSOR_SIZE for size in (width, height)):
        sentence = f'{width} x {height} is no sensor of 1 to {MAX_SENSOR_SIZE} pixels'
        return Fault('packets_wrong_form', sentence)
    if len(packet.data) > MAX_PACKET_BYTES:
        sentence = f'a packet of {len(packet.data)} bytes is over {MAX_PACKET_BYTES}'
        return Fault('packets_wrong_form', sentence)
    if not 0 <= packet.stamp_ns < MAX_TIME_NS:
        return Fault('packets_wrong_time', f'header stamp {packet.stamp_ns} ns is no time')
    if packet.time_base_ns < 0:
        return Fault('packets_wrong_time', f'time base {packet.time_base_ns} ns is no time')
    return None


def _unknown_encoding(encoding: str) -> str:
    """Return which setting of the driver gives an encoding that is read."""
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
        f"(metavision_driver), 'libcaer' or 'libcaer_cmp' (libcaer_driver); 'mono' is read too"
    )
