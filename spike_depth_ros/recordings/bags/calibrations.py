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

"""Calibration of cameras from the CameraInfo topics of a bag."""

from collections.abc import Mapping, Sequence

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files import camera_info
from spike_depth_ros.geometry.files.camera_info import CameraInfoRecord
from spike_depth_ros.recordings.bags import topic_names
from spike_depth_ros.recordings.bags.bag import Bag
from spike_depth_ros.recordings.bags.camera_infos import read_camera_info
from spike_depth_ros.recordings.bags.streams import first_messages
from spike_depth_ros.recordings.recording import FoundCalibration, Side


def find_infos(bag: Bag) -> dict[str, CameraInfoRecord]:
    """Return the first CameraInfo of each topic that has one."""
    infos = {}
    for topic in bag.topics.values():
        if topic.content == 'camera info':
            for message in first_messages(bag, topic):
                try:
                    infos[topic.name] = read_camera_info(message.fields())
                    break
                except ValueError:
                    continue
    return infos


def sides(topics: Sequence[str]) -> tuple[Side, ...]:
    """Return the sides of the cameras of event topics."""
    return tuple(topic_names.side_of(topic) for topic in topics)


def from_topics(
    topics: Sequence[str], infos: Mapping[str, CameraInfoRecord], notes: list[str]
) -> FoundCalibration | None:
    """Return the calibration by the camera_info beside each event topic, else None.

    Args:
        topics: event topics of one or two cameras, left first.
        infos: CameraInfo by topic.
        notes: receives the sentence about a CameraInfo that cannot be used.
    """
    names = [topic_names.info_topic(topic, infos) for topic in topics]
    if not all(names):
        return None
    left, right = infos[names[0]], infos[names[1]] if len(names) == 2 else None
    subjects = tuple(f"The topic '{name}'" for name in (*names, ''))[:2]
    try:
        rig = camera_info.rig(left, right, (subjects[0], subjects[1]))
    except CalibrationError as error:
        notes.append(str(error))
        return None
    return FoundCalibration(rig, f'{" and ".join(names)} of the recording')
