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

"""Foreign packages: imported from another installation, for example through PYTHONPATH."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True)
class ForeignPackage:
    """Package and the entry of sys.path, outside this installation, that contains it."""

    name: str
    entry: str


def culprit(error: Exception) -> ForeignPackage | None:
    """Return the foreign package that caused an error, None if none did.

    A foreign package in the error's traceback is the cause if it hides a package of this
    installation, or if an import failed or a module lacks a name. A foreign package that merely
    needs a package that is not installed is not the cause.
    """
    suspects = list(_suspects(error))
    if hiding := next((package for package in suspects if is_hidden(package.name)), None):
        return hiding
    cause = import_error(error)
    if isinstance(cause, ModuleNotFoundError) and not is_installed(top(cause.name)):
        return None
    if suspects and (cause is not None or _is_of_a_module(error)):
        return suspects[0]
    if cause is None:
        return None
    imported = filter(None, (_foreign(_file(module)) for module in list(sys.modules.values())))
    return next((package for package in imported if is_hidden(package.name)), None)


def import_error(error: BaseException | None) -> ImportError | None:
    """Return the error itself or its nearest cause that is an ImportError, else None."""
    while error is not None and not isinstance(error, ImportError):
        error = error.__cause__ or error.__context__
    return error


def is_installed(name: str) -> bool:
    """Return whether a top-level package can be found."""
    try:
        return name in sys.modules or find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def is_hidden(name: str) -> bool:
    """Return whether this installation has a package of this name too."""
    own = [entry for entry in sys.path if entry and is_ours(resolved(entry))]
    return PathFinder.find_spec(name, own) is not None


def is_ours(folder: str) -> bool:
    """Return whether a folder belongs to this Python or virtual environment."""
    prefixes = {resolved(prefix) for prefix in (sys.prefix, sys.base_prefix)}
    return any(Path(folder).is_relative_to(prefix) for prefix in prefixes)


def top(name: str | None) -> str:
    """Return the top-level package of a dotted name, '' for none."""
    return (name or '').partition('.')[0]


def resolved(path: str) -> str:
    """Return the absolute path with links resolved."""
    return str(Path(path).resolve())


def _is_of_a_module(error: Exception) -> bool:
    """Return whether the error is a syntax error or a missing name in a module."""
    return isinstance(error, SyntaxError) or isinstance(getattr(error, 'obj', None), ModuleType)


def _suspects(error: BaseException) -> Iterator[ForeignPackage]:
    """Yield the foreign package that lacks a name, then those in the error's traceback."""
    module = getattr(error, 'obj', None)
    if not isinstance(module, ModuleType):
        module = sys.modules.get(top(getattr(error, 'name', None)))
    chain: BaseException | None = error
    files = [_file(module)]
    if isinstance(error, SyntaxError):  # its file has no frame in the traceback
        files.append(error.filename or '')
    while chain is not None:
        step = chain.__traceback__
        while step is not None:
            files.append(step.tb_frame.f_code.co_filename)
            step = step.tb_next
        chain = chain.__cause__ or chain.__context__
    yield from filter(None, map(_foreign, files))


def _file(module: ModuleType | None) -> str:
    """Return the file of a module, or the folder of a namespace package."""
    folders = list(getattr(module, '__path__', None) or [])
    return getattr(module, '__file__', None) or next(iter(folders), '')


def _foreign(file: str) -> ForeignPackage | None:
    """Return the foreign package of a file, None for a file of this installation."""
    path = Path(resolved(file))
    entries = [entry for entry in map(resolved, sys.path) if path.is_relative_to(entry)]
    entry = max(entries, key=len, default='')
    own = resolved(str(Path(__file__).parents[1]))
    if not file or not entry or entry == own or is_ours(entry) or is_ours(str(path)):
        return None
    name = path.relative_to(entry).parts[:1]
    return ForeignPackage(top(name[0]), entry) if name else None
