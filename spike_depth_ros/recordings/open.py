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

"""Opening of any recording: the kind follows from first bytes and paths."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from spike_depth_ros.recordings import file_kinds
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.joined import JoinedRecording
from spike_depth_ros.recordings.recording import EventRecording

_PACKAGE = 'spike_depth_ros.recordings'
# Module of each kind of file, imported when needed; it has open_file(path) -> EventRecording.
_FILE_READERS: Mapping[str, str] = MappingProxyType(
    {
        file_kinds.SQLITE: 'bags.bag_recording',
        file_kinds.MCAP: 'bags.bag_recording',
    }
)
# Modules of folders in the order in which they are asked; each has is_recording(folder) -> bool
# and open_folder(folder) -> EventRecording.
_FOLDER_READERS = ('bags.bag_recording',)


def open_recording(paths: Path | Sequence[Path], truth: Sequence[Path] = ()) -> EventRecording:
    """Open a recording of any kind.

    Args:
        paths: a file or folder; or several that make one recording, such as one file per camera.
            A file that the reader of an earlier one has found beside it is not opened again.
        truth: more files with true depth, on the same clock.

    Raises:
        RecordingError: a path cannot be read, or all of them have no event camera.
    """
    events = [paths] if isinstance(paths, Path) else [*paths]
    opened: list[EventRecording] = []
    try:
        for path in (*events, *truth):
            if not _is_companion(path, opened):
                opened.append(_open(path))
        joined = opened[0] if len(opened) == 1 else JoinedRecording(opened)
        if not joined.cameras:
            raise RecordingError(
                f"The recording '{joined.path}' has no event camera: give one that has, and this "
                f'one as its true depth (--truth).'
            )
    except BaseException:
        for recording in opened:
            recording.close()
        raise
    return joined


def _is_companion(path: Path, opened: Sequence[EventRecording]) -> bool:
    return any(path.resolve() in recording.companions for recording in opened)


def _open(path: Path) -> EventRecording:
    if not path.exists():
        raise RecordingError(f"The recording '{path}' does not exist: give a file or folder.")
    if path.is_dir():
        return _open_folder(path)
    if not path.is_file():
        raise RecordingError(f"The recording '{path}' is neither a folder nor a file.")
    reader = _FILE_READERS.get(file_kinds.kind(path))
    if reader is None:
        raise RecordingError(
            f"The recording '{path}' cannot be read: it {file_kinds.why_not(path)}."
        )
    recording: EventRecording = _imported(reader).open_file(path)
    return recording


def _open_folder(folder: Path) -> EventRecording:
    for name in _FOLDER_READERS:
        reader = _imported(name)
        if reader.is_recording(folder):
            recording: EventRecording = reader.open_folder(folder)
            return recording
    raise RecordingError(f"The folder '{folder}' holds no recording: give another.")


def _imported(name: str) -> Any:
    return importlib.import_module(f'{_PACKAGE}.{name}')
