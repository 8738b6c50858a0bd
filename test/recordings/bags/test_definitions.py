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

"""Contents of topics by definition, md5 and hash; by name only where a bag has none of them."""

import pytest
from rosbags.interfaces import MessageDefinition, MessageDefinitionFormat
from rosbags.typesys import Stores, get_typestore

from spike_depth_ros.recordings.bags.definitions import content_of
from testing.recordings.ros1 import register

NONE = MessageDefinition(MessageDefinitionFormat.NONE, '')
UNPARSED = MessageDefinition(MessageDefinitionFormat.IDL, '#include "nothing"')
ARRAYS = ('dvs_msgs', 'prophesee_event_msgs', 'dv_ros_msgs')


@pytest.mark.parametrize('package', [*ARRAYS, 'our_msgs'])
def test_md5_of_ros_1(package: str) -> None:
    """Trap 13: one md5 for one list of fields, whatever the package."""
    name = f'{package}/msg/EventArray'
    assert content_of(name, NONE, '5e8beee5a6c107e504c2e78903c224b8') == 'arrays'
    assert content_of(name, NONE, '8a6101b351a64529ac77bd8b71074e52') == 'packets'
    assert content_of(name, NONE, 32 * '0') == ''


@pytest.mark.parametrize('name', ['event_camera_msgs/msg/EventPacket', 'dvs_msgs/msg/EventArray'])
def test_hash_of_ros_2(name: str) -> None:
    types = get_typestore(Stores.ROS2_JAZZY)
    register(types, name)
    content = 'packets' if name.endswith('Packet') else 'arrays'
    assert content_of(name, UNPARSED, types.hash_rihs01(name)) == content
    assert content_of(name, UNPARSED, 'RIHS01_' + 64 * '0') == ''


def test_names_alone_decide_for_older_bags() -> None:
    for package in ARRAYS:
        assert content_of(f'{package}/msg/EventArray', NONE, '') == 'arrays'
    assert content_of('event_array_msgs/msg/EventArray', NONE, '') == 'packets'
    assert content_of('our_msgs/msg/EventArray', NONE, '') == ''


def test_idl_with_includes() -> None:
    """rosbag2 writes these lines around each part, which rosbags' parser does not know."""
    text = """================================================================================
IDL: our_msgs/msg/EventArray
#include "std_msgs/msg/Header.idl"
module our_msgs { module msg { struct EventArray {
  std_msgs::msg::Header header; uint32 height; uint32 width; sequence<our_msgs::msg::Event> events;
}; }; };
================================================================================
IDL: our_msgs/msg/Event
#include "builtin_interfaces/msg/Time.idl"
module our_msgs { module msg { struct Event {
  uint16 x; uint16 y; builtin_interfaces::msg::Time ts; boolean polarity;
}; }; };
"""
    definition = MessageDefinition(MessageDefinitionFormat.IDL, text)
    assert content_of('our_msgs/msg/EventArray', definition, '') == 'arrays'
    other = MessageDefinition(MessageDefinitionFormat.IDL, text.replace('uint16 y', 'uint32 y'))
    assert content_of('our_msgs/msg/EventArray', other, '') == ''
