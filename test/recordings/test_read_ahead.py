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

"""Items that a thread reads ahead."""

from collections.abc import Iterator

import pytest

from spike_depth_ros.recordings import read_ahead
from spike_depth_ros.recordings.read_ahead import ReadAhead
from testing.waiting import LIMIT_S, wait_until


def test_all_items_in_their_order() -> None:
    with ReadAhead(range(5000), lambda item: 8) as items:
        assert list(items) == list(range(5000))


def test_an_error_follows_the_items_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError('damaged')

    with ReadAhead(source(), lambda item: 8) as items:
        found = iter(items)
        assert next(found) == 1
        with pytest.raises(ValueError, match='damaged'):
            next(found)


def test_few_bytes_wait_and_closing_ends_the_thread() -> None:
    produced: list[int] = []

    def source() -> Iterator[int]:
        for number in range(1000):
            produced.append(number)
            yield number

    size = read_ahead.MAX_BYTES // 3
    items = ReadAhead(source(), lambda item: size)
    items.wait_until_full(LIMIT_S)
    wait_until(lambda: len(produced) == 4, 'the room to be used', lambda: None)
    items.close()
    assert len(produced) == 4
    assert list(items) == []


def test_few_items_wait() -> None:
    produced: list[int] = []

    def source() -> Iterator[int]:
        for number in range(5):
            produced.append(number)
            yield number

    with ReadAhead(source(), lambda item: 1, max_items=1) as items:
        items.wait_until_full(LIMIT_S)
        assert produced == [0, 1]  # one that waits, and one that has no room yet
        assert list(items) == [0, 1, 2, 3, 4]
