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

"""Files that belong together by their names: a camera each, or events and true depth."""

from collections.abc import Sequence
from pathlib import Path

from spike_depth_ros.recordings.errors import RecordingError

# End of the name of a file of events, and the end that its file of true depth has instead: MVSEC's
# bags and HDF5 files (daniilidis-group/mvsec), and M3ED's files (daniilidis-group/m3ed).
_TRUTH_ENDS = (
    ('_data.bag', '_gt.bag'),
    ('_data.hdf5', '_gt.hdf5'),
    ('_data.h5', '_depth_gt.h5'),
)
_NO_EVENTS = ('_gt.bag', '_gt.hdf5', '_gt.h5')  # true depth, optical flow or poses alone
_MOST_NAMES = 8


def truth_beside(path: Path) -> Path | None:
    """Return the file of true depth beside a file of events; None if there is none."""
    for end, truth_end in _TRUTH_ENDS:
        if path.name.endswith(end):
            truth = path.with_name(path.name.removesuffix(end) + truth_end)
            return truth if truth.is_file() else None
    return None


def files_of_one_recording(folder: Path, files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the file with events of a folder, or the left and the right file.

    Args:
        folder: the folder.
        files: the files in it that can be read.

    Raises:
        RecordingError: no file, or several that do not belong together by their names.
    """
    events = [file for file in files if not file.name.endswith(_NO_EVENTS)] or list(files)
    if len(events) == 1:
        return (events[0],)
    if len(events) == 2 and _is_pair(*events):
        return tuple(events)
    if not events:
        raise RecordingError(
            f"The folder '{folder}' holds no recording: give a recording, or its folder."
        )
    names = ', '.join(file.name for file in events[:_MOST_NAMES])
    more = f' and {len(events) - _MOST_NAMES} more' if len(events) > _MOST_NAMES else ''
    raise RecordingError(
        f"The folder '{folder}' holds {len(events)} recordings ({names}{more}): give one of them, "
        f'or the two files of a stereo pair.'
    )


def _is_pair(first: Path, second: Path) -> bool:
    """Return whether the names differ in left and right alone."""
    names = sorted((first.name.lower(), second.name.lower()))
    return names[0] != names[1] and names[0].replace('left', 'right') == names[1]
