"""The binner's clocks: wraps, restarts, loops and jumps are each one reset at most."""

from dataclasses import replace

import numpy as np
import pytest
from streams import HEIGHT, MS_NS, WIDTH, Camera

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.windows import SpikeFrame

WRAP_US = 2**24
HOUR_NS = 3_600 * 1_000 * MS_NS
STEP_US = 10_000


def stereo() -> Binner:
    return Binner(2, 50 * MS_NS, 50 * MS_NS, 100 * MS_NS, WIDTH, HEIGHT)


def minute(
    camera: Camera, start_us: int, stamp_shift_ns: int = 0, steps: int = 30
) -> list[Packet]:
    """Return packets of 10 ms with one event each."""
    packets = [camera.send([(start_us + n * STEP_US, 1, 1, 1)]) for n in range(steps)]
    return [replace(p, stamp_ns=p.stamp_ns + stamp_shift_ns) for p in packets]


def push(binner: Binner, left: list[Packet], right: list[Packet]) -> list[SpikeFrame]:
    """Push two streams side by side while the time passes."""
    frames = []
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        now_ns = number * STEP_US * 1000
        frames += binner.push(0, one, now_ns) + binner.push(1, other, now_ns)
    return frames


def assert_whole(frames: list[SpikeFrame], windows: int) -> None:
    """Check that so many windows have all five events of each camera."""
    assert [frame.counts[1, 1].tolist() for frame in frames] == [[5, 0, 5, 0]] * windows


def test_evt3_goes_on_over_its_wrap() -> None:
    start = WRAP_US - 100_000
    start -= start % 50_000
    binner = stereo()
    frames = push(binner, minute(Camera('evt3'), start), minute(Camera('evt3'), start))
    assert_whole(frames, 5)
    assert binner.counters.resets == 0


def test_cameras_that_join_at_different_wraps_come_together() -> None:
    # The left camera has been on for three wraps when the right one joins.
    binner = stereo()
    left, right = Camera('evt3'), Camera('evt3')
    early = minute(left, 0)
    late_start = 3 * WRAP_US + 50_000 - 3 * WRAP_US % 50_000
    for packet in early:
        binner.push(0, packet, 0)
    later = [left.send([], until_us=n * 5_000_000) for n in range(1, 11)]
    for packet in later:
        binner.push(0, packet, 0)
    frames = push(binner, minute(left, late_start), minute(right, late_start))
    assert_whole([frame for frame in frames if frame.counts[..., 2:].any()], 5)
    assert binner.counters.resets == 0


@pytest.mark.parametrize('wraps', [1, 2, 40])
def test_a_camera_that_was_silent_for_wraps_keeps_its_time(wraps: int) -> None:
    binner = stereo()
    cameras = [Camera('evt3'), Camera('evt3')]
    push(binner, *[minute(camera, 0) for camera in cameras])
    start = wraps * WRAP_US + 500_000
    start -= start % 50_000
    # A driver's words say nothing of the wraps in between: encode anew, with seq going on.
    fresh = [Camera('evt3'), Camera('evt3')]
    for camera in fresh:
        camera.seq = 30
    frames = push(binner, *[minute(camera, start) for camera in fresh])
    assert_whole(frames[-5:], 5)
    assert frames[-1].end_ns == (start + 250_000) * 1000
    assert binner.counters.resets == 0


def test_a_driver_that_restarts_is_one_reset() -> None:
    binner = stereo()
    left, right = Camera('mono'), Camera('mono')
    push(binner, minute(left, 0), minute(right, 0))
    restarted = minute(Camera('mono'), 300_000)
    frames = push(binner, restarted, minute(right, 300_000))
    assert_whole(frames, 5)
    assert binner.counters.resets == 1


@pytest.mark.parametrize('encoding', ['evt3', 'mono', 'libcaer'])
def test_a_recording_that_loops_is_one_reset(encoding: str) -> None:
    binner = stereo()
    start = 10_000_000
    streams = [minute(Camera(encoding), start, steps=400) for _ in range(2)]
    assert_whole(push(binner, *streams), 79)
    # The right camera's last packets come after the left camera's first of the next round.
    late = [replace(packet, seq=packet.seq + 400) for packet in streams[1][-3:]]
    left, right = streams
    frames = []
    for packet in left[:3]:
        frames += binner.push(0, packet, 0)
    for packet in late:
        frames += binner.push(1, packet, 0)
    for packet in right[:3]:
        frames += binner.push(1, packet, 0)
    assert frames == []
    assert_whole(push(binner, left[3:], right[3:]), 79)
    assert binner.counters.resets == 1
    assert binner.counters.cameras[1].packets_stale == 3
    assert binner.counters.windows_discarded == 1


