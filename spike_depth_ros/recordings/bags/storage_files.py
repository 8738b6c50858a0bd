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

"""Checks of a recording's storage files before rosbags opens them."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spike_depth_ros.recordings import file_kinds
from spike_depth_ros.recordings.bags import metadata
from spike_depth_ros.recordings.bags.metadata import Metadata
from spike_depth_ros.recordings.errors import RecordingError

_STORAGES = (file_kinds.SQLITE, file_kinds.MCAP)
# Name of a part of a split recording.
_SPLIT = re.compile(r'(?P<name>.*)_(?P<number>\d+)(?P<suffix>\.\w+(\.zstd)?)')
_SUFFIXES = ('*.db3', '*.mcap', '*.db3.zstd', '*.mcap.zstd')
# Files of sqlite beside a database: pages that are not merged yet (write-ahead log), or the pages
# before an interrupted change (rollback journal), each after a header.
_UNMERGED = {'-wal': b'\x37\x7f\x06', '-journal': b'\xd9\xd5\x05\xf9\x20\xa1\x63\xd7'}
_HEADER_BYTES = 32


@dataclass(frozen=True, slots=True)
class StorageFiles:
    """Storage files of a recording.

    Attributes:
        paths: the files, in order.
        kind: file_kinds.SQLITE or file_kinds.MCAP.
        compression: '', 'file' or 'message', with zstd.
        metadata: of the folder; None without one.
        notes: sentences about what had to be assumed.
    """

    paths: tuple[Path, ...]
    kind: str
    compression: str
    metadata: Metadata | None
    notes: tuple[str, ...] = ()


def is_rosbag2(folder: Path) -> bool:
    """Return whether a folder has a metadata.yaml, or the parts of one split recording."""
    if (folder / metadata.NAME).exists():
        return True
    files = _candidates(folder)
    return len(files) > 1 and _are_parts(files)


def find_storage_files(path: Path) -> StorageFiles:
    """Return the storage files of a rosbag2 folder, or the storage file at path.

    Raises:
        RecordingError: files are missing, incomplete, or of different kinds.
    """
    if not path.exists():
        raise RecordingError(
            f"The recording '{path}' does not exist: give the folder of a rosbag2 recording."
        )
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        raise RecordingError(
            f"The recording '{path}' is neither a folder nor a file: give the folder of a "
            f'rosbag2 recording.'
        )
    if path.name == metadata.NAME:
        raise RecordingError(f"'{path}' only describes a recording: give the folder that has it.")
    return _without_metadata((path,))


def _of_folder(folder: Path) -> StorageFiles:
    if not (folder / metadata.NAME).exists():
        return _of_files(folder)
    about = metadata.read_metadata(folder)
    paths = tuple(folder / name for name in about.files)
    for path in paths:
        if not path.is_file():
            raise RecordingError(_missing(folder, path, about))
    kind = _common_kind(folder, paths, about.compression, about.storage)
    for path in _without_end(paths, kind, about.compression):
        raise RecordingError(
            f"The recording '{path}' cannot be read: its end is missing; copy it again, or give "
            f'the file alone to read what is complete.'
        )
    return StorageFiles(paths, kind, about.compression, about, _unlisted(folder, paths))


def _of_files(folder: Path) -> StorageFiles:
    """Return the storage files of a folder without metadata, such as a killed recorder leaves."""
    files = _candidates(folder)
    if not files:
        raise RecordingError(_without_files(folder))
    if len(files) > 1 and not _are_parts(files):
        raise RecordingError(
            f"The folder '{folder}' has no {metadata.NAME}, and its files "
            f'({", ".join(file.name for file in files)}) are not the parts of one recording: give '
            f'one of them.'
        )
    found = _without_metadata(tuple(sorted(files, key=_number)))
    note = f'the folder has no {metadata.NAME}: all of its files are read'
    return replace(found, notes=(note, *found.notes))


def _without_metadata(paths: tuple[Path, ...]) -> StorageFiles:
    """Return storage files whose compression follows from their content."""
    packed = all(_packed_kind(path) for path in paths)
    compression = 'file' if packed and file_kinds.kind(paths[0]) == file_kinds.ZSTD else ''
    kind = _common_kind(paths[0].parent, paths, compression, '')
    notes = tuple(
        f"'{path.name}' has no end, as a killed recorder leaves it: what is complete is read"
        for path in _without_end(paths, kind, compression)
    )
    return StorageFiles(paths, kind, compression, None, notes)


def _without_end(paths: Sequence[Path], kind: str, compression: str) -> list[Path]:
    """Return the mcap files that are cut off."""
    if kind != file_kinds.MCAP or compression == 'file':
        return []
    return [path for path in paths if not file_kinds.has_mcap_end(path)]


def _common_kind(folder: Path, paths: tuple[Path, ...], compression: str, storage: str) -> str:
    """Return the kind of all files; raise RecordingError if one is incomplete, or they differ.

    Args:
        folder: folder of the files.
        paths: the files.
        compression: see StorageFiles.
        storage: kind of compressed files whose names do not tell it.
    """
    kinds = {_checked(path, compression) for path in paths}
    if file_kinds.ZSTD in kinds:
        kinds = {_packed_kind(paths[0]) or storage}
    if len(kinds) > 1:
        raise RecordingError(
            f"The recording '{folder}' mixes sqlite3 and mcap files: convert it to one of them "
            f'with `ros2 bag convert`.'
        )
    return kinds.pop()


def _are_parts(files: Sequence[Path]) -> bool:
    """Return whether the names of files differ in their numbers alone."""
    names = [_SPLIT.fullmatch(file.name) for file in files]
    parts = {match and match.group('name', 'suffix') for match in names}
    return len(parts) == 1 and None not in parts


def _number(path: Path) -> int:
    """Return the number of a part of a split recording."""
    found = _SPLIT.fullmatch(path.name)
    return int(found['number']) if found else 0


def _checked(path: Path, compression: str) -> str:
    """Return the kind of a storage file; raise RecordingError if it is incomplete."""
    found = file_kinds.kind(path)
    if compression == 'file' and found in _STORAGES:
        raise RecordingError(_unpacked(path))
    if compression != 'file' and found not in _STORAGES:
        raise RecordingError(
            f"The recording '{path}' cannot be read: it {file_kinds.why_not(path)}."
        )
    if compression == 'file' and found != file_kinds.ZSTD:
        raise RecordingError(
            f"The recording '{path}' cannot be read: it is neither compressed with zstd, as its "
            f'{metadata.NAME} says, nor a storage file; copy or record it again.'
        )
    if found == file_kinds.SQLITE:
        _check_merged(path)
    return found


def _check_merged(database: Path) -> None:
    for beside in _unmerged(database):
        # A change of the journal mode merges both kinds first.
        command = f"sqlite3 {shlex.quote(str(database))} 'PRAGMA journal_mode=DELETE'"
        raise RecordingError(
            f"The recording '{database}' is incomplete: '{beside.name}' beside it holds a part "
            f'that is not merged yet; stop the recorder, or merge it with `{command}`.'
        )


def _unmerged(database: Path) -> Iterator[Path]:
    """Yield the files beside a database that hold unmerged pages."""
    database = database.resolve()
    for ending, magic in _UNMERGED.items():
        beside = database.with_name(database.name + ending)
        if beside.is_file() and beside.stat().st_size > _HEADER_BYTES:
            with beside.open('rb') as file:
                if file.read(len(magic)) == magic:
                    yield beside


def _packed_kind(path: Path) -> str:
    """Return the kind of a compressed file by its name, '' if that does not tell it."""
    kinds = {'.db3': file_kinds.SQLITE, '.mcap': file_kinds.MCAP}
    return kinds.get(Path(path.stem).suffix, '') if path.suffix == '.zstd' else ''


def _unpacked(path: Path) -> str:
    return (
        f"The recording '{path}' cannot be read: it is not compressed, although its "
        f'{metadata.NAME} says so; give the file itself, or set compression_mode and '
        f"compression_format to '' there."
    )


def _missing(folder: Path, path: Path, about: Metadata) -> str:
    if about.compression == 'file' and path.with_suffix('').is_file():
        return _unpacked(path.with_suffix(''))
    names = ', '.join(file.name for file in _candidates(folder)) or 'none'
    return (
        f"The recording '{folder}' cannot be read: its {metadata.NAME} names '{path.name}', which "
        f'is not there (storage files that are: {names}); copy the missing file, or run '
        f'`ros2 bag reindex`.'
    )


def _without_files(folder: Path) -> str:
    start = f"The folder '{folder}' is no rosbag2 recording"
    within = sorted(file.parent.name for file in folder.glob(f'*/{metadata.NAME}'))
    if within:
        return f'{start}: give one of the recordings in it ({", ".join(within)}).'
    return f'{start}: it has neither {metadata.NAME} nor storage files; give another.'


def _unlisted(folder: Path, paths: tuple[Path, ...]) -> tuple[str, ...]:
    """Return a note on storage files that metadata.yaml does not name."""
    names = ', '.join(f"'{file.name}'" for file in _candidates(folder) if file not in paths)
    if not names:
        return ()
    return (
        f'the folder also has {names}, which its {metadata.NAME} does not name: left out; '
        f'`ros2 bag reindex` takes it in',
    )


def _candidates(folder: Path) -> list[Path]:
    return sorted(file for pattern in _SUFFIXES for file in folder.glob(pattern))
