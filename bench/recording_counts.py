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

"""Recording of packets to a mapped spike frame: reading, decoding and counting in one pass."""

from pathlib import Path

import numpy as np

from spike_depth_ros.events.encodings import new_decoder
from spike_depth_ros.events.event_counts import EVENTS, new_event_counts
from spike_depth_ros.events.histogram import EventSink
from spike_depth_ros.events.lookup import new_lookup
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA as CHANNELS
from spike_depth_ros.geometry.pixel_table import resize_table
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.recordings.open import open_recording

FOREVER_NS = 1 << 61


def count_recording(path: Path) -> int:
    """Count the events of a recording's first camera into a frame of MVSEC's size.

    Returns the number of events; the recording must have packets.
    """
    width, height = MVSEC_RIG.camera.width, MVSEC_RIG.camera.height
    counts = new_event_counts()
    with open_recording(path) as recording:
        camera = recording.cameras[0]
        index = resize_table(camera.width, camera.height, width, height).index
        frame = np.zeros(width * height * CHANNELS, np.uint8)
        sink = EventSink(new_lookup(index, 0, CHANNELS), None, frame, counts)
        decoder = new_decoder(camera.encoding)
        for chunk in recording.events([camera]):
            assert isinstance(chunk.events, Packet)
            words, position = decoder.parse(chunk.events), 0
            while position < len(words.words):
                position = decoder.consume(words, position, FOREVER_NS, sink)
    return int(counts[EVENTS])
