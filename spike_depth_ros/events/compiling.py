"""Telling the user of a compilation that takes long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

from numba.core import event

PATIENCE_S = 1.0
SENTENCE = 'compiling the event decoders for this processor, once: about 15 s'
_event: Any = event  # without types


class _FirstStart(_event.Listener):  # type: ignore[misc]
    """Start a timer when numba begins to compile; code from the cache is not compiled."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer
        self._started = False

    def on_start(self, _: object) -> None:
        """Start the timer, once."""
        if not self._started:
            self._started = True
            self._timer.start()

    def on_end(self, _: object) -> None:
        """Let the timer run: the next function follows."""


@contextmanager
def announced(tell: Callable[[str], None]) -> Iterator[None]:
    """Call `tell` with one sentence if something is compiled within and that takes a second."""
    timer = Timer(PATIENCE_S, tell, [SENTENCE])
    timer.daemon = True
    with _event.install_listener('numba:compile', _FirstStart(timer)):
        try:
            yield
        finally:
            timer.cancel()
