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

"""Formats of converted recordings, by name and by the ending of the output."""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from spike_depth_ros.outputs import (
    check_output_file,
    check_output_folder,
    whole_file,
    whole_folder,
)
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.writers.writer import Contents, Writer

_WRITERS = 'spike_depth_ros.recordings.writers'


class Format(NamedTuple):
    """Format of an output.

    Attributes:
        module, writer: its writer, imported when needed: each needs other packages.
        is_folder: whether the output is a folder.
        endings: endings of its files' names.
    """

    module: str
    writer: str
    is_folder: bool
    endings: tuple[str, ...]


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        'rosbag2': Format('rosbag2', 'Rosbag2Writer', True, ('',)),
        'mcap': Format('rosbag2', 'McapWriter', False, ('.mcap',)),
        'aedat4': Format('aedat4', 'Aedat4Writer', False, ('.aedat4',)),
        'h5': Format('dsec', 'H5Writer', False, ('.h5', '.hdf5')),
        'dsec': Format('dsec', 'DsecWriter', True, ()),
    }
)


def find_format(path: Path, name: str | None) -> Format:
    """Return a format by its name, or by the ending of a path.

    Raises:
        RecordingError: no format has this ending, or the path exists.
    """
    if path.exists() or path.is_symlink():
        raise RecordingError(f"'{path}' exists: remove it, or write to another path.")
    if name is not None:
        return FORMATS[name]
    for form in FORMATS.values():
        if path.suffix.lower() in form.endings:
            return form
    endings = ', '.join(ending for form in FORMATS.values() for ending in form.endings if ending)
    raise RecordingError(
        f"'{path}' has the ending {path.suffix}, which stands for no format: use one of "
        f'{endings}, no ending for a rosbag2 folder, or --format.'
    )


@contextmanager
def new_output(path: Path, form: Format, contents: Contents) -> Iterator[Writer]:
    """Yield the writer of an output, which appears at path when the block succeeds.

    Raises:
        OutputError: the output cannot be written.
        RecordingError: the format has no place for the contents.
    """
    (check_output_folder if form.is_folder else check_output_file)(path)
    module = importlib.import_module(f'{_WRITERS}.{form.module}')
    whole = whole_folder if form.is_folder else whole_file
    with whole(path) as unfinished:
        writer: Writer = getattr(module, form.writer)(unfinished, contents)
        with writer:
            yield writer
