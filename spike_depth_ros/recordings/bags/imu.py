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

"""sensor_msgs/Imu in bags."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from spike_depth_ros.recordings.bags.bag import Bag, BagMessage
from spike_depth_ros.recordings.bags.streams import first_messages
from spike_depth_ros.recordings.recording import ImuSample, ImuStream
from spike_depth_ros.units import NOT_MEASURED

IMU_SAMPLES = 'imu samples'


class _Imu(NamedTuple):
    frame_id: str
    sample: ImuSample


def find_imus(bag: Bag) -> Iterator[ImuStream]:
    """Yield the topics of a bag with angular velocities, by their first messages."""
    for topic in bag.topics.values():
        if topic.content == 'imu' and topic.count:
            for message in first_messages(bag, topic):
                try:
                    yield ImuStream(topic.name, _read(message).frame_id)
                    break
                except ValueError:
                    continue


def read_imu(message: BagMessage) -> ImuSample:
    """Read a sample at the header's time; raises ValueError if it is damaged or has no rate."""
    return _read(message).sample


def _read(message: BagMessage) -> _Imu:
    fields = message.fields()
    t_ns, frame_id = fields.header()
    fields.reals(4 + 9)  # orientation and its covariance
    rate, covariance = fields.reals(3), fields.reals(9)
    acceleration = fields.reals(3)
    if covariance[0] == NOT_MEASURED or not all(map(math.isfinite, rate)):
        raise ValueError('the message has no angular velocity')
    x, y, z = rate.tolist()
    along_x, along_y, along_z = acceleration.tolist()
    return _Imu(frame_id, ImuSample(t_ns, (x, y, z), (along_x, along_y, along_z)))
