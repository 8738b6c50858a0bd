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
    """Fields of an event_camera_msgs/EventPacket or a dvs_msgs/EventArray, without ROS types.

    Attributes:
        encoding: name of the encoding; see encodings.names.
        width: width of the sensor, pixels.
        height: height of the sensor, pixels.
        seq: number of the packet, counted by the driver; None for an EventArray, which has none.
        stamp_ns: header stamp, ROS time, nanoseconds.
        time_base_ns: sensor time from which the encoded times count, nanoseconds; evt3 ignores it.
        big_endian: byte order of the integers in data.
        data: uint8 [n], the encoded events.
        frame_id: frame of the header.
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
