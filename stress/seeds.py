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

"""Valid packets, which the fuzz program damages."""

import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events import encodings
from spike_depth_ros.events.messages import READERS
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.rosbag2 import Recording
from stress.mutations import MAX_BYTES
from testing.cameras import HEIGHT, WIDTH, Camera, Event

ROOT = Path(__file__).parents[1]
RECORDINGS = ROOT / os.environ.get('SPIKE_DEPTH_DATA', '../shared/data')
PACKETS = 2000
PIECES = 1000  # number of pieces of recorded packets
PIECE_WORD = 16  # a multiple of every encoding's words


class Pool(NamedTuple):
    """Packets of one encoding: concatenated bytes, the end of each packet, time bases."""

    data: npt.NDArray[np.uint8]
    ends: npt.NDArray[np.int64]
    time_bases_ns: list[int]


def pools(seed: int) -> dict[str, Pool]:
    """Return the packets to damage, by encoding."""
    recorded = _recorded_packets()
    found = {}
    for number, encoding in enumerate(encodings.names()):
        rng = np.random.default_rng((seed, number))
        packets = _sent_packets(rng, encoding) + _pieces(rng, recorded.get(encoding, []))
        found[encoding] = Pool(
            data=np.concatenate([packet.data for packet in packets]),
            ends=np.cumsum([0, *(len(packet.data) for packet in packets)]),
            time_bases_ns=[packet.time_base_ns for packet in packets],
        )
    return found


def _sent_packets(rng: np.random.Generator, encoding: str) -> list[Packet]:
    """Return packets of a synthetic camera with bursts along rows and columns."""
    camera = Camera(encoding)
    packets, t_us = [], int(rng.integers(0, 2**24))
    for _ in range(PACKETS):
        events: list[Event] = []
        for _ in range(int(rng.integers(0, 6))):
            t_us += int(rng.choice([0, 1, 100, 5000, 300_000]))
            events += _burst(rng, t_us)
        packets.append(camera.send(events, until_us=t_us))
    return packets


def _burst(rng: np.random.Generator, t_us: int) -> list[Event]:
    """Return some events at the same time, along a row or a column."""
    x, y, polarity = (int(rng.integers(0, size + 1)) for size in (WIDTH, HEIGHT, 1))
    dx, dy = (1, 0) if rng.integers(0, 2) else (0, 1)
    return [(t_us, x + n * dx, y + n * dy, polarity) for n in range(rng.integers(1, 9))]


def _recorded_packets() -> dict[str, list[Packet]]:
    """Return the packets of all recordings in RECORDINGS, by encoding."""
    packets: dict[str, list[Packet]] = {}
    for file in sorted(RECORDINGS.glob('*/metadata.yaml')):
        with Recording(file.parent) as recording:
            topics = [topic.name for topic in recording.topics.values() if topic.type in READERS]
            for message in recording.messages(topics):
                packet = READERS[message.type](message.cdr)
                packets.setdefault(packet.encoding, []).append(packet)
    return packets


def _pieces(rng: np.random.Generator, packets: list[Packet]) -> list[Packet]:
    """Return pieces of packets in their order, at most MAX_BYTES long, cut between words."""
    pieces = []
    for number in sorted(rng.integers(0, len(packets), PIECES).tolist() if packets else []):
        packet = packets[number]
        start = int(rng.integers(0, len(packet.data) + 1)) // PIECE_WORD * PIECE_WORD
        length = int(rng.integers(PIECE_WORD, MAX_BYTES))
        pieces.append(replace(packet, data=packet.data[start : start + length]))
    return pieces
