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

"""Side of a file of one camera, and the file of the other camera, from left and right in paths."""

import re
from pathlib import Path
from typing import NamedTuple

from spike_depth_ros.recordings.recording import Side

# left and right as words of a name: events_left, left_event; not bright.
_SIDE = re.compile(r'(?<![a-z])(left|right)(?![a-z])', re.IGNORECASE)
# A name and the folders above it that may name the side: <sequence>/events/left/events.h5.
_PARTS = 3


class FileSide(NamedTuple):
    """Side of a file, None if its path names none; and the file of the other side if it exists."""

    side: Side | None
    other: Path | None


def file_side(path: Path) -> FileSide:
    """Return the side that the name of a file, or else of a folder above it, says.

    The other file has the other side in the same place, or in all places of its path.
    """
    parts = path.absolute().parts
    first = max(len(parts) - _PARTS, 1)
    named = [i for i in range(len(parts) - 1, first - 1, -1) if _sides(parts[i])]
    if not named or len(_sides(parts[named[0]])) > 1:
        return FileSide(None, None)
    side: Side = 'left' if 'left' in _sides(parts[named[0]]) else 'right'
    for changed in ([named[0]], named):
        other = [_exchanged(part) if i in changed else part for i, part in enumerate(parts)]
        if (file := Path(*other)).is_file():
            return FileSide(side, file)
    return FileSide(side, None)


def _sides(name: str) -> set[str]:
    return {found.lower() for found in _SIDE.findall(name)}


def _exchanged(name: str) -> str:
    return _SIDE.sub(_opposite, name)


def _opposite(found: re.Match[str]) -> str:
    word = found.group()
    other = 'right' if word.lower() == 'left' else 'left'
    if word.isupper():
        return other.upper()
    return other.capitalize() if word[0].isupper() else other
