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

"""Synthetic stereo stream of a moving stripe, as evt3 packets or as a recording."""

from pathlib import Path

import numpy as np

from spike_depth_ros.events.evt3_encoder import Evt3Encoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.geometry.stereo_rig import CAMERAS, MVSEC_RIG
from spike_depth_ros.recordings.rosbag2_writer import RecordingWriter

WIDTH, HEIGHT = MVSEC_RIG.camera.width, MVSEC_RIG.camera.height
PACKET_US = 5_000
WINDOW_US = 50_000
EVENTS_PER_PACKET = 200
TOPICS = tuple(f'/{camera}/events' for camera in CAMERAS)
TRUTH_TOPIC = '/left/depth_image_rect/compressedDepth'
TRUE_DEPTH_M = 2.0


def packets(
    camera: int, duration_us: int, start_us: int = 1_000_000, stamp_ns: int = 0
) -> list[Packet]:
    """Return a camera's packets; stamp_ns: header stamp at sensor time 0."""
    random = np.random.default_rng(camera)
    encoder = Evt3Encoder()
    result = []
    for seq, time_us in enumerate(range(start_us, start_us + duration_us, PACKET_US)):
        t_us = np.sort(random.integers(time_us, time_us + PACKET_US, EVENTS_PER_PACKET))
        x = (t_us // 1000 + 10 * camera) % WIDTH
        y = random.integers(0, HEIGHT, EVENTS_PER_PACKET)
        polarity = random.integers(0, 2, EVENTS_PER_PACKET)
        data = encoder.encode(t_us, x, y, polarity, until_us=time_us + PACKET_US - 1)
        result.append(
            Packet(
                encoding='evt3',
                width=WIDTH,
                height=HEIGHT,
                seq=seq,
                stamp_ns=stamp_ns + time_us * 1000,
                time_base_ns=0,
                big_endian=False,
                data=np.frombuffer(data, np.uint8),
            )
        )
    return result


def write_recording(
    path: Path, duration_us: int, cameras: int = 2, stamp_ns: int = 0, truth: bool = True
) -> Path:
    """Write the stream as a rosbag2 folder: packets at their end, true depth at window ends.

    Header stamps are sensor time plus stamp_ns; log times are sensor time plus an hour.
    """
    log_ns = 3_600_000_000_000
    rows = [
        (packet.stamp_ns - stamp_ns + PACKET_US * 1000, camera, packet)
        for camera in range(cameras)
        for packet in packets(camera, duration_us, stamp_ns=stamp_ns)
    ]
    depth = np.full((HEIGHT, WIDTH), TRUE_DEPTH_M, np.float32)
    with RecordingWriter(path, about={'simulated': 'true'}) as writer:
        for time_ns, camera, packet in sorted(rows, key=lambda row: row[:2]):
            writer.write_packet(TOPICS[camera], log_ns + time_ns, packet, f'camera{camera}')
            if truth and camera == 0 and time_ns % (WINDOW_US * 1000) == 0:
                stamp = stamp_ns + time_ns
                writer.write_depth(TRUTH_TOPIC, log_ns + time_ns, stamp, depth, 'camera0')
    return path
