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

"""Two cameras that send a packet with one event every 10 ms, pushed side by side."""

from dataclasses import replace

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.units import MS_NS
from testing.cameras import HEIGHT, WIDTH, Camera

STEP_US = 10_000
STEP_NS = STEP_US * 1000
HOUR_NS = 3_600 * 1_000 * MS_NS


def stereo(sync: str = 'auto') -> Binner:
    return Binner(2, 50 * MS_NS, 50 * MS_NS, 100 * MS_NS, WIDTH, HEIGHT, sync=sync)


def steady(
    camera: Camera, start_us: int, stamp_shift_ns: int = 0, steps: int = 30
) -> list[Packet]:
    """Return packets of 10 ms with one event each; stamp_shift_ns: error of the stamps."""
    packets = [camera.send([(start_us + n * STEP_US, 1, 1, 1)]) for n in range(steps)]
    return [replace(p, stamp_ns=p.stamp_ns + stamp_shift_ns) for p in packets]


def push(
    binner: Binner, left: list[Packet], right: list[Packet], start_ns: int = 0, lag: int = 0
) -> list[SpikeFrame]:
    """Push two streams side by side while the time passes.

    lag: number of packets by which the right camera's are late; below 0, the left camera's.
    """
    frames = []
    streams = [(0, left, 0), (1, right, lag)] if lag >= 0 else [(1, right, 0), (0, left, -lag)]
    for step in range(max(len(left), len(right)) + abs(lag)):
        for camera, stream, late in streams:
            if 0 <= step - late < len(stream):
                frames += binner.push(camera, stream[step - late], start_ns + step * STEP_NS)
    return frames


def assert_whole(frames: list[SpikeFrame], windows: int) -> None:
    """Check the number of windows that have all five events of each camera."""
    assert [frame.counts[1, 1].tolist() for frame in frames] == [[5, 0, 5, 0]] * windows
