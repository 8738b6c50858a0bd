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

"""Recording of a simulation: a rosbag2 folder with the topics of two drivers."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from spike_depth_ros.events.evt3_encoder import Evt3Encoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.outputs import check_output_folder, whole_folder
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.rosbag2_writer import RecordingWriter
from spike_depth_ros.training.simulator.sensor import Events
from spike_depth_ros.training.simulator.simulation import Simulation

WINDOW_US = 50_000
PACKET_US = 10_000
START_US = 10_000_000  # the 24-bit clock of evt3 then wraps after 6.8 s
EPOCH_NS = 1_767_225_600 * 10**9  # 2026-01-01: header stamp = EPOCH_NS + sensor time
DEPTH_TOPIC = '/left/depth_image_rect/compressedDepth'


class CameraTrack:
    """Event packets of one camera in a recording."""

    def __init__(self, side: str, width: int, height: int) -> None:
        self.topic, self.frame_id = f'/{side}/events', f'{side}_camera'
        self.width, self.height = width, height
        self.encoder, self.packets = Evt3Encoder(), 0

    def write(self, writer: RecordingWriter, events: Events, start_us: int) -> None:
        """Write the events of [start_us, start_us + PACKET_US) as a packet, logged at its end."""
        end_us = start_us + PACKET_US
        packet = Packet(
            encoding='evt3',
            width=self.width,
            height=self.height,
            seq=self.packets,
            stamp_ns=EPOCH_NS + 1000 * start_us,
            time_base_ns=0,
            big_endian=False,
            data=np.frombuffer(self.encoder.encode(*events, until_us=end_us), np.uint8),
        )
        writer.write_packet(self.topic, EPOCH_NS + 1000 * end_us, packet, self.frame_id)
        self.packets += 1


def part(events: Events, start_us: int, end_us: int) -> Events:
    """Return the events of [start_us, end_us)."""
    first, last = np.searchsorted(events.t_us, [start_us, end_us])
    within = slice(first, last)
    return Events(events.t_us[within], events.x[within], events.y[within], events.polarity[within])


def check_new(folder: Path) -> None:
    """Check that a recording can be written to a folder. Raises RecordingError, OutputError."""
    if folder.exists():
        raise RecordingError(f"The folder '{folder}' exists: remove it, or write to another.")
    if any(sign in str(folder.absolute()) for sign in '#?%'):
        # rosbags opens sqlite files by an address.
        raise RecordingError(f"The folder '{folder}' has #, ? or % in its path: use another.")
    check_output_folder(folder)


def write_recording(folder: Path, simulation: Simulation, seconds: float, about: str) -> None:
    """Write evt3 packets of both cameras, and true depth every 50 ms.

    The folder appears when the recording is complete. Raises OutputError when the disk is full.

    Args:
        folder: rosbag2 folder, new.
        simulation: scene and rig.
        seconds: length of the recording, s.
        about: description for the recording's metadata, one sentence.
    """
    facts = {'simulated': 'true', 'origin': about}
    windows = range(START_US, START_US + round(seconds * 1e6), WINDOW_US)
    progress = tqdm(windows, desc=f'simulating {folder}', unit='window')
    with whole_folder(folder) as unfinished, RecordingWriter(unfinished, facts) as writer:
        _write(writer, simulation, progress)


@torch.no_grad()
def _write(writer: RecordingWriter, simulation: Simulation, starts_us: Iterable[int]) -> None:
    """Write windows of WINDOW_US that start at the given times."""
    width, height = simulation.rig.camera.width, simulation.rig.camera.height
    tracks = [CameraTrack(side, width, height) for side in CAMERAS]
    for start_us in starts_us:
        window = simulation.window(start_us, WINDOW_US)
        for packet_us in range(start_us, start_us + WINDOW_US, PACKET_US):
            for track, events in zip(tracks, window[:2], strict=True):
                piece = part(events, packet_us, packet_us + PACKET_US)
                track.write(writer, piece, packet_us)
        end_ns = EPOCH_NS + 1000 * (start_us + WINDOW_US)
        depth = window.depth.cpu().numpy()
        writer.write_depth(DEPTH_TOPIC, end_ns, end_ns, depth, tracks[0].frame_id)
