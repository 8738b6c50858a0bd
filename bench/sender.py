"""Send two cameras' packets in real time, round in circles: `python -m bench.sender --seconds N`.

Prints packets sent, the largest delay against the plan in ms, and its own share of a core.
"""

import argparse
import struct
import time

import numpy as np
import rclpy
from event_camera_msgs.msg import EventPacket
from rclpy.node import Node
from rclpy.publisher import Publisher

from bench import streams
from spike_depth_ros.events import evt3_layout as evt3
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.cdr import MessageCodec, message_types, with_stamp
from spike_depth_ros.ros import qos

TOPICS = ('left/events', 'right/events')
PACKET_US = 1024
EVENTS_A_SECOND = 20_000_000
FRAME_ID = 'cam'
# Fast DDS connects its transports for large data some time after a subscriber is discovered.
SETTLING_S = 4.0
# Header stamp and frame_id end at byte 20 of the CDR bytes, height and width at 28; seq is
# aligned to 8 from byte 4 on.
SEQ_OFFSET = 28
HIGH_A_LOOP = streams.LOOP_US >> evt3.TIME_LOW_BITS


class LoopPacket:
    """One packet of the loop as CDR bytes, whose time moves on from round to round."""

    def __init__(self, packet: Packet, codec: MessageCodec) -> None:
        self._cdr = bytearray(codec.packet_to_cdr(packet, FRAME_ID))
        start = len(self._cdr) - len(packet.data)
        self._words = np.frombuffer(self._cdr, np.uint16, offset=start)
        self._places = np.flatnonzero(self._words >> evt3.TYPE_SHIFT == evt3.TIME_HIGH)
        self._high = self._words[self._places] & evt3.PAYLOAD

    def cdr(self, seq: int, loop: int, stamp_ns: int) -> bytes:
        """Return the packet of a round."""
        high = self._high + loop * HIGH_A_LOOP & evt3.PAYLOAD
        self._words[self._places] = evt3.TIME_HIGH << evt3.TYPE_SHIFT | high
        struct.pack_into('<Q', self._cdr, SEQ_OFFSET, seq)
        return with_stamp(bytes(self._cdr), stamp_ns)


def main() -> None:
    """Send for some seconds once somebody listens."""
    parser = argparse.ArgumentParser(prog='python -m bench.sender', description=__doc__)
    parser.add_argument('--seconds', type=float, default=20.0)
    seconds = parser.parse_args().seconds
    codec = MessageCodec(message_types())
    loop = [LoopPacket(packet, codec) for packet in streams.packets(_thinned(), PACKET_US)]
    rclpy.init()
    node = Node('sender')
    publishers = [node.create_publisher(EventPacket, name, qos.events(1000)) for name in TOPICS]
    while not all(publisher.get_subscription_count() for publisher in publishers):
        time.sleep(0.05)
    time.sleep(SETTLING_S)
    _send(publishers, loop, round(seconds * 1e6 / PACKET_US))


def _send(publishers: list[Publisher], loop: list[LoopPacket], packets: int) -> None:
    start, start_ns, cpu = time.monotonic(), time.time_ns(), time.process_time()
    late_s = 0.0
    for seq in range(packets):
        due_s = (seq + 1) * PACKET_US * 1e-6
        behind_s = time.monotonic() - start - due_s
        late_s = max(late_s, behind_s)
        if behind_s < 0:
            time.sleep(-behind_s)
        stamp_ns = start_ns + seq * PACKET_US * 1000
        cdr = loop[seq % len(loop)].cdr(seq, seq // len(loop), stamp_ns)
        for publisher in publishers:
            publisher.publish(cdr)
    spent_s = time.monotonic() - start
    print(packets, round(late_s * 1e3, 1), round((time.process_time() - cpu) / spent_s, 3))


def _thinned() -> streams.Columns:
    """Return the simulated events, so many of them left out that 20 million a second remain."""
    events = streams.simulated_events()
    wanted = round(EVENTS_A_SECOND * streams.LOOP_US * 1e-6)
    kept = np.sort(np.random.default_rng(0).permutation(len(events[0]))[:wanted])
    return [column[kept] for column in events]


if __name__ == '__main__':
    main()
