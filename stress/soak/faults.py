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

"""Faults of the soak and their schedule.

A light fault changes only the packets it touches, so the windows around it are checked event for
event. A heavy one moves or stops time; its effects end GUARD_S after its last packet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from stress.soak.stream import TICK_US

TICKS_A_SECOND = 1_000_000 // TICK_US
GUARD_S = 2.0
START_S, END_S = 8.0, 6.0
# Gaps between faults, seconds; some faults overlap, and every CALM_EVERY_S seconds there is a
# pause longer than a wrap of evt3's clock.
HEAVY_GAP_S, LIGHT_GAP_S, SHORT_GAP_S, CALM_S = (5.0, 12.0), (1.0, 5.0), (0.1, 1.0), (20.0, 25.0)
SHORT_SHARE = 0.1
CALM_EVERY_S = 75.0
LONGEST_SILENCE_S = 20  # longer than evt3's clock takes to wrap
JUMP_US = (3_000_000, 3_600_000_000)


@dataclass(frozen=True, slots=True)
class Kind:
    """Kind of fault: number of affected cameras, and range of its length in ticks."""

    cameras: int
    ticks: tuple[int, int]
    is_heavy: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Fault of some cameras in the ticks [start, stop)."""

    kind: str
    cameras: tuple[int, ...]
    start: int
    stop: int

    @property
    def is_heavy(self) -> bool:
        """Return whether the fault moves or stops time."""
        return KINDS[self.kind].is_heavy


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        'packet lost': Kind(1, (1, 1)),
        'burst lost': Kind(1, (2, 8)),
        'duplicate': Kind(1, (1, 6)),
        'swap': Kind(1, (2, 2)),
        'encoding': Kind(1, (1, 4)),
        'size': Kind(1, (1, 4)),
        'form': Kind(1, (1, 4)),
        'torn': Kind(1, (1, 4)),
        'time base': Kind(1, (1, 4)),
        'no time': Kind(1, (1, 4)),
        'no message': Kind(1, (1, 4)),
        'silence': Kind(1, (40, LONGEST_SILENCE_S * TICKS_A_SECOND), is_heavy=True),
        'both silent': Kind(2, (40, LONGEST_SILENCE_S * TICKS_A_SECOND), is_heavy=True),
        'noise': Kind(1, (1, 20), is_heavy=True),
        'stamp': Kind(1, (1, 20), is_heavy=True),
        'jump': Kind(2, (1, 1), is_heavy=True),
        'restart': Kind(1, (40, 400), is_heavy=True),
        'storm': Kind(2, (100, 600), is_heavy=True),
    }
)


def schedule(seed: int, ticks: int) -> list[Fault]:
    """Return the faults of a soak in order of time; ticks: length of the soak."""
    random = np.random.default_rng((seed, 1))
    faults: list[Fault] = []
    deck: list[str] = []
    start, calm = START_S * TICKS_A_SECOND, CALM_EVERY_S * TICKS_A_SECOND
    while True:
        deck = deck or random.permutation(sorted(KINDS)).tolist()
        kind = deck.pop()
        row = KINDS[kind]
        length = round(np.exp(random.uniform(*np.log(row.ticks))))
        stop = round(start) + length
        if stop > ticks - END_S * TICKS_A_SECOND:
            return faults
        cameras = (0, 1) if row.cameras == 2 else (int(random.integers(2)),)
        faults.append(Fault(kind, cameras, round(start), stop))
        gap = CALM_S if stop > calm else HEAVY_GAP_S if row.is_heavy else LIGHT_GAP_S
        calm += CALM_EVERY_S * TICKS_A_SECOND if stop > calm else 0
        gap = SHORT_GAP_S if random.random() < SHORT_SHARE else gap
        start = stop + random.uniform(*gap) * TICKS_A_SECOND
