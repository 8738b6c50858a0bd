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

"""Header of old AEDAT files: lines that begin with '#'."""

from typing import BinaryIO

# jAER writes the preferences of its chip into the header.
_LONGEST_LINE = 1 << 16
_MAX_BYTES = 1 << 24
END = '#!END-HEADER'
_END_JAER = '#endofasciiheader'


def read_lines(file: BinaryIO) -> tuple[list[str], int]:
    """Return the header's lines, without their ends, and the position of the data.

    Data may begin with the byte of '#' too: a line of the header is text up to its line feed.
    """
    lines: list[str] = []
    position = file.tell()
    while position < _MAX_BYTES:
        line = file.readline(_LONGEST_LINE)
        if not _is_text(line):
            break
        lines.append(line.decode('latin-1').rstrip('\r\n'))
        position = file.tell()
        if lines[-1].startswith(END) or _is_end_of_jaer(lines[-1]):
            break
    return lines, position


def value(lines: list[str], key: str) -> str:
    """Return the text after a key such as '# AEChip:', '' without one."""
    return next((line[len(key) :].strip() for line in lines if line.startswith(key)), '')


def _is_end_of_jaer(line: str) -> bool:
    """Return whether a line is the last one of jAER or AedatTools, which differ in its spaces."""
    return line.replace(' ', '').lower() == _END_JAER


def _is_text(line: bytes) -> bool:
    """Return whether bytes are a line of the header; they may hold any letter beyond ASCII."""
    controls = bytes(range(32)).replace(b'\t', b'')
    return (
        line.startswith(b'#')
        and line.endswith(b'\n')
        and not (set(line.rstrip(b'\r\n')) & set(controls))
    )
