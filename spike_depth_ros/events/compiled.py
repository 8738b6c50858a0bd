"""How the code that touches every event is compiled.

None of it makes or frees an array, so numba is told not to count references to arrays (`_nrt`):
counting them at each call would take ten times as long as counting the event.
"""

from typing import Any

from numba import njit

OPTIONS: Any = {'nogil': True, '_nrt': False}
# Called from Python; kept in numba's cache. A change in another file that is inlined here does not
# show to the cache: remove the __pycache__ folders then.
compiled: Any = njit(**OPTIONS, cache=True)
# Called from compiled code only, once for each event or word.
inlined: Any = njit(**OPTIONS, forceinline=True)
