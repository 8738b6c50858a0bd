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

"""Binner: windows by hand, waiting, faulty packets and settings."""

from dataclasses import replace

import numpy as np
import pytest

from spike_depth_ros.events import encodings
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.spike_frame import LEFT, RIGHT
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.units import MS_NS, SECOND_NS
from testing.cameras import HEIGHT, OFFSET_NS, WIDTH, Camera, Event


def stereo(hop_ms: int = 50) -> Binner:
    return Binner(2, 50 * MS_NS, hop_ms * MS_NS, 100 * MS_NS, WIDTH, HEIGHT)


def mono(hop_ms: int = 50) -> Binner:
    return Binner(1, 50 * MS_NS, hop_ms * MS_NS, 100 * MS_NS, WIDTH, HEIGHT)


def event(t_ms: float, x: int = 1, y: int = 2, polarity: int = 1) -> Event:
    return round(t_ms * 1000), x, y, polarity


def ends_ms(frames: list[SpikeFrame]) -> list[float]:
    return [frame.end_ns / MS_NS for frame in frames]


@pytest.mark.parametrize('encoding', encodings.names())
def test_an_event_at_the_end_of_a_window_belongs_to_the_next(encoding: str) -> None:
    camera = Camera(encoding)
    sent = [event(10, x=1), event(49.999, x=2, polarity=0), event(50, x=3)]
    frames = mono().push(0, camera.send(sent), 0)
    assert ends_ms(frames) == [50]
    counts = frames[0].counts
    assert counts.shape == (HEIGHT, WIDTH, 2)
    assert counts.sum() == counts[2, 1, 0] + counts[2, 2, 1] == 2
    assert frames[0].stamp_ns == 50 * MS_NS + OFFSET_NS


@pytest.mark.parametrize('encoding', encodings.names())
def test_a_packet_of_time_alone_closes_windows(encoding: str) -> None:
    camera, binner = Camera(encoding), mono()
    assert binner.push(0, camera.send([event(10)]), 0) == []
    assert ends_ms(binner.push(0, camera.send([], until_us=50_000), 0)) == [50]


def test_channels_are_left_on_left_off_right_on_right_off() -> None:
    left, right, binner = Camera('evt3'), Camera('mono'), stereo()
    binner.push(0, left.send([event(1), event(2, polarity=0), event(3, polarity=0)], 50_000), 0)
    sent = [event(1)] * 3 + [event(2, polarity=0)] * 4 + [event(50)]
    (frame,) = binner.push(1, right.send(sent), 0)
    assert frame.counts[2, 1].tolist() == [1, 2, 3, 4]


def test_overlapping_windows_share_their_slots() -> None:
    camera, binner = Camera('evt3'), mono(hop_ms=10)
    frames = binner.push(0, camera.send([event(5), event(25), event(25)], 100_000), 0)
    assert ends_ms(frames) == [10, 20, 30, 40, 50, 60, 70]
    assert [frame.counts.sum() for frame in frames] == [1, 1, 3, 3, 3, 2, 2]
    assert binner.counters.windows_empty == 3


def test_windows_without_events_are_given_if_asked_for_the_last_of_several() -> None:
    left, right = Camera('evt3'), Camera('evt3')
    size = WIDTH, HEIGHT
    binner = Binner(2, 50 * MS_NS, 50 * MS_NS, 100 * MS_NS, *size, gives_empty=True)
    frames = []
    for end_ms in (60, 110, 160, 410, 460):
        sent = [event(10)] if end_ms == 60 else [event(420)] if end_ms == 460 else []
        for number, camera in enumerate((left, right)):
            frames += binner.push(number, camera.send(sent, end_ms * 1000), 0)
    assert ends_ms(frames) == [50, 100, 150, 400, 450]
    assert [int(frame.counts.sum()) for frame in frames] == [2, 0, 0, 0, 2]
    assert frames[1].stamp_ns == 100 * MS_NS + OFFSET_NS
    assert (binner.counters.windows_closed, binner.counters.windows_empty) == (9, 7)
    assert binner.counters.windows_incomplete == 0


