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

"""Header of Prophesee's RAW and DAT files: lines of ASCII that begin with '% '.

Sources: https://docs.prophesee.ai/stable/data/file_formats/raw.html and dat.html; openeb,
hal_psee_plugins/src/boards/rawfile/psee_raw_file_header.cpp.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from spike_depth_ros.recordings.errors import RecordingError

_MARK = b'% '
_END = 'end'
_MAX_LINES, _MAX_LINE_BYTES = 1000, 4096
_SIZE = re.compile(r'(\d{1,5})x(\d{1,5})')
_MAX_SIDE = 1 << 14


class Header(NamedTuple):
    """Header of a file.

    Attributes:
        entries: values by key, keys in lower case.
        data_start: position of the first byte after the header.
    """

    entries: Mapping[str, str]
    data_start: int

    @property
    def format_name(self) -> str:
        """Return the name in `format` before its options, such as EVT3; '' if there is none."""
        return self.entries.get('format', '').partition(';')[0].strip()

    @property
    def size(self) -> tuple[int, int] | None:
        """Return width and height, pixels, of `format`, `geometry`, or `width` and `height`."""
        options = dict(
            option.strip().lower().split('=', 1)
            for option in self.entries.get('format', '').split(';')
            if '=' in option
        )
        for values in (options, self.entries):
            if size := _size(values.get('width', ''), values.get('height', '')):
                return size
        match = _SIZE.fullmatch(self.entries.get('geometry', ''))
        return _size(*match.groups()) if match else None


def read_header(path: Path) -> Header:
    """Read the header of a file; it ends with '% end' or at bytes that are not '% '.

    Raises:
        RecordingError: the header does not end.
    """
    entries: dict[str, str] = {}
    with path.open('rb') as file:
        for _ in range(_MAX_LINES):
            start = file.tell()
            if _peek(file) != _MARK:
                return Header(entries, start)
            line = file.readline(_MAX_LINE_BYTES)
            if not line.endswith(b'\n'):
                break
            key, _, value = line[len(_MARK) :].decode('ascii', 'replace').strip().partition(' ')
            if key.lower() == _END and not value:
                return Header(entries, file.tell())
            entries.setdefault(key.lower(), value.strip())
    raise RecordingError(f"The header of '{path}' does not end: copy or record the file again.")


def _peek(file: BinaryIO) -> bytes:
    """Return the next two bytes, without moving on."""
    start = file.tell()
    mark = file.read(len(_MARK))
    file.seek(start)
    return mark


def _size(width: str, height: str) -> tuple[int, int] | None:
    if not (width.isdecimal() and height.isdecimal()):
        return None
    size = int(width), int(height)
    return size if all(1 <= side <= _MAX_SIDE for side in size) else None
