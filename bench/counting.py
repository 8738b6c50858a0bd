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

"""Rate of counting evt3 in one pass, compared with other methods on the same bytes.

The work is evt3 words to a spike frame of 346 x 260 through a pixel table. "arrays, then numpy"
decodes to arrays, compiled as well, and counts with numpy; the peers of PyPI decode, numpy maps
and counts. "plain loop, unmapped" is a numba loop that counts into the sensor's own pixels: it
does less. Frames are compared before they are timed.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import loops, peers, streams
from bench.timing import medians
from spike_depth_ros.events.decoder import PacketWords
from spike_depth_ros.events.event_counts import new_event_counts
from spike_depth_ros.events.evt3 import Evt3Decoder
from spike_depth_ros.events.histogram import EventSink
from spike_depth_ros.events.lookup import Lookup, new_lookup
from spike_depth_ros.events.noise import NoiseFilter, NoiseSettings, NoiseState
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA as CHANNELS
from spike_depth_ros.frames.spike_frame import OFF
from spike_depth_ros.geometry.pixel_table import resize_table
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG

WIDTH, HEIGHT = MVSEC_RIG.camera.width, MVSEC_RIG.camera.height
PLACES = WIDTH * HEIGHT * CHANNELS
WINDOW_NS = 50_000_000
FOREVER_NS = 1 << 61
REFERENCE = 'arrays, then numpy'
NOISE = NoiseSettings(hot_pixel_hz=1000.0, refractory_ns=1_000_000, support_ns=10_000_000)
PACKET_US = 1024

Words = npt.NDArray[np.uint16]


def run() -> list[dict[str, Any]]:
    """Return rows: name, value, unit, and ratio to the reference on the same stream."""
    Binner.warm_up()
    named = {
        'recording 640x480': streams.recorded_stream(),
        'simulated 1280x720': streams.packets(streams.simulated_events(), PACKET_US),
        'dense rows 1280x720 (synthetic)': streams.packets(streams.synthetic_events(), PACKET_US),
    }
    return [row for name, packets in named.items() if packets for row in _compare(name, packets)]


def _compare(name: str, packets: list[Packet]) -> list[dict[str, Any]]:
    words = np.concatenate([packet.data for packet in packets]).view(np.uint16)
    words.flags.writeable = False
    width, height = packets[0].width, packets[0].height
    index = resize_table(width, height, WIDTH, HEIGHT).index
    lookup, off_places = new_lookup(index, 0, CHANNELS), CHANNELS * index + OFF
    noise = NoiseFilter(width, height, NOISE).state
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'stream.raw'
        peers.write_raw(packets, path)
        ways: dict[str, Callable[[], Any]] = {
            'one pass': partial(_one_pass, words, lookup, None),
            REFERENCE: partial(_arrays_and_numpy, words, off_places),
            **{
                f'{peer}, then numpy': partial(peers.count, path, decode, off_places, PLACES)
                for peer, decode in peers.installed().items()
            },
        }
        ways, refused = _same_frames(name, ways)
        ways['plain loop, unmapped'] = partial(loops.count_unmapped, words, width, height)
        ways['one pass, all noise filters'] = partial(_one_pass, words, lookup, noise)
        ways['binner, packet by packet'] = partial(_push, packets)
        for way in ways.values():
            way()
        seconds = medians(ways)
    events = int(loops.count_unmapped(words, width, height))
    return [
        {
            'name': f'evt3 {name}: {way}',
            'value': round(events / spent / 1e6, 1),
            'unit': 'Mev/s',
            'ratio': round(seconds[REFERENCE] / spent, 2),
        }
        for way, spent in seconds.items()
    ] + [
        {'name': f'evt3 {name}: {way}', 'value': 'refused', 'unit': reason}
        for way, reason in refused.items()
    ]


def _same_frames(
    name: str, ways: dict[str, Callable[[], Any]]
) -> tuple[dict[str, Callable[[], Any]], dict[str, str]]:
    """Return the methods that read the stream, and the errors of those that did not.

    Raises RuntimeError if their frames differ.
    """
    able, refused, frames = {}, {}, {}
    for way, count in ways.items():
        try:
            frames[way] = count()
        except ValueError as error:
            refused[way] = str(error)
            continue
        able[way] = count
        if not np.array_equal(frames[way], frames['one pass']):
            raise RuntimeError(f"{name}: '{way}' counts differently")
    return able, refused


def _one_pass(words: Words, lookup: Lookup, noise: NoiseState | None) -> peers.Histogram:
    frame = np.zeros(PLACES, np.uint8)
    sink = EventSink(lookup, noise, frame, new_event_counts())
    Evt3Decoder().consume(PacketWords(words, first_ns=None), 0, FOREVER_NS, sink)
    return frame


def _arrays_and_numpy(words: Words, off_places: npt.NDArray[np.int32]) -> peers.Histogram:
    return peers.histogram(*loops.decode(words), off_places, PLACES)


def _push(packets: list[Packet]) -> None:
    binner = Binner(1, WINDOW_NS, WINDOW_NS, 0, WIDTH, HEIGHT)
    for packet in packets:
        binner.push(0, packet, 0)
