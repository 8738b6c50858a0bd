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

"""Ctrl-C and SIGTERM: both end the demo without output, at any time."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupts:
    """Handler that raises KeyboardInterrupt at the first signal, at once or in check().

    Attributes:
        received: number of the first signal, 0 before any.
    """

    def __init__(self) -> None:
        self.received = 0
        self._waits = False
        self._report = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take)

    @property
    def exit_code(self) -> int:
        """Return the exit code that shells give a program ended by the signal."""
        return 128 + self.received

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come."""
        if self.received:
            raise KeyboardInterrupt

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Raise in check() only while in the context, where callbacks must not be interrupted."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False
        self.check()

    def ignore(self) -> None:
        """Ignore later signals."""
        self._waits = True

    def _take(self, number: int, frame: FrameType | None) -> None:
        is_first, self.received = not self.received, self.received or number
        if is_first and not self._waits:
            raise KeyboardInterrupt

    def _unraisable(self, unraisable: Any) -> None:
        """End the program if a destructor or an extension module swallows KeyboardInterrupt."""
        if not self.received:
            self._report(unraisable)
        elif isinstance(unraisable.exc_value, KeyboardInterrupt):
            os._exit(self.exit_code)
