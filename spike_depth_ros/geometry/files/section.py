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

"""Typed values of a parsed YAML file."""

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.errors import CalibrationError

LARGEST_NUMBER = 1e9


@dataclass(frozen=True)
class Section:
    """One mapping of a calibration file.

    Every method raises CalibrationError with the key of a value that is missing or of another
    type.

    Args:
        content: parsed mapping.
        place: dotted keys that lead to the mapping, empty for the top.
    """

    content: Mapping[object, object]
    place: str = ''

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def section(self, key: str) -> 'Section':
        """Return the mapping under a key."""
        value = self._value(key, 'a mapping', lambda value: isinstance(value, Mapping))
        return Section(value, self._name(key))

    def sections(self, key: str) -> 'list[Section]':
        """Return the mappings of a list."""
        values = self._value(
            key,
            'a list of mappings',
            lambda value: (
                isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
            ),
        )
        return [Section(item, f'{self._name(key)}[{n}]') for n, item in enumerate(values)]

    def text(self, key: str) -> str:
        """Return a text."""
        return str(self._value(key, 'a text', lambda value: isinstance(value, str)))

    def whole(self, key: str) -> int:
        """Return a whole number."""
        return int(self._value(key, 'a whole number', lambda value: type(value) is int))

    def size(self, key: str) -> tuple[int, int]:
        """Return width and height."""
        whole = [int, int]
        width, height = self._value(
            key,
            'a list of 2 whole numbers',
            lambda value: isinstance(value, list) and [type(item) for item in value] == whole,
        )
        return width, height

    def numbers(self, key: str, *shape: int) -> npt.NDArray[np.float64]:
        """Return finite numbers as float64 of a shape; -1 stands for any length."""
        sizes = ' x '.join(str(size) for size in shape)
        what = f'a list of {sizes} finite numbers'.replace('-1 ', '')
        return np.array(self._value(key, what, lambda value: _fits(value, shape)), np.float64)

    def _value(self, key: str, what: str, fits: Callable[[object], bool]) -> Any:
        if key not in self.content:
            raise CalibrationError(f'{self._name(key)} is missing, but must be {what}')
        value = self.content[key]
        if not fits(value):
            raise CalibrationError(
                f'{self._name(key)} is {reprlib.repr(value)}, but must be {what}'
            )
        return value

    def _name(self, key: str) -> str:
        return f'{self.place}.{key}' if self.place else key


def _fits(value: object, shape: tuple[int, ...]) -> bool:
    """Return True for a nested list of finite numbers with this shape."""
    if not shape:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return abs(value) <= LARGEST_NUMBER
    return (
        isinstance(value, list)
        and shape[0] in (-1, len(value))
        and all(_fits(item, shape[1:]) for item in value)
    )
