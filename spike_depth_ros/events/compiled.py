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

"""Compile the code that touches every event, and cache the compiled code.

This code neither makes nor frees an array. The option `_nrt` switches numba's reference counts of
arrays off: at each call they would take ten times as long as counting the event.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache

OPTIONS: Any = {'nogil': True, '_nrt': False}
INLINED: Any = OPTIONS | {'forceinline': True}
_FunctionCache: Any = FunctionCache  # without types


class _Cache(_FunctionCache):  # type: ignore[misc]
    """Cache of compiled code; on any failure, compile instead."""

    def load_overload(self, *arguments: Any) -> Any:
        """Return the compiled code, None without a file or for a damaged file."""
        try:
            return super().load_overload(*arguments)
        except Exception:  # a damaged pickle may raise any exception
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, *arguments: Any) -> None:
        """Save the compiled code, unless the disk is full or the folder is gone."""
        with suppress(Exception):
            super().save_overload(*arguments)


def cached(**options: Any) -> Callable[[Any], Any]:
    """Return a decorator that compiles a function and caches the code.

    The cache is the first writable folder of NUMBA_CACHE_DIR, __pycache__ beside the source, and
    ~/.cache/numba; without one, every process compiles. options: options of numba.njit.
    """

    def decorate(function: Any) -> Any:
        dispatcher = njit(**options)(function)
        with suppress(RuntimeError, OSError):  # no folder is writable
            dispatcher._cache = _Cache(function)
        return dispatcher

    return decorate


# For functions called from Python. The cache misses changes of functions that are inlined from
# other files: remove the __pycache__ folders after such a change.
compiled = cached(**OPTIONS)
# For functions called from compiled code only, once per event or word.
inlined: Any = njit(**INLINED)
