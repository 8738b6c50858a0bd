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

"""One packet of encoded events, as a camera driver sends it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """Hold the fields of an event_camera_msgs/EventPacket, free of any message type.

    width, height: size of the sensor in pixels. seq: counts the packets of one driver. stamp_ns:
    header stamp, nanoseconds of ROS time. time_base_ns: base of the sensor time, where the
    encoding uses one. data: uint8 [n], the encoded events; integers in it are little-endian
    unless big_endian. frame_id: of the header. A dvs_msgs/EventArray is a packet without seq.
    """

    encoding: str
    width: int
    height: int
    seq: int | None
    stamp_ns: int
    time_base_ns: int
    big_endian: bool
    data: npt.NDArray[np.uint8]
    frame_id: str = ''