@pytest.mark.parametrize('encoding', ['evt3', 'mono', 'libcaer'])
@pytest.mark.parametrize('jump_ns', [-HOUR_NS, HOUR_NS])
@pytest.mark.parametrize('who', ['sensor', 'stamp'])
def test_a_jump_of_an_hour_is_one_reset(encoding: str, jump_ns: int, who: str) -> None:
    binner = stereo()
    start = 2 * HOUR_NS // 1000
    cameras = [Camera(encoding), Camera(encoding)]
    push(binner, *[minute(camera, start, HOUR_NS) for camera in cameras])
    jump_us = jump_ns // 1000 if who == 'sensor' else 0
    fresh = [Camera(encoding), Camera(encoding)]
    for camera in fresh:
        camera.seq = 30
    # The sensor's jump alone leaves the header stamps where they were, and the other way round.
    shift_ns = HOUR_NS - jump_ns if who == 'sensor' else HOUR_NS + jump_ns
    streams = [minute(camera, start + 300_000 + jump_us, shift_ns) for camera in fresh]
    frames = push(binner, *streams)
    assert_whole(frames[-5:], 5)
    assert binner.counters.resets == 1


@pytest.mark.parametrize('encoding', ['evt3', 'mono', 'libcaer'])
def test_packets_overtaken_by_others_are_dropped(encoding: str) -> None:
    binner = stereo()
    left, right = minute(Camera(encoding), 0), minute(Camera(encoding), 0)
    left[3], left[4] = left[4], left[3]
    frames = push(binner, left, right)
    counters = binner.counters.cameras[0]
    assert (counters.packets_out_of_order, counters.packets_lost) == (1, 1)
    assert [frame.counts[1, 1, 0] for frame in frames] == [4, 5, 5, 5, 5]
    assert binner.counters.resets == 0


@pytest.mark.parametrize('encoding', ['mono', 'libcaer'])
@pytest.mark.parametrize('size', [5, 0])
def test_a_packet_without_a_whole_event_does_not_turn_time_back(encoding: str, size: int) -> None:
    # A driver's time base may lie far back: libcaer's counts whole 2^31 us, 35 minutes.
    binner = stereo()
    left, right = (minute(Camera(encoding), 10_000_000) for _ in range(2))
    torn = left.pop(7)
    left.insert(7, replace(torn, data=torn.data[:size], time_base_ns=0))
    frames = push(binner, left, right)
    assert [frame.counts[1, 1].tolist() for frame in frames[:2]] == [[5, 0, 5, 0], [4, 0, 5, 0]]
    assert_whole(frames[2:], 3)
    assert binner.counters.resets == 0


@pytest.mark.parametrize('apart_us', [-5_000_000, 5_000_000])
@pytest.mark.parametrize('number', [0, 7])
def test_an_invalid_first_event_tells_no_time(apart_us: int, number: int) -> None:
    binner = stereo()
    left, right = (minute(Camera('libcaer'), 10_000_000) for _ in range(2))
    invalid = np.array([0, 10_000_000 + number * STEP_US + apart_us], '<u4').view(np.uint8)
    spoilt = left[number]
    left[number] = replace(spoilt, data=np.concatenate([invalid, spoilt.data]))
    assert_whole(push(binner, left, right), 5)
    assert binner.counters.resets == 0
    assert binner.counters.cameras[0].words_unknown == 1


def test_reset_forgets_the_open_windows() -> None:
    binner = stereo()
    left, right = minute(Camera('mono'), 0), minute(Camera('mono'), 0)
    push(binner, left[:3], right[:3])
    binner.reset()
    assert binner.counters.windows_discarded == 1
    frames = push(binner, left[5:], right[5:])
    assert_whole(frames, 4)


def test_clocks_that_have_nothing_to_do_with_each_other_are_told() -> None:
    binner = stereo()
    push(binner, minute(Camera('mono'), 0), minute(Camera('mono'), 10**9, -(10**12)))
    assert any('off the other camera' in problem for problem in binner.problems)
