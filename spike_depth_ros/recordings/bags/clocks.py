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

"""Times of a topic: those in its messages, beside the log times of the bag."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from spike_depth_ros.recordings.bags.bag import Bag, BagMessage
from spike_depth_ros.units import SECOND_NS

# First and last time in a message, nanoseconds; None: it has none. Raises ValueError if damaged.
Times = Callable[[BagMessage], tuple[int, int] | None]

# Log times before the end of the bag at which the last message is looked for, nanoseconds.
_LOOK_BACK_NS = tuple(seconds * SECOND_NS for seconds in (2, 60, 1800))
# Messages are logged late by less, compared with the first one, nanoseconds: queues and drift.
_UNSTEADY_NS = 2 * SECOND_NS


@dataclass(frozen=True, slots=True)
class TopicSpan:
    """Times of a topic, nanoseconds.

    Attributes:
        start_ns, end_ns: first and last time in its messages.
        delay_ns: log time of its first message minus the last time in it.
    """

    start_ns: int
    end_ns: int
    delay_ns: int

    def log_time_ns(self, time_ns: int | None) -> int | None:
        """Return a log time before all messages with this time or a later one."""
        return None if time_ns is None else time_ns + self.delay_ns - _UNSTEADY_NS

    def is_over(self, log_time_ns: int, end_ns: int | None) -> bool:
        """Return whether messages from a log time on are all after a time."""
        return end_ns is not None and log_time_ns > end_ns + self.delay_ns + _UNSTEADY_NS


def find_span(bag: Bag, topic: str, times: Times) -> TopicSpan | None:
    """Return the times of a topic; None if its messages have none."""
    first = next(_timed(bag, topic, times, None), None)
    if first is None:
        return None
    message, start_ns, end_ns = first
    delay_ns = message.log_time_ns - end_ns
    for back_ns in (*_LOOK_BACK_NS, None):
        from_ns = None if back_ns is None else bag.end_ns - back_ns
        ends_ns = [end for _, _, end in _timed(bag, topic, times, from_ns)]
        if ends_ns:
            return TopicSpan(start_ns, max(ends_ns), delay_ns)
    return TopicSpan(start_ns, end_ns, delay_ns)


def _timed(
    bag: Bag, topic: str, times: Times, from_ns: int | None
) -> Iterator[tuple[BagMessage, int, int]]:
    for message in bag.messages([topic], from_ns):
        try:
            found = times(message) if message else None
        except ValueError:
            continue
        if message and found:
            yield message, *found
