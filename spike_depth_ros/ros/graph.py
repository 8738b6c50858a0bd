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

"""Publishers of topics: their names, types and conflicts."""

from collections.abc import Sequence, Set

from rclpy.node import Node

# Largest number of topics that a sentence names.
MAX_NAMED = 4


def publishers(node: Node, topic: str) -> list[str]:
    """Return the full node name of each publisher of a topic."""
    found = node.get_publishers_info_by_topic(topic)
    return sorted(f'{info.node_namespace.rstrip("/")}/{info.node_name}' for info in found)


def check_distinct(node: Node, topics: Sequence[str]) -> None:
    """Raise ValueError, one sentence, if two topics are remapped to the same name."""
    resolved = [node.resolve_topic_name(topic) for topic in topics]
    for topic, name in zip(topics[1:], resolved[1:], strict=True):
        if name == resolved[0]:
            raise ValueError(
                f'{topics[0]} and {topic} are both remapped to {name}: give each camera a topic '
                'of its own'
            )


def conflict(node: Node, topic: str) -> str:
    """Return a sentence if a topic has several publishers, else ''."""
    names = publishers(node, topic)
    if len(names) < 2:
        return ''
    return (
        f'{node.resolve_topic_name(topic)} has {len(names)} publishers ({", ".join(names)}): '
        'their messages mix, so stop all but one, or remap its topic'
    )


def similar_topics(node: Node, types: Set[str], ending: str = '') -> str:
    """Return the end of a sentence that names topics which may be meant instead, or ''.

    Args:
        node: the node; topics that it subscribes are left out.
        types: message types of the topics.
        ending: end of the topics' names.
    """
    own = {subscription.topic_name for subscription in node.subscriptions}
    found = sorted(
        topic
        for topic, kinds in node.get_topic_names_and_types()
        if topic not in own
        and topic.endswith(ending)
        and not types.isdisjoint(kinds)
        and node.count_publishers(topic)
    )
    if not found:
        return ''
    return f', or remap it or set the namespace, as there is {", ".join(found[:MAX_NAMED])}'


def wrong_type(node: Node, topic: str, wanted: str) -> str:
    """Return a sentence if all publishers of a topic have another message type, else ''."""
    types = {info.topic_type for info in node.get_publishers_info_by_topic(topic)}
    if not types or wanted in types:
        return ''
    return (
        f'{node.resolve_topic_name(topic)} carries {", ".join(sorted(types))}, but must carry '
        f'{wanted}: run a binner of the same version'
    )
