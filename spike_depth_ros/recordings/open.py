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
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from spike_depth_ros.recordings import file_kinds
from spike_depth_ros.recordings.beside import files_of_one_recording, truth_beside
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.joined import JoinedRecording
from spike_depth_ros.recordings.recording import EventRecording

_PACKAGE = 'spike_depth_ros.recordings'
# Module of each kind of file, imported when needed; it has open_file(path) -> EventRecording.
_FILE_READERS: Mapping[str, str] = MappingProxyType(
    {
        file_kinds.SQLITE: 'bags.bag_recording',
        file_kinds.MCAP: 'bags.bag_recording',
        file_kinds.HDF5: 'hdf5.layouts',
        file_kinds.ZSTD: 'bags.bag_recording',
        file_kinds.ROS1: 'bags.bag_recording',
        file_kinds.AEDAT4: 'aedat.aedat4',
        file_kinds.AEDAT3: 'aedat.aedat3',
        file_kinds.AEDAT2: 'aedat.aedat2',
        file_kinds.PROPHESEE: 'prophesee.files',
    }
)
# Modules of folders in the order in which they are asked; each has is_recording(folder) -> bool
# and open_folder(folder) -> EventRecording.
_FOLDER_READERS = ('bags.bag_recording', 'hdf5.dsec_folder', 'dense.folder')
_LEVELS = 2  # from a folder such as events/left up to that of its recording
_ADDRESS = re.compile(r'(?:^|/)[a-z][a-z0-9]+:/')  # https://..., whose slashes a Path joins


def open_recording(paths: Path | Sequence[Path], truth: Sequence[Path] = ()) -> EventRecording:
    """Open a recording of any kind.

    True depth in a file beside the events is found by its name (beside.truth_beside).

    Args:
        paths: a file or folder; or several that make one recording, such as one file per camera.
            A file that the reader of an earlier one has found beside it is not opened again. A
            folder may hold one recording, or one file per camera.
        truth: more files with true depth, on the same clock.

    Raises:
        RecordingError: a path cannot be read, or all of them have no event camera.
    """
    given = [paths] if isinstance(paths, Path) else [*paths]
    opened: list[EventRecording] = []
    try:
        files = [file for path in given for file in _files(path)]
        for path in (*files, *truth):
            if not _is_companion(path, opened):
                opened.append(_open(path))
        if not truth:
            _add_truth_beside(files, opened)
        joined = opened[0] if len(opened) == 1 else JoinedRecording(opened)
        if not joined.cameras:
            why = f' ({"; ".join(note.rstrip(".") for note in joined.notes)})'
            raise RecordingError(
                f"The recording '{joined.path}' has no event camera{why if joined.notes else ''}: "
                f'give one that has, and this one as its true depth (--truth).'
            )
    except BaseException:
        for recording in opened:
            recording.close()
        raise
    return joined


def _files(path: Path) -> tuple[Path, ...]:
    """Return the path; of a folder without a reader of its own, the files in it."""
    if not path.is_dir() or _folder_reader(path):
        return (path,)
    try:
        return _files_within(path)
    except RecordingError:
        if whole := _whole(path):
            raise RecordingError(
                f"The folder '{path}' is a part of the recording '{whole}': give that."
            ) from None
        raise


def _files_within(path: Path) -> tuple[Path, ...]:
    within = sorted(file for file in path.iterdir() if not file.name.startswith('.'))
    folders = [file.name for file in within if file.is_dir() and _folder_reader(file)]
    readable = [file for file in within if file.is_file() and _file_reader(file)]
    if folders and not readable:
        raise RecordingError(
            f"The folder '{path}' holds no recording itself: give one of the recordings in it "
            f'({", ".join(folders)}).'
        )
    return files_of_one_recording(path, readable)


def _whole(folder: Path) -> Path | None:
    """Return the recording that a folder is a part of, such as events/ of DSEC."""
    for above in folder.absolute().parents[:_LEVELS]:
        with suppress(RecordingError):
            if _folder_reader(above):
                return above
    return None


def _add_truth_beside(files: Sequence[Path], opened: list[EventRecording]) -> None:
    """Open the true depth beside files of events, unless they have some; note what was found."""
    if any(recording.depth_streams for recording in opened):
        return
    for file in files:
        truth = truth_beside(file)
        if truth is None or _is_companion(truth, opened):
            continue
        try:
            opened.append(_open(truth))
            opened[-1].notes.append(f"the true depth is from '{truth}', beside the events")
        except RecordingError as error:
            opened[0].notes.append(f'there is true depth beside the events, but: {error}')


def _is_companion(path: Path, opened: Sequence[EventRecording]) -> bool:
    return any(path.resolve() in recording.companions for recording in opened)


def _open(path: Path) -> EventRecording:
    if not path.exists():
        if _ADDRESS.search(str(path)):
            raise RecordingError(
                f"The recording '{path}' is an address: download it, and give the file or folder."
            )
        raise RecordingError(f"The recording '{path}' does not exist: give a file or folder.")
    if path.is_dir():
        return _open_folder(path)
    if not path.is_file():
        raise RecordingError(f"The recording '{path}' is neither a folder nor a file.")
    reader = _file_reader(path)
    if not reader:
        raise RecordingError(
            f"The recording '{path}' cannot be read: it {file_kinds.why_not(path)}."
        )
    recording: EventRecording = _imported(reader).open_file(path)
    return recording


def _open_folder(folder: Path) -> EventRecording:
    reader = _folder_reader(folder)
    if not reader:
        raise RecordingError(f"The folder '{folder}' holds no recording: give another.")
    recording: EventRecording = _imported(reader).open_folder(folder)
    return recording


def _file_reader(path: Path) -> str:
    """Return the module that reads a file, '' if none does."""
    return _FILE_READERS.get(file_kinds.kind(path), '')


def _folder_reader(folder: Path) -> str:
    """Return the module that reads a folder as one recording, '' if none does."""
    return next((n for n in _FOLDER_READERS if _imported(n).is_recording(folder)), '')


def _imported(name: str) -> Any:
    return importlib.import_module(f'{_PACKAGE}.{name}')
