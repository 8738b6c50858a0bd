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

"""Bounded queue before the inference."""

from threading import Thread

from spike_depth_ros.ros.window_queue import WindowQueue
from testing.waiting import LIMIT_S


def test_the_oldest_is_dropped_and_counted() -> None:
    queue: WindowQueue[int] = WindowQueue(capacity=2)
    for item in range(5):
        queue.put(item)

    assert [queue.get(), queue.get()] == [3, 4]
    assert queue.dropped == 3


def test_close_wakes_the_worker() -> None:
    queue: WindowQueue[int] = WindowQueue(capacity=1)
    taken: list[int | None] = []
    worker = Thread(target=lambda: taken.append(queue.get()))
    worker.start()

    queue.close()
    worker.join(LIMIT_S)

    assert taken == [None]
    assert queue.get() is None
