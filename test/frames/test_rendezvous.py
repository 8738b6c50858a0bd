"""How long first packets wait for each other."""

from dataclasses import replace

import numpy as np
from streams import Camera

from spike_depth_ros.frames.rendezvous import MAX_BYTES, Rendezvous

PACKET = Camera('mono').send([(1, 1, 1, 1)])


def test_it_is_over_when_every_camera_told_its_time() -> None:
    rendezvous = Rendezvous(2)
    assert not rendezvous.is_over(10**9, 0)  # nobody came
    rendezvous.add(1, PACKET, first_ns=5, waited_ns=0)
    rendezvous.add(0, PACKET, first_ns=None, waited_ns=10)
    assert not rendezvous.is_over(10, 100)
    assert rendezvous.firsts == [None, (PACKET.stamp_ns, 5)]
    rendezvous.add(0, PACKET, first_ns=7, waited_ns=20)
    rendezvous.add(1, PACKET, first_ns=9, waited_ns=30)
    assert rendezvous.is_over(30, 100)
    assert rendezvous.firsts == [(PACKET.stamp_ns, 7), (PACKET.stamp_ns, 5)]
    held = [(camera, came_ns) for camera, _, came_ns in rendezvous.packets]
    assert held == [(1, 0), (0, 10), (0, 20), (1, 30)]


def test_one_camera_does_not_wait() -> None:
    rendezvous = Rendezvous(1)
    rendezvous.add(0, PACKET, first_ns=5, waited_ns=0)
    assert rendezvous.is_over(0, 100)


def test_the_wait_counts_from_the_first_packet() -> None:
    rendezvous = Rendezvous(2)
    rendezvous.add(0, PACKET, first_ns=5, waited_ns=1000)
    rendezvous.add(0, PACKET, first_ns=6, waited_ns=1050)
    assert not rendezvous.is_over(1099, 100)
    assert rendezvous.is_over(1100, 100)


def test_it_holds_no_more_than_it_may() -> None:
    rendezvous = Rendezvous(2)
    half = replace(PACKET, data=np.zeros(MAX_BYTES // 2, np.uint8))
    rendezvous.add(0, half, first_ns=5, waited_ns=0)
    rendezvous.add(0, half, first_ns=5, waited_ns=0)
    assert not rendezvous.is_over(0, 100)
    rendezvous.add(0, PACKET, first_ns=6, waited_ns=0)
    assert rendezvous.is_over(0, 100)
