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

"""Notice to the user about a long compilation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from numba.core import event

PATIENCE_S = 1.0
SENTENCE = 'compiling the event decoders for this processor, once: about 15 s'
_event: Any = event  # without types


class _FirstStart(_event.Listener):  # type: ignore[misc]
    """Start a timer when numba begins to compile; loading from the cache does not start it."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer
        self._started = False

    def on_start(self, _: object) -> None:
        """Start the timer, once."""
        if not self._started:
            self._started = True
            self._timer.start()

    def on_end(self, _: object) -> None:
        """Let the timer run: numba compiles the next function."""


@contextmanager
def announced(tell: Callable[[str], None]) -> Iterator[None]:
    """Call `tell` with one sentence if a compilation in the context takes over PATIENCE_S."""
    timer = Timer(PATIENCE_S, tell, [SENTENCE])
    timer.daemon = True
    with _event.install_listener('numba:compile', _FirstStart(timer)):
        try:
            yield
        finally:
            timer.cancel()
