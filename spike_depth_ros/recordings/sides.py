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

"""Left and right camera from the names of two topics."""

import re

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import Side

# Splits camLeft, CAM_LEFT, /left/events and cam10 into words and numbers.
_WORDS = re.compile(r'[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+')


def left_and_right(first: str, second: str) -> tuple[str, str]:
    """Return two topics as (left, right).

    The words left and right in a name decide, in upper or lower case; then these letters within a
    word; then L and R as words; else the natural order: cam_9 is left of cam_10.

    Raises:
        RecordingError: the names contradict each other.
    """
    words = [[word.lower() for word in _WORDS.findall(name)] for name in (first, second)]
    letters = [name.lower() for name in (first, second)]
    left, right = _more(words, 'left'), _more(words, 'right')
    # 'right' within a word decides nothing alone: it may be 'bright'.
    is_clear = left * right <= 0
    if not (left or right):
        left, right = _more(letters, 'left'), _more(letters, 'right')
        is_clear = left * right <= 0 and not (right and not left)
    if not (left or right):
        left, right = _more(words, 'l'), _more(words, 'r')
    if not is_clear:
        raise RecordingError(
            f"It is not clear which of '{first}' and '{second}' is the left camera: name the left "
            f'and the right one.'
        )
    if not (left or right):
        first, second = sorted((first, second), key=_natural)
    return (second, first) if (left or -right) < 0 else (first, second)


def named_side(name: str) -> Side | None:
    """Return the side whose word is in the name of a camera, None if no or both sides are."""
    words = {word.lower() for word in _WORDS.findall(name)}
    if ('left' in words) == ('right' in words):
        return None
    return 'left' if 'left' in words else 'right'


def _more(names: list[list[str]] | list[str], side: str) -> int:
    """Return how much more often a side is in the first name than in the second."""
    return names[0].count(side) - names[1].count(side)


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Return a sort key that compares digits as numbers and ignores case."""
    parts = re.findall(r'\d+|\D', name.lower())
    return [(int(part), '') if part.isdigit() else (-1, part) for part in parts], name