def test_a_window_that_a_camera_has_not_passed_is_not_given_empty() -> None:
    """A camera that sends nothing may be one that is broken."""
    left, right = Camera('evt3'), Camera('evt3')
    size = WIDTH, HEIGHT
    binner = Binner(2, 50 * MS_NS, 50 * MS_NS, 100 * MS_NS, *size, gives_empty=True)
    binner.push(0, left.send([event(10)], 60_000), 0)
    assert ends_ms(binner.push(1, right.send([event(10)], 60_000), 0)) == [50]
    binner.push(0, left.send([], 210_000), 0)
    assert [frame for ms in (50, 100, 150) for frame in binner.poll(ms * MS_NS)] == []
    assert binner.counters.windows_empty == 3


def test_a_small_sensor_is_mapped_to_the_frame() -> None:
    camera, binner = Camera('mono'), Binner(1, MS_NS, MS_NS, 0, WIDTH * 2, HEIGHT * 4)
    assert binner.mapped is None
    (frame,) = binner.push(0, camera.send([event(0.5, x=0, y=0), event(1)]), 0)
    assert np.argwhere(frame.counts).tolist() == [[9, 1, 0]]
    assert binner.mapped is not None
    assert binner.mapped.sum() == WIDTH * HEIGHT * 4


def test_a_silent_camera_is_waited_for_and_then_left_out() -> None:
    left, binner = Camera('evt3'), stereo()
    assert binner.push(0, left.send([event(10)], 60_000), now_ns=0) == []
    assert binner.poll(50 * MS_NS) == []
    assert binner.poll(99 * MS_NS) == []
    assert ends_ms(binner.poll(100 * MS_NS)) == [50]
    assert binner.counters.windows_incomplete == 1


def test_half_a_window_of_a_camera_is_left_out() -> None:
    left, right, binner = Camera('evt3'), Camera('evt3'), stereo()
    binner.push(1, right.send([event(10)], 20_000), now_ns=0)  # and no more
    binner.push(0, left.send([event(10)], 60_000), now_ns=0)
    frames = [frame for ms in (50, 100) for frame in binner.poll(ms * MS_NS)]
    assert ends_ms(frames) == [50]
    assert frames[0].counts[..., LEFT].sum() == 1 and not frames[0].counts[..., RIGHT].any()
    assert binner.counters.windows_incomplete == 1


def test_a_wait_starts_when_the_leading_packet_came_also_at_the_start() -> None:
    left, right, binner = Camera('mono'), Camera('mono'), stereo()
    binner.push(1, right.send([event(10)]), now_ns=0)
    binner.poll(45 * MS_NS)
    assert binner.push(0, left.send([event(60)]), now_ns=90 * MS_NS) == []
    assert binner.poll(130 * MS_NS) == []
    (frame,) = binner.push(1, right.send([event(30), event(60)]), now_ns=180 * MS_NS)
    assert frame.counts[2, 1].tolist() == [0, 0, 2, 0]
    assert binner.counters.windows_incomplete == 0


def test_a_pause_of_the_process_does_not_count_as_silence() -> None:
    left, right, binner = Camera('evt3'), Camera('evt3'), stereo()
    binner.push(0, left.send([event(10)], 60_000), now_ns=0)
    assert binner.poll(10 * SECOND_NS) == []
    assert ends_ms(binner.push(1, right.send([event(10)], 60_000), 10 * SECOND_NS)) == [50]
    assert binner.counters.windows_incomplete == 0


