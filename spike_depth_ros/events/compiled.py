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

"""Compilation of the code that touches every event, and the cache of the compiled code.

None of it makes or frees an array, so numba is told not to count references to arrays (`_nrt`):
counting them at each call would take ten times as long as counting the event.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache

OPTIONS: Any = {'nogil': True, '_nrt': False}
_FunctionCache: Any = FunctionCache  # without types


class _Cache(_FunctionCache):  # type: ignore[misc]
    """Cache compiled code where that is possible; whatever goes wrong, compile instead."""

    def load_overload(self, *arguments: Any) -> Any:
        """Return the compiled code, None if there is none or its file is damaged."""
        try:
            return super().load_overload(*arguments)
        except Exception:  # a damaged pickle raises anything
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, *arguments: Any) -> None:
        """Save the compiled code unless the disk is full or the folder has gone."""
        with suppress(Exception):
            super().save_overload(*arguments)


def cached(**options: Any) -> Callable[[Any], Any]:
    """Return a decorator that compiles a function and caches the code.

    The cache is NUMBA_CACHE_DIR, __pycache__ beside the source, or ~/.cache/numba, whichever can
    be written; if none can, every process compiles. options: of numba.njit.
    """

    def decorate(function: Any) -> Any:
        dispatcher = njit(**options)(function)
        with suppress(RuntimeError, OSError):  # no folder can be written
            dispatcher._cache = _Cache(function)
        return dispatcher

    return decorate


# Called from Python. A change in another file that is inlined here does not show to the cache:
# remove the __pycache__ folders then.
compiled = cached(**OPTIONS)
# Called from compiled code only, once for each event or word.
inlined: Any = njit(**OPTIONS, forceinline=True)
