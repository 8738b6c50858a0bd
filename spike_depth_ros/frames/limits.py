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

"""Limits of a binner's settings."""

from spike_depth_ros.frames.slots import Slots
from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA
from spike_depth_ros.geometry.camera import MAX_SIZE
from spike_depth_ros.units import MS_NS, SECOND_NS

# Time beyond max_wait_ns by which a camera may run ahead of a window before the ring is full.
RING_SPARE_NS = SECOND_NS
MIN_HOP_NS = MS_NS
# Longest wait of a window for a camera; default of max_wait_ns.
MAX_WAIT_NS = 100 * MS_NS
MAX_RING_BYTES = 1 << 30


def check(
    cameras: int, window_ns: int, hop_ns: int, max_wait_ns: int, width: int, height: int
) -> None:
    """Raise ValueError, one sentence, for settings out of range; see Binner."""
    if cameras not in (1, 2):
        raise ValueError(f'cameras={cameras} must be 1 or 2')
    if hop_ns < MIN_HOP_NS:
        raise ValueError(f'hop_ns={hop_ns} must be at least {MIN_HOP_NS}, one millisecond')
    if hop_ns > window_ns:
        raise ValueError(
            f'hop_ms={hop_ns / MS_NS:g} must be at most window_ms={window_ns / MS_NS:g}: longer '
            'hops would leave out events'
        )
    check_max_wait(max_wait_ns)
    if not (1 <= width <= MAX_SIZE and 1 <= height <= MAX_SIZE):
        raise ValueError(f'width={width} and height={height} must be from 1 to {MAX_SIZE}')
    slots = ring_slots(Slots(window_ns, hop_ns), window_ns, max_wait_ns)
    channels = CHANNELS_PER_CAMERA * cameras
    ring_bytes = slots * height * width * channels
    if ring_bytes > MAX_RING_BYTES:
        raise ValueError(
            f'{slots} slots of {height} x {width} x {channels} counts take '
            f'{ring_bytes / 2**20:.0f} MiB, over {MAX_RING_BYTES >> 20}; lower width, height or '
            'max_wait_ms, or raise hop_ms'
        )


def check_max_wait(max_wait_ns: int) -> None:
    """Raise ValueError for a negative wait."""
    if max_wait_ns < 0:
        raise ValueError(f'max_wait_ns={max_wait_ns} must be at least 0')


def ring_slots(slots: Slots, window_ns: int, max_wait_ns: int) -> int:
    """Return the number of slots in a binner's ring."""
    return slots.per_hop * -(-(RING_SPARE_NS + max_wait_ns + window_ns) // slots.hop_ns)
