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

"""Wait of the first packets for the other camera."""

from dataclasses import replace

import numpy as np

from spike_depth_ros.frames.admission import Admitted
from spike_depth_ros.frames.rendezvous import MAX_BYTES, Rendezvous
from testing.cameras import Camera

PACKET = Camera('mono').send([(1, 1, 1, 1)])


def test_it_is_over_when_every_camera_has_sent_a_time() -> None:
    rendezvous = Rendezvous(2)
    assert not rendezvous.is_over(10**9, 0)  # no packet came
    rendezvous.add(Admitted(1, PACKET, False, 0), first_ns=5)
    rendezvous.add(Admitted(0, PACKET, False, 10), first_ns=None)
    assert not rendezvous.is_over(10, 100)
    assert rendezvous.firsts == [None, (PACKET.stamp_ns, 5)]
    rendezvous.add(Admitted(0, PACKET, False, 20), first_ns=7)
    rendezvous.add(Admitted(1, PACKET, False, 30), first_ns=9)
    assert rendezvous.is_over(30, 100)
    assert rendezvous.firsts == [(PACKET.stamp_ns, 7), (PACKET.stamp_ns, 5)]
    held = [(admitted.camera, admitted.arrived_ns) for admitted in rendezvous.packets]
    assert held == [(1, 0), (0, 10), (0, 20), (1, 30)]


def test_one_camera_does_not_wait() -> None:
    rendezvous = Rendezvous(1)
    rendezvous.add(Admitted(0, PACKET, False, 0), first_ns=5)
    assert rendezvous.is_over(0, 100)


def test_the_wait_counts_from_the_first_packet() -> None:
    rendezvous = Rendezvous(2)
    rendezvous.add(Admitted(0, PACKET, False, 1000), first_ns=5)
    rendezvous.add(Admitted(0, PACKET, False, 1050), first_ns=6)
    assert not rendezvous.is_over(1099, 100)
    assert rendezvous.is_over(1100, 100)


def test_the_number_of_held_packets_is_bounded() -> None:
    rendezvous = Rendezvous(2)
    half = replace(PACKET, data=np.zeros(MAX_BYTES // 2, np.uint8))
    rendezvous.add(Admitted(0, half, False, 0), first_ns=5)
    rendezvous.add(Admitted(0, half, False, 0), first_ns=5)
    assert not rendezvous.is_over(0, 100)
    rendezvous.add(Admitted(0, PACKET, False, 0), first_ns=6)
    assert rendezvous.is_over(0, 100)
