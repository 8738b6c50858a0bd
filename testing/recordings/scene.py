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

"""Scene that the files of all formats hold: a piece of the simulated demo recording."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.array_decoder import ArrayDecoder
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import DepthFrame, EventRecording
from spike_depth_ros.units import MS_NS, SECOND_NS, US_NS

DEMO = Path(__file__).resolve().parents[2] / 'demo' / 'recording'
WIDTH, HEIGHT = MVSEC_RIG.camera.width, MVSEC_RIG.camera.height
RATE_HZ = 2e6  # events a second of many_events
_MAX_RUN = 16  # events that a row sends at one time in many_events


@dataclass(frozen=True, eq=False)
class Scene:
    """Events of a rectified stereo camera and its true depth, simulated, on one clock.

    Attributes:
        left, right: int64 t_ns (whole microseconds of Unix time), uint16 x, y, uint8 polarity.
        depth: true depth of the left view, float32 [HEIGHT, WIDTH], metres, NaN unknown.
        rig: pinhole camera and baseline.
        start_ns, end_ns: half-open range of time, nanoseconds.
    """

    left: EventArrays
    right: EventArrays
    depth: tuple[DepthFrame, ...]
    rig: StereoRig
    start_ns: int
    end_ns: int

    @property
    def cameras(self) -> tuple[EventArrays, EventArrays]:
        """Return the events of the left and of the right camera."""
        return self.left, self.right


@cache
def scene(seconds: float = 1.0) -> Scene:
    """Return the first seconds of the demo recording; its arrays are read-only."""
    with open_recording(DEMO) as recording:
        packets: list[list[Packet]] = [[], []]
        start_ns = recording.start_ns - 10 * MS_NS  # a packet is logged at its end, after 10 ms
        end_ns = start_ns + round(seconds * SECOND_NS)
        for chunk in recording.events(recording.cameras, None, end_ns + 1):
            assert isinstance(chunk.events, Packet)
            packets[chunk.camera].append(chunk.events)
        left, right = (_decoded(of_camera) for of_camera in packets)
        depth = tuple(_depth(recording, end_ns))
    return Scene(left, right, depth, MVSEC_RIG, start_ns, end_ns)


def many_events(n: int, width: int, height: int, seed: int = 0, start_ns: int = 0) -> EventArrays:
    """Return n events at RATE_HZ in order of time, in runs of neighbouring pixels of one row.

    Args:
        n: number of events.
        width, height: size of the sensor, pixels.
        seed: another one gives other events.
        start_ns: time of the first event, nanoseconds.
    """
    rng = np.random.default_rng(seed)
    longest = min(_MAX_RUN, width)
    enough = 4 * n // (longest + 1) + 40  # twice the number of runs that n events have
    lengths = rng.integers(1, longest + 1, enough)
    ends = np.cumsum(lengths)
    runs = int(np.searchsorted(ends, n)) + 1
    lengths, ends = lengths[:runs], ends[:runs]
    within = np.arange(n) - np.repeat(ends - lengths, lengths)[:n]
    gaps_us = rng.exponential(lengths / RATE_HZ * SECOND_NS / US_NS)
    gaps_us[0] = 0.0
    t_ns = start_ns + np.cumsum(gaps_us).astype(np.int64) * US_NS
    columns = rng.integers(0, width - lengths + 1).astype(np.uint16)
    rows = rng.integers(0, height, runs, np.uint16)
    signs = rng.integers(0, 2, runs, np.uint8)
    t_ns, columns, rows, signs = (
        np.repeat(column, lengths)[:n] for column in (t_ns, columns, rows, signs)
    )
    return EventArrays(t_ns, columns + within.astype(np.uint16), rows, signs)


def _decoded(packets: list[Packet]) -> EventArrays:
    """Decode the packets of one camera on the clock of the header stamps.

    The two clocks differ by whole milliseconds; the first event comes microseconds after a stamp.
    """
    decoder = ArrayDecoder(packets[0].encoding, packets[0].width, packets[0].height)
    first_ns = decoder.decoder.parse(packets[0]).first_ns
    assert first_ns is not None
    blocks = [decoder.decode(packet) for packet in packets]
    t_ns, *columns = (np.concatenate(column) for column in zip(*blocks, strict=True))
    offset_ns = round((packets[0].stamp_ns - first_ns) / MS_NS) * MS_NS
    events = EventArrays(t_ns + offset_ns, *columns)
    for column in events:
        column.flags.writeable = False
    return events


def _depth(recording: EventRecording, end_ns: int) -> Iterator[DepthFrame]:
    for frame in recording.depth(recording.depth_streams[0], None, end_ns):
        depth = np.where(np.isfinite(frame.depth), frame.depth, np.nan).astype(np.float32)
        depth.flags.writeable = False
        yield DepthFrame(frame.t_ns, depth)
