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

"""rosbag2 recording as a Bag."""

from collections.abc import Collection, Iterator
from pathlib import Path

from spike_depth_ros.events.fields import CdrFields
from spike_depth_ros.recordings.bags.bag import Bag, BagMessage, BagTopic
from spike_depth_ros.recordings.rosbag2 import Recording


class Rosbag2Bag(Bag):
    """Open rosbag2 folder or storage file; see Bag.

    Raises:
        RecordingError: it does not exist, cannot be read, or is empty.
    """

    kind = 'rosbag2 recording'

    def __init__(self, path: Path) -> None:
        self.path = path
        self._recording = Recording(path)
        self.about, self.notes = self._recording.about, list(self._recording.notes)
        self.topics = {
            topic.name: BagTopic(topic.name, topic.type, topic.count, topic.content)
            for topic in self._recording.topics.values()
        }
        self.start_ns = self._recording.start_ns
        self.end_ns = self.start_ns + self._recording.duration_ns

    def messages(
        self, topics: Collection[str], start_ns: int | None = None
    ) -> Iterator[BagMessage | None]:
        """Yield the messages of some topics in the order of log time; see Bag."""
        for message in self._recording.messages(topics, start_ns):
            data = memoryview(message.cdr)
            yield BagMessage(message.topic, message.log_time_ns, data, CdrFields)

    def close(self) -> None:
        """Close the files."""
        self._recording.close()