def test_events_after_their_window_are_late_and_counted() -> None:
    left, right, binner = Camera('evt3'), Camera('evt3'), stereo()
    binner.push(0, left.send([event(10)], 60_000), now_ns=0)
    for step in range(1, 4):
        binner.poll(step * 50 * MS_NS)
    sent = [event(20), event(30), event(60)]
    assert binner.push(1, right.send(sent), 150 * MS_NS) == []
    assert binner.counters.cameras[1].events_late == 2
    frames = binner.push(0, left.send([], until_us=100_000), 150 * MS_NS)
    frames += binner.push(1, right.send([], until_us=100_000), 150 * MS_NS)
    assert [frame.counts.sum() for frame in frames] == [1]


def test_the_wait_can_change_while_running() -> None:
    binner = stereo()
    binner.set_max_wait(0)
    assert ends_ms(binner.push(0, Camera('mono').send([event(1), event(60)]), 0)) == [50]
    with pytest.raises(ValueError, match='max_wait_ns=-1'):
        binner.set_max_wait(-1)


def test_a_full_ring_closes_windows_without_waiting() -> None:
    left, binner = Camera('evt3'), stereo()
    frames = binner.push(0, left.send([event(1)]), now_ns=0)
    frames += binner.poll(50 * MS_NS) + binner.poll(100 * MS_NS)  # the right one does not join
    for step in range(1, 60):
        frames += binner.push(0, left.send([event(step * 50 + 1)]), now_ns=100 * MS_NS)
    # 1 s + 100 ms + 50 ms are 23 slots.
    assert ends_ms(frames) == [50 * (step + 1) for step in range(60 - 23)]
    assert binner.counters.windows_incomplete == len(frames)


def test_a_camera_that_starts_earlier_may_join_later() -> None:
    left, right, binner = Camera('mono'), Camera('mono'), stereo()
    assert binner.push(0, left.send([event(120), event(160)]), 0) == []
    frames = binner.push(1, right.send([event(10), event(160)]), 0)
    assert ends_ms(frames) == [50, 150]
    assert binner.counters.windows_empty == 1


def test_a_camera_that_starts_before_the_ring_is_late() -> None:
    left, right, binner = Camera('mono'), Camera('mono'), stereo()
    assert binner.push(0, left.send([event(24 * 50), event(40 * 50)]), 0) == []
    # Slots 1 and 24 would share a place among 23; 18 is the first that fits beside slot 40.
    sent = [event(1 * 50), event(18 * 50), event(24 * 50), event(40 * 50)]
    frames = binner.push(1, right.send(sent), 0)
    assert ends_ms(frames) == [19 * 50, 25 * 50]
    assert [frame.counts.sum() for frame in frames] == [1, 2]
    assert binner.counters.cameras[1].events_late == 1


def test_a_long_silence_costs_nothing() -> None:
    camera, binner = Camera('evt3'), mono()
    frames = binner.push(0, camera.send([event(10)]), 0)
    for now_ns in range(0, 3_600 * SECOND_NS, 50 * MS_NS):
        frames += binner.poll(now_ns)
    later = camera.send([event(3_600_010), event(3_600_060)])
    frames += binner.push(0, later, 3_600 * SECOND_NS)
    assert ends_ms(frames) == [50, 3_600_050]
    assert binner.counters.windows_closed == 3_600_050 // 50
    assert binner.counters.resets == 0


def packet(**fields: object) -> Packet:
    return replace(Camera('mono').send([event(1), event(2)]), **fields)


