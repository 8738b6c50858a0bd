"""SIGINT and SIGTERM: they end a node with exit code 0 and without a word, whenever they come."""

import os
import signal
import sys
from types import FrameType
from typing import Any


class Signals:
    """Take SIGINT and SIGTERM: the first ends a node that is still starting at once.

    came: whether one has come; a node that runs is to look at it.
    """

    def __init__(self) -> None:
        self.came = False
        self.starting = True
        self._ignored = sys.unraisablehook
        sys.unraisablehook = self._ignore
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        is_first, self.came = not self.came, True
        if self.starting and is_first:
            raise SystemExit(0)

    def _ignore(self, unraisable: Any) -> None:
        """End the node when a callback of a compiler or a destructor swallows the SystemExit."""
        if not self.came:
            self._ignored(unraisable)
        elif isinstance(unraisable.exc_value, SystemExit):
            os._exit(0)
