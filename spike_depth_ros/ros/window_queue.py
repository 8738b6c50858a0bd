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

"""Bounded queue between a subscription and the inference thread."""

from collections import deque
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar('T')


class WindowQueue(Generic[T]):
    """Queue of the latest items for one thread; a full queue drops its oldest item.

    Attributes:
        dropped: number of dropped items since the start.
    """

    def __init__(self, capacity: int) -> None:
        self._items: deque[T] = deque()
        self._capacity = capacity
        self._changed = Condition()
        self._closed = False
        self.dropped = 0

    def put(self, item: T) -> None:
        """Append an item without waiting."""
        with self._changed:
            if len(self._items) == self._capacity:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify()

    def get(self) -> T | None:
        """Wait for the oldest item and remove it; return None once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._items)
            return None if self._closed else self._items.popleft()

    def close(self) -> None:
        """Make get return None, also in a thread that waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
