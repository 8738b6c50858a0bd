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

"""evt2 and evt21: layout, time, and losses, with words made by hand."""

import pytest
from events.counting import Counting, evt2, evt21

from spike_depth_ros.events import event_counts

WRAP_US = 2**34


class Words:
    """Words of evt2 or evt21 that hold the same."""

    def __init__(self, encoding: str) -> None:
        self.is_21 = encoding == 'evt21'

    def high(self, t_us: int) -> bytes:
        word = 0x8 << 28 | (t_us >> 6) % 2**28
        return evt21(word << 32) if self.is_21 else evt2(word)

    def event(self, t_us: int, x: int, y: int, polarity: int) -> bytes:
        low = t_us & 0x3F
        if self.is_21:
            return evt21(polarity << 60 | low << 54 | y << 32 | 1 << x)
        return evt2(polarity << 28 | low << 22 | x << 11 | y)

    def other(self, kind: int, t_us: int, payload: int = 0) -> bytes:
        word = kind << 28 | (t_us & 0x3F) << 22 | payload
        return evt21(word << 32) if self.is_21 else evt2(word)


@pytest.fixture(params=['evt2', 'evt21'])
def encoding(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def words(encoding: str) -> Words:
    return Words(encoding)


@pytest.fixture
def counting(encoding: str) -> Counting:
    return Counting(encoding)


def test_the_documented_words_of_evt2() -> None:
    counting = Counting('evt2')
    # TIME_HIGH 3: 192 us. CD_ON: time + 5 us, x 7, y 2. CD_OFF: time + 63 us, x 15, y 7.
    counting.read(evt2(0x8000_0003, 0x1140_3802, 0x0FC0_7807))
    assert counting.events() == [(7, 2, 1), (15, 7, 0)]
    assert counting.decoder.time_ns == 255_000


def test_the_documented_words_of_evt21() -> None:
    counting = Counting('evt21')
    # TIME_HIGH 3: 192 us. POS: time + 5 us, x from 0, y 2, bits 1, 4 and 15.
    counting.read(evt21(0x8000_0003_0000_0000, 0x1140_0002_0000_8012))
    assert counting.events() == [(1, 2, 1), (4, 2, 1), (15, 2, 1)]
    assert counting.decoder.time_ns == 197_000
    assert counting.count(event_counts.EVENTS) == 3


def test_events_are_stale_until_time_high(counting: Counting, words: Words) -> None:
    counting.read(words.event(5, 1, 1, 1) + words.high(640) + words.event(645, 2, 1, 1))
    counting.decoder.on_packet_loss()
    counting.read(words.event(646, 3, 1, 1) + words.high(704) + words.event(705, 4, 1, 1))
    assert counting.events() == [(2, 1, 1), (4, 1, 1)]
    assert counting.count(event_counts.STALE_EVENTS) == 2
    assert counting.decoder.time_ns == 705_000


def test_the_time_wraps_after_4_8_hours(counting: Counting, words: Words) -> None:
    counting.read(words.high(WRAP_US - 1) + words.event(WRAP_US - 1, 1, 1, 1))
    assert counting.decoder.time_ns == (WRAP_US - 1) * 1000
    counting.read(words.high(WRAP_US) + words.event(WRAP_US + 2, 2, 1, 1))
    assert counting.decoder.time_ns == (WRAP_US + 2) * 1000
    assert counting.decoder.wrap_ns == WRAP_US * 1000


def test_wraps_that_no_word_counted_can_be_added(counting: Counting, words: Words) -> None:
    counting.decoder.advance_wraps(2)
    counting.read(words.high(64) + words.event(65, 2, 1, 1))
    assert counting.decoder.time_ns == (2 * WRAP_US + 65) * 1000


def test_a_small_step_back_counts_at_the_time_reached(counting: Counting, words: Words) -> None:
    counting.read(words.high(64_000) + words.event(64_005, 1, 1, 1))
    counting.read(words.high(63_936) + words.event(63_936, 2, 1, 1))
    assert counting.events() == [(1, 1, 1), (2, 1, 1)]
    assert counting.decoder.time_ns == 64_005_000


def test_a_large_step_back_is_dropped_and_no_wrap(counting: Counting, words: Words) -> None:
    counting.read(words.high(640_000) + words.event(640_005, 1, 1, 1))
    counting.read(words.high(64) + words.event(64, 2, 1, 1))
    counting.read(words.high(640_064) + words.event(640_064, 3, 1, 1))
    assert counting.events() == [(1, 1, 1), (3, 1, 1)]
    assert counting.count(event_counts.BACKWARD_EVENTS) == 1
    assert counting.decoder.time_ns == 640_064_000


def test_triggers_and_unknown_words_are_counted(counting: Counting, words: Words) -> None:
    counting.read(
        words.high(64)
        + words.other(0xA, 70, 1)  # rising edge
        + words.other(0xA, 71, 0)
        + words.other(0xA, 72, 1)
        + words.other(0xE, 90)
        + words.other(0xF, 127)  # its bits are no time
        + words.other(0x5, 127)
    )
    assert counting.count(event_counts.TRIGGERS) == 1
    assert counting.count(event_counts.TRIGGERS + 1) == 2
    assert counting.count(event_counts.UNKNOWN_WORDS) == 1
    assert counting.decoder.time_ns == 90_000


def test_time_words_alone_advance_the_time(counting: Counting, words: Words) -> None:
    counting.read(words.high(64))
    counting.read(words.high(128_000))
    assert counting.decoder.time_ns == 128_000_000
    position = counting.read(words.high(192_000) + words.event(192_001, 1, 1, 1), 150_000_000)
    assert (position, counting.events()) == (1, [])
