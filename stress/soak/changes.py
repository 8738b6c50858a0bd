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

"""Changes that damage packets, and the reaction of a correct reader."""

import string
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.cdr import MessageCodec

MOST_BYTES = 2000
LATEST_NS = ((1 << 31) - 1) * 10**9  # largest stamp that a message can hold

Random = np.random.Generator
Change = Callable[[Packet, Random], Packet]


def _with_noise(packet: Packet, random: Random) -> Packet:
    words = int(random.integers(1, MOST_BYTES // 2))
    return replace(packet, data=random.integers(0, 256, 2 * words, np.uint8))


def _with_encoding(packet: Packet, random: Random) -> Packet:
    letters = random.choice(list(string.printable), int(random.integers(0, 100)))
    return replace(packet, encoding='?' + ''.join(letters))


def _with_size(packet: Packet, random: Random) -> Packet:
    size = int(random.choice([0, 2049, 1 << 31, (1 << 32) - 1]))
    return replace(packet, **{str(random.choice(['width', 'height'])): size})


def _with_form(packet: Packet, random: Random) -> Packet:
    forms = ({'width': 640, 'height': 480}, {'encoding': 'mono'}, {'encoding': 'libcaer'})
    return replace(packet, **forms[random.integers(len(forms))])


def _torn(packet: Packet, random: Random) -> Packet:
    """Truncate the last word, a time word, or append half a word."""
    half = random.integers(0, 256, 1, np.uint8)
    data = packet.data[:-1] if random.random() < 0.5 else np.concatenate([packet.data, half])
    return replace(packet, data=data)


def _with_time_base(packet: Packet, random: Random) -> Packet:
    """Change the time base, which evt3 does not use."""
    return replace(packet, time_base_ns=int(random.integers(0, 1 << 64, dtype=np.uint64)))


def _with_no_time(packet: Packet, random: Random) -> Packet:
    return replace(packet, stamp_ns=-int(random.integers(1, 1 << 60)))


def _with_stamp(packet: Packet, random: Random) -> Packet:
    """Move the stamp by ten seconds or more, or set it to the latest that the message can hold."""
    shift_ns = int(np.exp(random.uniform(np.log(1e10), np.log(1e18))))
    stamp_ns = packet.stamp_ns + int(random.choice([-1, 1])) * shift_ns
    stamp_ns = LATEST_NS if random.random() < 0.2 else stamp_ns
    return replace(packet, stamp_ns=min(max(stamp_ns, 0), LATEST_NS))


# Change of a packet by kind of fault, and the counter of the packet if a reader drops it, else ''.
CHANGES: Mapping[str, tuple[Change, str]] = MappingProxyType(
    {
        'encoding': (_with_encoding, 'packets_unknown_encoding'),
        'size': (_with_size, 'packets_wrong_form'),
        'form': (_with_form, 'packets_wrong_form'),
        'torn': (_torn, 'packets_truncated'),
        'time base': (_with_time_base, ''),
        'no time': (_with_no_time, 'packets_wrong_time'),
        'noise': (_with_noise, ''),
        'stamp': (_with_stamp, ''),
    }
)


def no_message(packet: Packet, codec: MessageCodec, random: Random) -> bytes:
    """Return random bytes, or a truncated message."""
    if random.random() < 0.5:
        return random.bytes(int(random.integers(0, MOST_BYTES)))
    cdr = codec.packet_to_cdr(packet, 'camera')
    return cdr[: random.integers(0, len(cdr) - 4)]
