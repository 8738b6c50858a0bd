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

"""Bag: topics and messages of ROS 1 or ROS 2, in the order of log time."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spike_depth_ros.events.fields import MessageFields
from spike_depth_ros.recordings.bags.definitions import Content

Buffer = bytes | memoryview


@dataclass(frozen=True, slots=True)
class BagTopic:
    """Topic of a bag: name, message type, number of messages, and content ('' if not read)."""

    name: str
    type: str
    count: int
    content: Content


@dataclass(frozen=True, slots=True)
class BagMessage:
    """Message of a bag.

    Attributes:
        topic: name of the topic.
        log_time_ns: time at which it was recorded, nanoseconds.
        data: bytes of the message.
    """

    topic: str
    log_time_ns: int
    data: memoryview
    _fields: Callable[[Buffer], MessageFields]

    def fields(self) -> MessageFields:
        """Return the fields of the message."""
        return self._fields(self.data)


class Bag(ABC):
    """Open bag.

    Attributes:
        path: file or folder.
        kind: format in words.
        about: custom data by key.
        notes: sentences about what the reader had to assume.
        topics: topics by name.
        start_ns: log time of the first message, nanoseconds.
        end_ns: log time of the last message, nanoseconds.
    """

    path: Path
    kind: str
    about: Mapping[str, str]
    notes: list[str]
    topics: Mapping[str, BagTopic]
    start_ns: int
    end_ns: int

    @abstractmethod
    def messages(
        self, topics: Collection[str], start_ns: int | None = None
    ) -> Iterator[BagMessage | None]:
        """Yield the messages of some topics in the order of log time; None: a damaged one.

        Memory holds one message at a time, and the chunk that it is in.

        start_ns: log time of the first message to yield, nanoseconds.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the files."""
