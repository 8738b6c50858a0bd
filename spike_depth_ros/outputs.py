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

"""Output paths: checked before the work starts; files and folders appear when complete."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class OutputError(ValueError):
    """Output that cannot be written; the message names path, reason and remedy."""


def check_output_folder(path: Path) -> None:
    """Check that a folder can be created and written to, without leaving anything behind.

    Raises:
        OutputError: it cannot.
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
    """Check that a file and its folder can be written, without leaving anything behind.

    Raises:
        OutputError: it cannot, or the path is a folder, a device or another special file.
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
    """Yield a temporary path with the same suffix; rename it to path when the block succeeds.

    The folder is created. An error in the block removes the temporary file and leaves path
    unchanged, so a file at path is always complete.

    Raises:
        OutputError: the block raised OSError.
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
    """Yield a temporary path for a new folder; move it to path when the block succeeds.

    An error in the block removes everything that the block wrote.

    Raises:
        OutputError: the block raised OSError, or the folder at path is not empty.
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
    """Return the target of a symbolic link, which need not exist."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path


def _beside(path: Path) -> Path:
    """Return a new hidden name in the folder of path; short, for names at the length limit."""
    return path.with_name(f'.unfinished-{uuid.uuid4().hex[:12]}{path.suffix[:16]}')


@contextmanager
def _folder(path: Path) -> Iterator[None]:
    """Create a folder and its parents; afterwards remove the new ones."""
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
            with suppress(OSError):  # another process uses it
                folder.rmdir()


def _try_file(path: Path) -> None:
    with path.open('xb') as file:
        try:
            file.write(b'\0')  # a full disk still takes empty files
            file.flush()
        finally:
            path.unlink()


def _reason(error: OSError | ValueError, path: Path) -> str:
    """Return why a path cannot be written, naming its first part that is in the way."""
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
    if isinstance(error, FileNotFoundError):  # such as /proc
        return 'its file system takes no new files'
    return (getattr(error, 'strerror', None) or str(error)).lower()
