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

"""Ctrl-C and SIGTERM: they end the demo without a word, whenever they come."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupts:
    """Raise KeyboardInterrupt at once, or where the program looks, at the first signal.

    came: the number of the signal that has come, 0 before any.
    """

    def __init__(self) -> None:
        self.came = 0
        self._waits = False
        self._report = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take)

    @property
    def exit_code(self) -> int:
        """Return what a shell calls a program that the signal ended."""
        return 128 + self.came

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come."""
        if self.came:
            raise KeyboardInterrupt

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Raise nothing within but by check(): callbacks and clean-up are not cut short."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False
        self.check()

    def ignore(self) -> None:
        """Let later signals pass: the program is about to end."""
        self._waits = True

    def _take(self, number: int, frame: FrameType | None) -> None:
        is_first, self.came = not self.came, self.came or number
        if is_first and not self._waits:
            raise KeyboardInterrupt

    def _unraisable(self, unraisable: Any) -> None:
        """End the program when a destructor or an extension module swallows KeyboardInterrupt."""
        if not self.came:
            self._report(unraisable)
        elif isinstance(unraisable.exc_value, KeyboardInterrupt):
            os._exit(self.exit_code)
