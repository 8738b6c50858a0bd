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

"""Messages of one topic of a bag in a range of time, decoded, in the order of their stamps."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeVar

from spike_depth_ros.recordings.bags.bag import Bag, BagMessage
from spike_depth_ros.recordings.bags.clocks import TopicSpan, find_span
from spike_depth_ros.recordings.bags.event_arrays import DAMAGED

_Content = TypeVar('_Content')


class StampedTopic:
    """Messages of a topic, at the times of their headers.

    Args:
        bag: the bag.
        topic: name of the topic.
        losses: numbers of what is left out, by a phrase.
        things: plural of what the messages are, for the phrases.
    """

    def __init__(self, bag: Bag, topic: str, losses: Counter[str], things: str) -> None:
        self._bag, self._topic, self._losses = bag, topic, losses
        self._earlier = earlier(things)

    def read(
        self,
        decode: Callable[[BagMessage], _Content],
        start_ns: int | None,
        end_ns: int | None,
    ) -> Iterator[tuple[int, _Content]]:
        """Yield times, nanoseconds, and contents; times do not fall.

        Args:
            decode: returns the content of a message; raises ValueError if it is damaged.
            start_ns, end_ns: half-open range of time, nanoseconds; None: all.
        """
        reached_ns = None
        for message in self._messages(start_ns, end_ns):
            try:
                t_ns = stamp_ns(message)
                if not _is_within(t_ns, start_ns, end_ns):
                    continue
                content = decode(message)
            except ValueError:
                self._losses[DAMAGED] += 1
                continue
            if reached_ns is not None and t_ns < reached_ns:
                self._losses[self._earlier] += 1
                continue
            reached_ns = t_ns
            yield t_ns, content

    def _messages(self, start_ns: int | None, end_ns: int | None) -> Iterator[BagMessage]:
        """Yield the undamaged messages whose log times may belong to a range of time."""
        span = stamped_span(self._bag, self._topic)
        from_ns = span.log_time_ns(start_ns) if span else None
        for message in self._bag.messages([self._topic], from_ns):
            if message is None:
                self._losses[DAMAGED] += 1
            elif span and span.is_over(message.log_time_ns, end_ns):
                return
            else:
                yield message


def earlier(things: str) -> str:
    """Return the phrase for messages with earlier stamps than those before them."""
    return f'{things} earlier than the {things} before them'


def stamped_span(bag: Bag, topic: str) -> TopicSpan | None:
    """Return the times of a topic by its headers, None without a message that can be read."""

    def times(message: BagMessage) -> tuple[int, int]:
        t_ns = stamp_ns(message)
        return t_ns, t_ns

    return find_span(bag, topic, times)


def stamp_ns(message: BagMessage) -> int:
    """Return the header stamp of a message, nanoseconds; without one the log time."""
    return message.fields().header()[0] or message.log_time_ns


def _is_within(t_ns: int, start_ns: int | None, end_ns: int | None) -> bool:
    return (start_ns is None or t_ns >= start_ns) and (end_ns is None or t_ns < end_ns)
