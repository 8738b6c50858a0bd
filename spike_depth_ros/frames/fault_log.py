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

"""Faults of packets: counts, and sentences for the user."""

from collections import deque
from collections.abc import Sequence

from spike_depth_ros.events.decoder import PacketWords
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.admission import Fault
from spike_depth_ros.frames.counters import CameraCounters
from spike_depth_ros.frames.spike_frame import CAMERAS

MAX_PROBLEMS = 8


class FaultLog:
    """Count the faults of packets, and hold the latest sentences about them.

    Attributes:
        problems: latest sentences, at most MAX_PROBLEMS.
    """

    def __init__(self, counters: Sequence[CameraCounters]) -> None:
        """Count into the counters of each camera."""
        self.problems: deque[str] = deque(maxlen=MAX_PROBLEMS)
        self._counters = counters

    def drop(self, camera: int, fault: Fault) -> None:
        """Count a packet of camera 0 or 1 that is dropped whole."""
        self._counters[camera].drop(fault.reason)
        self.note(camera, fault.sentence)

    def check_end(self, camera: int, packet: Packet, words: PacketWords) -> None:
        """Count a packet of camera 0 or 1 if it ends within a word."""
        if words.is_truncated:
            self._counters[camera].packets_truncated += 1
            self.note(camera, f'packet of {len(packet.data)} bytes ends within a word')

    def note(self, camera: int, sentence: str) -> None:
        """Hold a sentence about camera 0 or 1."""
        self.problems.append(f'{CAMERAS[camera]} camera: {sentence}')
