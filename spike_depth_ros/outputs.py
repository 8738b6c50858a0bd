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

"""Output paths: checked before the work starts, and written whole or not at all."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class OutputError(ValueError):
    """An output that cannot be written; one sentence names the path, the reason and the fix."""


def check_output_folder(path: Path) -> None:
    """Check that a folder can be made and written to; leave no trace.

    Raises OutputError.
    """
    try:
        with _folder(path):
            _try_file(_beside(path / 'trial'))
    except (OSError, ValueError) as error:
        raise OutputError(
            f"The folder '{path}' cannot be written to: {_reason(error, path)}; give another "
            'folder.'
        ) from error


def check_output_file(path: Path) -> None:
    """Check that a file can be written at a path, its folder included; leave no trace.

    Raises OutputError, also for a folder, a device and anything else that is no regular file.
    """
    target = _target(path)
    try:
        if target.is_dir():
            raise IsADirectoryError
        if target.exists() and not target.is_file():
            raise OutputError(
                f"The file '{path}' cannot be written: it is a device or a pipe; give another "
                'file.'
            )
        with _folder(target.parent):
            _try_file(_beside(target))
            if target.exists():
                target.open('r+b').close()
            else:
                _try_file(target)
    except OutputError:
        raise
    except (OSError, ValueError) as error:
        raise OutputError(
            f"The file '{path}' cannot be written: {_reason(error, target)}; give another file."
        ) from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path of the same suffix; rename it to path when the block succeeds.

    Makes the folder. An error in the block removes the temporary file and leaves path as it was,
    so a file that is there is always complete. Raises OutputError where the block raises OSError.
    """
    target = _target(path)
    unfinished = _beside(target)
    with _output_errors(path):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            yield unfinished
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary path of the same name for a new folder; move it when the block succeeds.

    An error in the block removes all that was written. Raises OutputError where the block raises
    OSError, and where the folder at path holds files already.
    """
    target = _target(path)
    unfinished = _beside(target)
    with _output_errors(path):
        try:
            unfinished.mkdir(parents=True)
            yield unfinished / target.name
            (unfinished / target.name).replace(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _output_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"'{path}' cannot be written ({reason}): make room, or give another path."
        ) from error


def _target(path: Path) -> Path:
    """Return the file that a symbolic link leads to, which need not exist."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path


def _beside(path: Path) -> Path:
    """Return a new hidden name in the folder of path, short where path's own is at the limit."""
    return path.with_name(f'.unfinished-{uuid.uuid4().hex[:12]}{path.suffix[:16]}')


@contextmanager
def _folder(path: Path) -> Iterator[None]:
    """Make a folder with its parents; remove afterwards those that were not there."""
    made: list[Path] = []
    try:
        for folder in (*reversed(path.parents), path):
            if folder.is_dir():
                continue
            folder.mkdir()
            made.append(folder)
        yield
    finally:
        for folder in reversed(made):
            with suppress(OSError):  # somebody else uses it by now
                folder.rmdir()


def _try_file(path: Path) -> None:
    with path.open('xb') as file:
        try:
            file.write(b'\0')  # a full disk still takes empty files
            file.flush()
        finally:
            path.unlink()


def _reason(error: OSError | ValueError, path: Path) -> str:
    """Return why a path cannot be written, in terms of the first part of it that is in the way."""
    for part in (*reversed(path.parents), path):
        with suppress(OSError):
            if part.is_symlink() and not part.exists():
                return f"'{part}' is a link to nothing"
            if part != path and part.exists() and not part.is_dir():
                return f"'{part}' is a file"
    if isinstance(error, IsADirectoryError):
        return 'it is a folder'
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return 'it is a file'
    if isinstance(error, FileNotFoundError):  # /proc and its like
        return 'its file system takes no new files'
    return (getattr(error, 'strerror', None) or str(error)).lower()
