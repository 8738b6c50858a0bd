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

"""Places of the files of a DSEC sequence: its tree, or loose files that begin with its name.

Source: README of uzh-rpg/DSEC, and the names of its downloads.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import SIDES, Side

# Patterns of each file; {seq} is empty or the name of the sequence and '_'.
_EVENTS = (
    'events/{side}/events.h5',
    '{seq}events_{side}/events.h5',
    '{seq}events/{side}/events.h5',
    '{seq}events_{side}.h5',
)
_DISPARITIES = ('disparity/event', '{seq}disparity_event', '{seq}disparity/event')
_DISPARITY_TIMES = (
    'disparity/timestamps.txt',
    '{seq}disparity_timestamps.txt',
    '{seq}disparity/timestamps.txt',
)
_IMAGES = ('images/{side}/rectified', '{seq}images_rectified_{side}')
_IMAGE_TIMES = ('images/timestamps.txt', '{seq}image_timestamps.txt')
_CALIBRATIONS = (
    'calibration/cam_to_cam.yaml',
    '{seq}calibration/cam_to_cam.yaml',
    '{seq}cam_to_cam.yaml',
    'cam_to_cam.yaml',
)


@dataclass(frozen=True)
class DsecPlaces:
    """Files of a sequence: below a folder, with '' or the sequence and '_' before their names."""

    root: Path
    prefix: str = ''

    def events(self, side: Side) -> Path | None:
        """Return the events of a camera."""
        return self._first(_EVENTS, side)

    def disparities(self) -> Path | None:
        """Return the folder of disparities in the view of the left event camera."""
        return self._first(_DISPARITIES)

    def disparity_times(self) -> Path | None:
        """Return the times of the disparities."""
        return self._first(_DISPARITY_TIMES)

    def images(self, side: Side) -> Path | None:
        """Return the folder of a frame camera's rectified images."""
        return self._first(_IMAGES, side)

    def image_times(self) -> Path | None:
        """Return the times of the images."""
        return self._first(_IMAGE_TIMES)

    def calibration(self) -> Path | None:
        """Return cam_to_cam.yaml."""
        return self._first(_CALIBRATIONS)

    def _first(self, patterns: tuple[str, ...], side: str = '') -> Path | None:
        names = (pattern.format(seq=self.prefix, side=side) for pattern in patterns)
        return next((path for name in names if (path := self.root / name).exists()), None)


def of_file(path: Path) -> DsecPlaces:
    """Return the places of the sequence that a file of events belongs to."""
    path = path.absolute()
    for pattern in _EVENTS:
        depth = pattern.count('/') + 1
        words = pattern.format(seq='(?P<seq>(?:[^/]+_)?)', side='(?:left|right)')
        if found := re.fullmatch(words, '/'.join(path.parts[-depth:])):
            return DsecPlaces(path.parents[depth - 1], found.groupdict().get('seq') or '')
    return DsecPlaces(path.parent)


def of_folder(folder: Path) -> DsecPlaces | None:
    """Return the places of the sequence in a folder, None if it holds none.

    Raises RecordingError for the loose files of several sequences.
    """
    prefixes = sorted(set(_prefixes(folder)))
    if len(prefixes) > 1:
        names = ', '.join(prefix.rstrip('_') or 'one without a name' for prefix in prefixes[:8])
        raise RecordingError(
            f"The folder '{folder}' holds several sequences of DSEC ({names}): give the events.h5 "
            'of one of them.'
        )
    return DsecPlaces(folder, prefixes[0]) if prefixes else None


def _prefixes(folder: Path) -> Iterator[str]:
    for pattern in _EVENTS[:3]:
        for side in SIDES:
            name = pattern.format(seq='*', side=side)
            tail = pattern.format(seq='', side=side)
            for path in folder.glob(name):
                yield path.relative_to(folder).as_posix().removesuffix(tail)
