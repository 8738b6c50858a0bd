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

"""Beginning of a recording: its first event, and the clock of its header stamps."""

from collections.abc import Iterable, Iterator, Sequence

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import EventCamera, EventChunk, EventRecording
from spike_depth_ros.recordings.timeline import beginning_delays_ns, clock_error_ns


def first_event_ns(recording: EventRecording, cameras: Sequence[EventCamera]) -> int:
    """Return the time of the first packet or event, nanoseconds.

    Raises:
        RecordingError: the cameras have no events.
    """
    first = next(recording.events(cameras), None)
    if first is None:
        raise RecordingError(
            f"The recording '{recording.path}' has no events: record it again, or give another."
        )
    return first.t_ns if isinstance(first.events, Packet) else int(first.events.t_ns[0])


def stamp_error_ns(chunks: Iterable[EventChunk]) -> int:
    """Return the correction from header stamps to the recording's clock, nanoseconds.

    0 for arrays, which have no stamps; see timeline.clock_error_ns. Only the first packets are
    read.
    """
    return clock_error_ns(beginning_delays_ns(_stamps(chunks)))


def _stamps(chunks: Iterable[EventChunk]) -> Iterator[tuple[int, int]]:
    """Yield log time and header stamp of packets."""
    for chunk in chunks:
        if not isinstance(chunk.events, Packet):
            return
        yield chunk.t_ns, chunk.events.stamp_ns
