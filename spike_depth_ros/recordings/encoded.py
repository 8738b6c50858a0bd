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

"""Arrays of events as evt3 packets: what a driver of the camera would have sent."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from spike_depth_ros.events import evt3_layout as evt3
from spike_depth_ros.events.evt3_encoder import Evt3Encoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import BACKWARD
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import EventCamera, EventChunk
from spike_depth_ros.units import US_NS

# Words fill a gap so that decoders follow it, 430 for an hour. After a longer one, as a clock that
# was set leaves it, the words begin anew: those of decades would fill the memory.
LONGEST_GAP_US = 24 * 3600 * 1_000_000


def as_packets(
    chunks: Iterable[EventChunk], cameras: Sequence[EventCamera], losses: Counter[str]
) -> Iterator[EventChunk]:
    """Turn chunks of arrays into chunks of evt3 packets; chunks of packets pass.

    A packet holds the events of one chunk, at most chunks.CELL_NS. Its words count microseconds of
    the recording's clock, and its header stamp is the time of its first event. `seq` counts up.

    Args:
        chunks: chunks of a recording, in the order of EventChunk.t_ns.
        cameras: cameras of the chunks, in the order of EventChunk.camera.
        losses: gets the number of events that are earlier than those of an earlier chunk.

    Raises:
        RecordingError: evt3 has no room for the pixels of a camera.
    """
    senders: dict[int, _Sender] = {}
    for chunk in chunks:
        if isinstance(chunk.events, Packet):
            yield chunk
            continue
        if chunk.camera not in senders:
            senders[chunk.camera] = _Sender(cameras[chunk.camera], losses)
        packet = senders[chunk.camera].packet(chunk.events)
        if packet is not None:
            yield chunk._replace(events=packet)


class _Sender:
    """Encode the events of one camera, packet by packet."""

    def __init__(self, camera: EventCamera, losses: Counter[str]) -> None:
        if max(camera.width, camera.height) > evt3.ADDRESS + 1:
            raise RecordingError(
                f"The camera '{camera.name}' has {camera.width} x {camera.height} pixels, but "
                f'evt3 packets have room for {evt3.ADDRESS + 1} in a row or column: replay its '
                f'own packets, or crop it.'
            )
        self._camera, self._losses = camera, losses
        self._encoder, self._seq = Evt3Encoder(), 0
        self._reached_us: int | None = None

    def packet(self, events: EventArrays) -> Packet | None:
        """Return the next packet; None if none of the events is in order of time."""
        t_us = np.asarray(events.t_ns, np.int64) // US_NS
        if self._reached_us is not None and len(t_us) and t_us[0] < self._reached_us:
            late = int(np.searchsorted(t_us, self._reached_us))
            self._losses[BACKWARD] += late
            events, t_us = events.select(slice(late, None)), t_us[late:]
        if not len(t_us):
            return None
        if self._reached_us is not None and t_us[0] - self._reached_us > LONGEST_GAP_US:
            self._encoder = Evt3Encoder()
        self._reached_us = int(t_us[-1])
        data = self._encoder.encode(t_us, events.x, events.y, events.polarity)
        self._seq += 1
        return Packet(
            encoding='evt3',
            width=self._camera.width,
            height=self._camera.height,
            seq=self._seq - 1,
            stamp_ns=int(t_us[0]) * US_NS,
            time_base_ns=0,
            big_endian=False,
            data=np.frombuffer(data, np.uint8),
            frame_id=self._camera.frame_id,
        )
