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

"""The evt3 streams that the benchmarks count: recorded, simulated and synthetic."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from bench import loops
from spike_depth_ros.events import evt3_layout as evt3
from spike_depth_ros.events.evt3_encoder import Evt3Encoder
from spike_depth_ros.events.messages import read_packet
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.recordings.rosbag2 import Recording
from spike_depth_ros.training.simulator.light import LightRanges
from spike_depth_ros.training.simulator.scene import SceneRanges
from spike_depth_ros.training.simulator.sensor import SensorRanges
from spike_depth_ros.training.simulator.simulation import SimulationRanges, random_simulation
from spike_depth_ros.training.simulator.textures import texture_bank
from spike_depth_ros.training.simulator.trajectory import MotionRanges

WIDTH, HEIGHT = 1280, 720
RECORDING = Path(os.environ.get('SPIKE_DEPTH_DATA', '../shared/data')) / 'evt3_640x480'
CACHE = Path('runs/bench_stream.npz')
SEED = 5_000_000_000
# A whole number of evt3's TIME_HIGH, so the stream can loop.
LOOP_US = 24 * 4096
WINDOW_US = LOOP_US // 2
STEPS = 8
FAST_PACKET_US = 1024
# Drivers send packets of 1 to 10 ms. The recording is cut into packets that end anywhere in a
# window, and loops over as many whole TIME_HIGH as it has, 9.998 s.
DEMO = Path('demo/recording')
DEMO_TOPICS = ('/left/events', '/right/events')
DEMO_SIZE = (MVSEC_RIG.camera.width, MVSEC_RIG.camera.height)
DEMO_START_US = 10_000  # it starts at a multiple of this
DEMO_PACKET_US = 2048
DEMO_LOOP_US = 2441 * 4096
# A sensor reads row by row: events of some microseconds share a time.
READOUT_US = 10

FAST_TURN = SimulationRanges(
    scene=SceneRanges(far=(5.0, 7.0), things=(10, 10), thing_depth=(1.0, 5.0)),
    light=LightRanges(changing=0, flickering=0),
    sensor=SensorRanges(threshold=(0.35, 0.35)),
    motions={'drone': MotionRanges(1, speed_px=(60.0, 60.0), turn_rate=(1.0, 1.0))},
)
Columns = list[np.ndarray]


def recorded_stream() -> list[Packet]:
    """Return the packets of the real recording, 640 x 480; empty where it is absent."""
    if not RECORDING.is_dir():
        return []
    with Recording(RECORDING) as recording:
        messages = recording.messages(['/event_camera/events'])
        return [read_packet(message.cdr) for message in messages]


def simulated_events() -> Columns:
    """Return t_us, x, y, polarity of LOOP_US of a simulated fast turn, 1280 x 720.

    The simulation takes half a minute; its result is stored in runs/.
    """
    if not CACHE.exists():
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        np.savez(CACHE, events=np.stack(_simulate()))
    return list(np.load(CACHE)['events'])


def _simulate() -> Columns:
    generator = torch.Generator().manual_seed(SEED)
    rig = StereoRig(PinholeCamera(WIDTH, HEIGHT, 738.7, 640.0, 360.0), MVSEC_RIG.baseline_m)
    bank = texture_bank(32, generator)
    simulation = random_simulation(FAST_TURN, bank, STEPS, generator, rig)
    with torch.no_grad():
        parts = [simulation.window(n * WINDOW_US, WINDOW_US).left for n in range(2)]
    t_us, x, y, polarity = (np.concatenate(column) for column in zip(*parts, strict=True))
    t_us = t_us // READOUT_US * READOUT_US
    order = np.lexsort((x, polarity, y, t_us))
    return [column[order].astype(np.int64) for column in (t_us, x, y, polarity)]


def synthetic_events(windows: int = 10, edges: int = 15_000) -> Columns:
    """Return t_us, x, y, polarity of edges that cross many columns at once, 1280 x 720."""
    rng = np.random.default_rng(0)
    length, steps = 24, windows * 500
    t_us = np.sort(rng.integers(0, steps, edges * windows)) * 100
    y = rng.integers(0, HEIGHT, len(t_us))
    x = rng.integers(0, WIDTH - length, len(t_us))[:, None] + np.arange(length)
    polarity = rng.integers(0, 2, len(t_us))
    fired = rng.random(x.shape) < 0.6
    t_us, y, polarity = (
        np.broadcast_to(column[:, None], x.shape)[fired] for column in (t_us, y, polarity)
    )
    return [t_us, x[fired], y, polarity]


def demo_packets(camera: int) -> list[Packet]:
    """Return one loop of a camera of the simulated demo recording, 346 x 260."""
    with Recording(DEMO) as recording:
        messages = recording.messages([DEMO_TOPICS[camera]])
        data = [read_packet(message.cdr).data for message in messages]
    events = loops.decode_with_times(np.concatenate(data).view(np.uint16))
    t_us = np.unwrap(events[0], period=1 << evt3.TIME_BITS)
    t_us -= t_us[0] // DEMO_START_US * DEMO_START_US
    in_loop = t_us < DEMO_LOOP_US
    columns = [column[in_loop].astype(np.int64) for column in (t_us, *events[1:])]
    return packets(columns, DEMO_PACKET_US, DEMO_SIZE)


def packets(
    events: Columns, packet_us: int, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> list[Packet]:
    """Encode events as evt3 packets of some length; each ends with its last time."""
    encoder, result = Evt3Encoder(), []
    edges = np.arange(0, events[0][-1] + packet_us, packet_us)
    places = np.searchsorted(events[0], edges)
    for seq, (start, stop) in enumerate(pairwise(places)):
        data = encoder.encode(*(column[start:stop] for column in events), int(edges[seq + 1]))
        words = np.frombuffer(data, np.uint8)
        stamp_ns = int(edges[seq]) * 1000
        result.append(Packet('evt3', *size, seq, stamp_ns, 0, False, words))
    return result
