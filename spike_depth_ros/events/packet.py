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
