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

"""Items read ahead by a thread of its own, bounded in number and in bytes."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from threading import Condition, Thread
from typing import Generic, Self, TypeVar

_Item = TypeVar('_Item')

MAX_ITEMS = 1000
MAX_BYTES = 64_000_000


class ReadAhead(Generic[_Item]):
    """Iterator over items that a thread prepares; use it as a context manager.

    An error of the source is raised after the items before it.
    """

    def __init__(
        self,
        source: Iterable[_Item],
        size: Callable[[_Item], int],
        max_items: int = MAX_ITEMS,
    ) -> None:
        """Start the thread.

        Args:
            source: items; the thread alone iterates over it.
            size: returns the bytes of an item; together at most MAX_BYTES wait, or one item.
            max_items: largest number of items that wait.
        """
        self._source = source
        self._size, self._max_items = size, max_items
        self._items: deque[_Item] = deque()
        self._bytes = 0
        self._is_done = self._is_closed = self._is_full = False
        self._error: BaseException | None = None
        self._changed = Condition()
        self._thread = Thread(target=self._read, name='read ahead', daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[_Item]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._is_done or self._is_closed)
                if self._is_closed or not self._items:
                    break
                item = self._items.popleft()
                self._bytes -= self._size(item)
                self._changed.notify_all()
            yield item
        if self._error is not None:
            raise self._error

    def wait_until_full(self, limit_s: float) -> None:
        """Wait until no more items have room or none follows, at most for limit_s seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_full or self._is_done, limit_s)

    def close(self) -> None:
        """End the thread and the iteration."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        try:
            for item in self._source:
                if not self._put(item):
                    return
        except Exception as error:  # raised again where the items are used
            self._error = error
        finally:
            with self._changed:
                self._is_done = True
                self._changed.notify_all()

    def _put(self, item: _Item) -> bool:
        """Add an item once there is room; return False if nobody wants it."""
        size = self._size(item)
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._has_room(size))
            self._items.append(item)
            self._bytes += size
            self._changed.notify_all()
            return not self._is_closed

    def _has_room(self, size: int) -> bool:
        fits = len(self._items) < self._max_items and self._bytes + size <= MAX_BYTES
        if not fits and not self._is_full:
            self._is_full = True
            self._changed.notify_all()
        return fits or not self._items
