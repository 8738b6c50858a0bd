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

"""Calibration of a recording from a file that was found beside it."""

from collections.abc import Sequence
from pathlib import Path

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.load import load
from spike_depth_ros.recordings.recording import SIDES, FoundCalibration, Side


def rig_from_file(
    file: Path | None, sides: tuple[Side, ...], kind: str, notes: list[str]
) -> FoundCalibration | None:
    """Return the calibration of the left camera, or of left and right; else None.

    Args:
        file: file of the rig, None if there is none.
        sides: cameras; right alone, or first, has no calibration.
        kind: kind of file, for FoundCalibration.origin.
        notes: a file that cannot be used becomes a note here.
    """
    if file is None or not sides:
        return None
    if not have_left_first(sides):
        played = ', '.join(sides)
        if (note := f"'{file}' is not used: it is for left, right, not for {played}") not in notes:
            notes.append(note)
        return None
    try:
        rig = load(str(file), '', 1 if len(sides) == 1 else 2)
    except CalibrationError as error:
        if str(error) not in notes:
            notes.append(str(error))
        return None
    return FoundCalibration(rig, f"{kind} '{file}'")


def have_left_first(sides: Sequence[str]) -> bool:
    """Return whether sides are the left one, or left and right: those of a calibration."""
    return len(sides) > 0 and tuple(sides) == SIDES[: len(sides)]
