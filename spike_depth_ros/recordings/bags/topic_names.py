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

"""Meaning of the names of topics: side, view, and the topics of one camera."""

import re
from collections.abc import Collection

from spike_depth_ros.recordings.recording import DepthStream, Side, View

COMPRESSED_DEPTH = '/compressedDepth'  # image_transport's suffix of a topic

_WORD = re.compile(r'[a-z]+|\d+')
# Images of float32 or uint16 that are no depth.
_NOT_DEPTH = {'confidence', 'disparity', 'flow', 'thermal', 'infrared', 'infra', 'ir', 'normals'}


def side_of(topic: str) -> Side:
    """Return the side of a camera by the words in its topic; the left one if none tells."""
    return 'right' if 'right' in words(topic) and 'left' not in words(topic) else 'left'


def view_of(topic: str) -> View:
    """Return the view of depth by the words in its topic; rectified if none tells.

    `rect` decides before `raw`: depth/image_rect_raw is rectified.
    """
    found = words(topic)
    is_raw = 'raw' in found and not {'rect', 'rectified'} & set(found)
    return 'raw' if is_raw else 'rectified'


def may_be_depth(topic: str) -> bool:
    """Return whether an image of numbers on this topic may be depth."""
    return not _NOT_DEPTH & set(words(topic))


def names_depth(topic: str) -> bool:
    """Return whether the topic says that it is depth."""
    return 'depth' in topic.lower() and may_be_depth(topic)


def is_topic(name: str) -> bool:
    """Return whether the name of a stream, which may be a path in a file, is that of a topic."""
    parts = name.removeprefix('/').split('/')
    return name.startswith('/') and all(part.isidentifier() for part in parts)


def depth_topic(stream: DepthStream) -> str:
    """Return the topic of a stream's images as 32FC1: the recorded one, or by side and view.

    The latter is relative: left/depth_image_rect.
    """
    if is_topic(stream.name):
        return stream.name.removesuffix(COMPRESSED_DEPTH)
    view = 'rect' if stream.view == 'rectified' else 'raw'
    return f'{stream.side}/depth_image_{view}'


def info_topic(topic: str, infos: Collection[str]) -> str:
    """Return the camera_info beside a topic, '' if there is none.

    infos: topics of type CameraInfo.
    """
    beside = f'{_namespace(topic)}/camera_info'
    return beside if beside in infos else ''


def words(topic: str) -> list[str]:
    """Return the words of a topic in lower case."""
    return _WORD.findall(topic.lower())


def _namespace(topic: str) -> str:
    return topic.rpartition('/')[0]