@pytest.mark.parametrize(
    ('bad', 'counter', 'sentence'),
    [
        (packet(seq=1, encoding='trigger'), 'packets_unknown_encoding', "'trigger' is unknown"),
        (packet(seq=1, width=WIDTH + 1), 'packets_wrong_form', f'{WIDTH + 1} x {HEIGHT} differs'),
        (packet(seq=1, encoding='evt3'), 'packets_wrong_form', 'evt3 of'),
        (packet(seq=1, stamp_ns=-1), 'packets_wrong_time', 'header stamp -1 ns'),
        (packet(seq=1, time_base_ns=2**64 - 1), 'packets_wrong_time', 'sensor time'),
        (packet(seq=1, time_base_ns=-1), 'packets_wrong_time', 'time base -1 ns'),
        (packet(seq=0), 'packets_out_of_order', 'seq 0 arrived after a later packet'),
        (packet(seq=0, stamp_ns=OFFSET_NS), 'packets_out_of_order', 'after a later packet'),
    ],
)
def test_a_bad_packet_is_dropped_and_counted(bad: Packet, counter: str, sentence: str) -> None:
    binner = mono()
    binner.push(0, packet(), 0)
    assert binner.push(0, bad, 0) == []
    assert getattr(binner.counters.cameras[0], counter) == 1
    assert sentence in ''.join(binner.problems)
    camera = Camera('mono')
    camera.seq = 2
    assert ends_ms(binner.push(0, camera.send([event(60)]), 0)) == [50]
    assert binner.counters.cameras[0].events == 3
    assert binner.counters.resets == 0


def test_the_first_packet_must_have_a_possible_size() -> None:
    for width, height in ((0, 1), (1, 0), (2049, 1), (1, 2**32 - 1)):
        binner = mono()
        binner.push(0, packet(width=width, height=height), 0)
        assert binner.counters.cameras[0].packets_wrong_form == 1


def test_a_packet_beyond_any_size_is_dropped() -> None:
    binner = mono()
    binner.push(0, packet(data=np.zeros(2**24 + 8, np.uint8)), 0)
    assert binner.counters.cameras[0].packets_wrong_form == 1


def test_a_restarted_camera_may_have_another_size() -> None:
    binner = mono()
    binner.push(0, packet(seq=5), 0)
    camera = Camera('mono')
    sent = [event(1), event(60)]
    assert len(binner.push(0, replace(camera.send(sent), width=WIDTH + 1), 0)) == 1
    assert (binner.counters.resets, binner.counters.cameras[0].packets_wrong_form) == (1, 0)


def test_a_truncated_packet_is_read_to_its_last_whole_word() -> None:
    binner = mono()
    whole = packet()
    binner.push(0, replace(whole, data=whole.data[:-3]), 0)
    counters = binner.counters.cameras[0]
    assert (counters.packets_truncated, counters.events) == (1, 1)


def test_lost_packets_are_counted_and_their_state_forgotten() -> None:
    camera, binner = Camera('evt3'), mono()
    binner.push(0, camera.send([event(1)]), 0)
    camera.seq += 3
    addressed_only = replace(camera.send([event(2)]), data=np.array([0x2001], '<u2').view('u1'))
    binner.push(0, addressed_only, 0)
    counters = binner.counters.cameras[0]
    assert (counters.packets_lost, counters.events_stale, counters.events) == (3, 1, 2)
    assert [frame.counts.sum() for frame in binner.push(0, camera.send([event(60)]), 0)] == [1]


def test_problems_are_bounded() -> None:
    binner = mono()
    for _ in range(100):
        binner.push(0, packet(encoding='none'), 0)
    assert len(binner.problems) == 8


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        ((3, 50, 50, 0, 1, 1), 'cameras=3'),
        ((1, 50 * MS_NS, 60 * MS_NS, 0, 1, 1), 'hop_ms=60 must be at most window_ms=50'),
        ((1, 0, MS_NS, 0, 1, 1), 'at most window_ms=0'),
        ((1, MS_NS, MS_NS - 1, 0, 1, 1), 'hop_ns=999999 must be at least'),
        ((1, SECOND_NS, SECOND_NS, -1, 1, 1), 'max_wait_ns=-1'),
        ((1, SECOND_NS, SECOND_NS, 0, 0, 1), 'width=0'),
        (
            (2, 50 * MS_NS, MS_NS, 100 * MS_NS, 640, 480),
            '1150 slots of 480 x 640 x 4 counts take 1348 MiB, over 1024; lower .* hop_ms',
        ),
    ],
)
def test_numbers_that_make_no_binner_are_refused(arguments: tuple, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Binner(*arguments)
