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

"""Registry of the encodings that the package reads, by name."""

from collections.abc import Callable, Mapping
from itertools import product
from types import MappingProxyType

import numpy as np

from spike_depth_ros.events.decoder import Decoder
from spike_depth_ros.events.dvs import DVS, DvsDecoder
from spike_depth_ros.events.event_counts import new_event_counts
from spike_depth_ros.events.evt2 import Evt2Decoder
from spike_depth_ros.events.evt3 import Evt3Decoder
from spike_depth_ros.events.evt21 import Evt21Decoder
from spike_depth_ros.events.histogram import EventSink
from spike_depth_ros.events.libcaer import LibcaerDecoder
from spike_depth_ros.events.libcaer_cmp import LibcaerCmpDecoder
from spike_depth_ros.events.lookup import new_lookup
from spike_depth_ros.events.mono import MonoDecoder
from spike_depth_ros.events.noise import PERIOD_NS, NoiseFilter, NoiseSettings
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.spike_frame import DTYPE, MONO_CHANNELS

_DECODERS: Mapping[str, Callable[[], Decoder]] = MappingProxyType(
    {
        DVS: DvsDecoder,
        'evt2': Evt2Decoder,
        'evt21': Evt21Decoder,
        'evt3': Evt3Decoder,
        'libcaer': LibcaerDecoder,
        'libcaer_cmp': LibcaerCmpDecoder,
        'mono': MonoDecoder,
    }
)


def names() -> tuple[str, ...]:
    """Return the names of all encodings."""
    return tuple(_DECODERS)


def new_decoder(encoding: str) -> Decoder:
    """Return a decoder without a time; raises ValueError for an unknown encoding."""
    try:
        return _DECODERS[encoding]()
    except KeyError:
        raise ValueError(
            f"encoding '{encoding[:40]}' is unknown; it must be one of {', '.join(names())}"
        ) from None


def warm_up() -> None:
    """Compile each decoder, or load it from numba's cache, by decoding an empty packet."""
    spans = (0, np.iinfo(np.uint16).max)  # a look-up has offsets of 16 or 32 bits
    lookups = [new_lookup(np.array([[0, span]], np.int32), 0, MONO_CHANNELS) for span in spans]
    histogram, counts = np.zeros(MONO_CHANNELS, DTYPE), new_event_counts()
    noise = NoiseFilter(1, 1, NoiseSettings(1.0, 1, 1))
    for time_ns in (0, PERIOD_NS):
        noise.advance(time_ns)
    for encoding in names():
        decoder = new_decoder(encoding)
        packet = decoder.parse(Packet(encoding, 1, 1, 0, 0, 0, False, np.zeros(0, np.uint8)))
        for lookup, state in product(lookups, (None, noise.state)):
            decoder.consume(packet, 0, 1, EventSink(lookup, state, histogram, counts))
