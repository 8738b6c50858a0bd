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

"""Chips of old AEDAT files by name: size of the sensor, and layout of AEDAT 2.0 addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Chip:
    """Chip: size in pixels, and whether its addresses have the layout of DAVIS, else of DVS."""

    width: int
    height: int
    is_davis: bool = True


# Beginnings of the names, as jAER (without packages) and cAER write them.
CHIPS: Mapping[str, Chip] = MappingProxyType(
    {
        'DVS128': Chip(128, 128, is_davis=False),
        'TMPDIFF128': Chip(128, 128, is_davis=False),
        'DAVIS128': Chip(128, 128),
        'DAVIS208': Chip(208, 192),
        'DAVIS240': Chip(240, 180),
        'DVS240': Chip(240, 180),
        'DAVIS346': Chip(346, 260),
        'DAVIS640': Chip(640, 480),
        'DAVISHET640': Chip(640, 480),
    }
)


def find_chip(name: str) -> Chip | None:
    """Return the chip of a name such as 'eu.seebetter.ini.chips.davis.DAVIS240C', else None."""
    own = name.rpartition('.')[2].strip().upper()
    return next((chip for begin, chip in CHIPS.items() if own.startswith(begin)), None)
