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

"""Outputs of an ONNX file, edited in its bytes: the nodes run without the package onnx."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

# Numbers of fields in onnx.proto.
_GRAPH = 7  # of ModelProto
_OUTPUT = 12  # of GraphProto
_NAME = 1  # of ValueInfoProto
# Wire types of https://protobuf.dev/programming-guides/encoding.
_VARINT, _LENGTH = 0, 2
_SIZES = {1: 8, 5: 4}


class _Field(NamedTuple):
    """Field of a message.

    Args:
        number: its number.
        encoded: its bytes in the message.
        content: the content of a field that has a length.
    """

    number: int
    encoded: bytes
    content: bytes


def without_outputs(model: bytes, names: Collection[str]) -> bytes:
    """Return a model without some of its graph's outputs; their nodes stay, and compute nothing.

    Args:
        model: content of an ONNX file that onnxruntime loads.
        names: names of the outputs.
    """
    parts: list[bytes] = []
    for field in _fields(model):
        if field.number == _GRAPH:
            graph = b''.join(
                each.encoded
                for each in _fields(field.content)
                if each.number != _OUTPUT or _name(each.content) not in names
            )
            parts += [_to_varint(_GRAPH << 3 | _LENGTH), _to_varint(len(graph)), graph]
        else:
            parts.append(field.encoded)
    return b''.join(parts)


def _name(value: bytes) -> str:
    return next(field.content.decode() for field in _fields(value) if field.number == _NAME)


def _fields(message: bytes) -> Iterator[_Field]:
    start = 0
    while start < len(message):
        key, at = _varint(message, start)
        if key & 7 == _LENGTH:
            size, at = _varint(message, at)
        elif key & 7 == _VARINT:
            size = _varint(message, at)[1] - at
        else:
            size = _SIZES[key & 7]
        end = at + size
        yield _Field(key >> 3, message[start:end], message[at:end])
        start = end


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, the lowest first, and the place behind it."""
    value = shift = 0
    while True:
        value |= (message[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if message[at - 1] < 128:
            return value, at


def _to_varint(value: int) -> bytes:
    digits = []
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])
