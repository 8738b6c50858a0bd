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

"""Detection of other nodes on the demo's ROS domain that would falsify the run."""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rclpy.node import Node

from spike_depth_ros.ros import domains
from spike_depth_ros.ros.demo.errors import DemoError

REPLAY, BINNER, DEPTH, DEMO = 'replay', 'binner', 'depth', 'demo'
UNKNOWN = '_UNKNOWN_'  # part of the name of a node that rmw has not discovered yet
Roles = Mapping[str, Sequence[str]]
# Publishers of each topic among the demo's nodes.
PUBLISHERS: Roles = MappingProxyType(
    {
        'left/events': (REPLAY,),
        'right/events': (REPLAY,),
        'spikes': (BINNER,),
        'spikes/info': (BINNER,),
        'depth/image_rect': (DEPTH,),
        'depth/camera_info': (DEPTH,),
        'depth/image_color': (DEPTH,),
        'depth/confidence': (DEPTH,),
        'depth/age': (DEPTH,),
    }
)
# Subscribers of each topic before the replay; the binner subscribes to events once they are
# published. Another subscriber may be a second binner or depth node. Depth may have any.
SUBSCRIBERS: Roles = MappingProxyType(
    {
        'left/events': (),
        'right/events': (),
        'spikes': (DEPTH, DEMO),
        'spikes/info': (DEPTH, DEMO),
    }
)


def check_publishers(node: Node, running: Collection[str]) -> None:
    """Raise DemoError if another node publishes on a topic of the demo.

    Args:
        node: the evaluation node.
        running: names of the demo's nodes that were started.
    """
    _check(node, PUBLISHERS, running, node.get_publishers_info_by_topic, 'publishes')


def check_subscribers(node: Node, running: Collection[str]) -> None:
    """Raise DemoError if another node subscribes events or spikes; call it before the replay."""
    _check(node, SUBSCRIBERS, running, node.get_subscriptions_info_by_topic, 'subscribes')


def _check(
    node: Node,
    roles: Roles,
    running: Collection[str],
    find: Callable[[str], Sequence[Any]],
    what: str,
) -> None:
    """Compare names and numbers of endpoints; a name is discovered later than its endpoint."""
    for topic, owners in roles.items():
        ours = [f'/{owner}' for owner in owners if owner in running]
        infos = find(topic)
        names = [f'{info.node_namespace.rstrip("/")}/{info.node_name}' for info in infos]
        others = [name for name in names if name not in ours and UNKNOWN not in name]
        if others or len(names) > len(ours):
            named = f', {others[0]},' if others else ''
            raise DemoError(
                f'another node on the ROS domain {node.context.get_domain_id()}{named} {what} '
                f'{node.resolve_topic_name(topic)}: stop it, or set {domains.DOMAIN} to another '
                f'domain'
            )
