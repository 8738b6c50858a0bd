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

"""Peers: other evt3 decoders on PyPI, which decode to arrays that numpy maps and counts.

They accept files only, so their time includes reading a RAW file from the page cache, under a
millisecond. The header follows Prophesee's documentation of the RAW format.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.packet import Packet

Histogram = npt.NDArray[np.uint8]
Decoder = Callable[[Path], tuple[Any, Any, Any]]


def write_raw(packets: list[Packet], path: Path) -> None:
    """Write packets as a RAW file."""
    size = f'{packets[0].width}x{packets[0].height}'
    header = (
        f'% evt 3.0\n% format EVT3;height={packets[0].height};width={packets[0].width}\n'
        f'% geometry {size}\n% end\n'
    )
    path.write_bytes(header.encode() + b''.join(packet.data.tobytes() for packet in packets))


def count(path: Path, decode: Decoder, off_places: npt.NDArray[np.int32], size: int) -> Histogram:
    """Decode a file, map and count; see histogram."""
    return histogram(*decode(path), off_places, size)


def histogram(
    x: Any, y: Any, polarity: Any, off_places: npt.NDArray[np.int32], size: int
) -> Histogram:
    """Map and count events; return uint8 [size].

    Args:
        x, y, polarity: events, one entry each; polarity is 1 for ON, 0 for OFF.
        off_places: int32 [raw_height, raw_width], index of each raw pixel's OFF count.
        size: length of the histogram.

    The streams here hold only events on the sensor, and a resized sensor maps every pixel.
    """
    counts = np.bincount(off_places[y, x] - polarity, minlength=size)
    return np.minimum(counts, 255).astype(np.uint8)


def installed() -> dict[str, Decoder]:
    """Return the peers that can be imported here."""
    peers = {'expelliarmus': _expelliarmus, 'faery': _faery, 'evlib': _evlib}
    return {name: decode for name, load in peers.items() if (decode := _try(load))}


def _try(load: Callable[[], Decoder]) -> Decoder | None:
    try:
        return load()
    except ImportError:
        return None


def _expelliarmus() -> Decoder:
    from expelliarmus import Wizard

    def decode(path: Path) -> tuple[Any, Any, Any]:
        events = Wizard(encoding='evt3').read(path)
        if events is None:
            raise ValueError('expelliarmus refuses external triggers')
        return events['x'], events['y'], events['p']

    return decode


def _faery() -> Decoder:
    import faery

    def decode(path: Path) -> tuple[Any, Any, Any]:
        events = np.concatenate(list(faery.events_stream_from_file(str(path))))
        return events['x'], events['y'], events['on'].view(np.uint8)

    return decode


def _evlib() -> Decoder:
    import evlib

    def decode(path: Path) -> tuple[Any, Any, Any]:
        events = evlib.load_events(str(path)).collect()
        columns = [events[name].to_numpy() for name in ('x', 'y', 'polarity')]
        return columns[0], columns[1], columns[2] > 0

    return decode
