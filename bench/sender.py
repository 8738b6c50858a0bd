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

"""Publish two cameras' packets in real time, in a loop: `python -m bench.sender`.

Prints the packets of a camera, the largest delay against the schedule in ms, and the process's
share of a core.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rclpy
from event_camera_msgs.msg import EventPacket
from rclpy.node import Node
from rclpy.publisher import Publisher

from bench import streams
from bench.loop_packet import LoopPacket
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.event_topic import TOPICS

EVENTS_A_SECOND = 20_000_000
# Fast DDS connects its transports for large data some seconds after it discovers a subscriber.
SETTLING_S = 4.0


@dataclass(frozen=True)
class Loop:
    """One round of both cameras, as pairs of packets; packet_us: duration of a packet, us."""

    pairs: list[tuple[LoopPacket, LoopPacket]]
    packet_us: int


@dataclass(frozen=True)
class Sent:
    """Times of the publications.

    start_ns: header stamp of sensor time 0. published_ns: int64 [packets], monotonic time
    immediately before the publication of the second camera's packet. late_s: largest delay
    against the schedule.
    """

    start_ns: int
    published_ns: np.ndarray
    late_s: float


def main() -> None:
    """Wait for subscribers of both cameras, then publish for some seconds."""
    parser = argparse.ArgumentParser(prog='python -m bench.sender', description=__doc__)
    parser.add_argument('--seconds', type=float, default=20.0)
    parser.add_argument('--stream', choices=LOOPS, default='fast')
    parser.add_argument('--times', type=Path, help='.npz file for the publication times')
    arguments = parser.parse_args()
    loop = LOOPS[arguments.stream]()
    rclpy.init()
    node = Node('sender')
    publishers = [node.create_publisher(EventPacket, name, qos.events(1000)) for name in TOPICS]
    while not all(publisher.get_subscription_count() for publisher in publishers):
        time.sleep(0.05)
    time.sleep(SETTLING_S)
    start_s, cpu_s = time.monotonic(), time.process_time()
    sent = _send(publishers, loop, round(arguments.seconds * 1e6 / loop.packet_us))
    share = (time.process_time() - cpu_s) / (time.monotonic() - start_s)
    if arguments.times:
        np.savez(arguments.times, start_ns=sent.start_ns, published_ns=sent.published_ns)
    print(len(sent.published_ns), round(sent.late_s * 1e3, 1), round(share, 3))


def _send(publishers: list[Publisher], loop: Loop, packets: int) -> Sent:
    start, start_ns = time.monotonic(), time.time_ns()
    late_s = 0.0
    published_ns = np.zeros(packets, np.int64)
    for seq in range(packets):
        due_s = (seq + 1) * loop.packet_us * 1e-6
        behind_s = time.monotonic() - start - due_s
        late_s = max(late_s, behind_s)
        if behind_s < 0:
            time.sleep(-behind_s)
        stamp_ns = start_ns + seq * loop.packet_us * 1000
        round_number, place = divmod(seq, len(loop.pairs))
        for publisher, packet in zip(publishers, loop.pairs[place], strict=True):
            cdr = packet.cdr(seq, round_number, stamp_ns)
            published_ns[seq] = time.monotonic_ns()
            publisher.publish(cdr)
    return Sent(start_ns, published_ns, late_s)


def _fast_turn() -> Loop:
    """Return the simulated fast turn, the same packets for both cameras."""
    codec = MessageCodec(message_types())
    packets = streams.packets(_thinned(), streams.FAST_PACKET_US)
    loop = [LoopPacket(packet, streams.LOOP_US, codec) for packet in packets]
    return Loop([(packet, packet) for packet in loop], streams.FAST_PACKET_US)


def _demo() -> Loop:
    """Return the demo recording."""
    codec = MessageCodec(message_types())

    def round_of(camera: int) -> list[LoopPacket]:
        packets: list[Packet] = streams.demo_packets(camera)
        return [LoopPacket(packet, streams.DEMO_LOOP_US, codec) for packet in packets]

    return Loop(list(zip(round_of(0), round_of(1), strict=True)), streams.DEMO_PACKET_US)


def _thinned() -> streams.Columns:
    """Return a random subset of the simulated events, EVENTS_A_SECOND of them."""
    events = streams.simulated_events()
    wanted = round(EVENTS_A_SECOND * streams.LOOP_US * 1e-6)
    chosen = np.sort(np.random.default_rng(0).permutation(len(events[0]))[:wanted])
    return [column[chosen] for column in events]


LOOPS = {'fast': _fast_turn, 'demo': _demo}

if __name__ == '__main__':
    main()
