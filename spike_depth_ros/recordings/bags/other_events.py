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

"""Advice for bags without events that are read."""

from collections.abc import Collection

from spike_depth_ros.events.messages import EVENT_PACKET
from spike_depth_ros.recordings.bags.bag import BagTopic

# Longer lists would hide the end of the sentence.
MAX_TOPICS = 8
_PACKAGES = ('event', 'dvs', 'dv_ros', 'prophesee', 'metavision', 'celex', 'inivation')


def without_events(topics: Collection[BagTopic]) -> str:
    """Return the sentence for a bag without events and without true depth: its topics."""
    events = [topic for topic in topics if _is_events(topic.type)]
    silent = [topic for topic in events if not topic.count]
    if silent:
        return f'The recording has no message on {_names(silent)}: record it again.'
    if events:
        return (
            f'The recording has {_names(events)}, whose fields are those of neither EventPacket '
            f'nor EventArray: convert it to {EVENT_PACKET}.'
        )
    return (
        f'The recording has no events and no true depth, but {_names(topics) or "no topic"}: '
        f'give one of an event camera.'
    )


def _is_events(message_type: str) -> bool:
    package, _, name = message_type.lower().rpartition('/')
    return package.startswith(_PACKAGES) and 'event' in name


def _names(topics: Collection[BagTopic]) -> str:
    listed = [f'{topic.name} ({topic.type})' for topic in sorted(topics, key=lambda t: t.name)]
    more = len(listed) - MAX_TOPICS
    return ', '.join(listed[:MAX_TOPICS]) + (f' and {more} more' if more > 0 else '')
