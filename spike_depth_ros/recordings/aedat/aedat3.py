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

"""AEDAT 3.1 and 3.0 files of cAER and early DV: polarity packets of one camera or several.

Source: docs.inivation.com, "AEDAT 3.1". Little-endian packets follow the header; frames, IMU and
other packets are skipped. The origin is the upper left corner, in 3.0 the lower left one.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.chips import CHIPS, find_chip
from spike_depth_ros.recordings.aedat.lines import END, read_lines, value
from spike_depth_ros.recordings.aedat.packets3 import PolarityPackets, read_packets
from spike_depth_ros.recordings.chunks import checked, merged, within
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import EventCamera, EventChunk, EventRecording

DAMAGED = 'damaged packets'
LOWER_LEFT = '#!AER-DAT3.0'
SOURCE = '#Source '
# Packets of polarity events are as in RAW; other formats store their times in another way.
_FORMATS = ('', 'RAW', 'PNGFRAMES')


def open_file(path: Path) -> EventRecording:
    """Open an AEDAT 3.1 or 3.0 file."""
    return Aedat3Recording(path)


class Aedat3Recording(EventRecording):
    """AEDAT 3 file; see EventRecording. Times count from the camera's start."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 'AEDAT 3 file')
        self._file = self._stack.enter_context(path.open('rb'))
        try:
            lines, data_at = read_lines(self._file)
            self.kind = f'AEDAT {lines[0][9:12]} file' if lines else self.kind
            self._is_upside_down = any(line.startswith(LOWER_LEFT) for line in lines)
            self._check(lines)
            sources = _sources(lines)
            self._packets = read_packets(self._file, data_at, tuple(sources))
            self._find_cameras(sources)
        except BaseException:
            self.close()
            raise

    @property
    def start_ns(self) -> int:
        """Return the time of the first event, nanoseconds."""
        return min(packets.start_ns for packets in self._packets.polarity.values())

    @property
    def end_ns(self) -> int:
        """Return the time of the last event, nanoseconds."""
        ends = (packets.end_ns for packets in self._packets.polarity.values())
        return max(self.start_ns, *ends)  # a damaged time may be either

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the events of some cameras; see EventRecording.events."""
        if self._packets.damaged:
            self.losses[DAMAGED] += self._packets.damaged
        streams = [checked(self._blocks(camera), camera, self.losses) for camera in cameras]
        return merged([within(blocks, start_ns, end_ns) for blocks in streams])

    def _blocks(self, camera: EventCamera) -> Iterator[EventArrays]:
        packets: PolarityPackets = self._packets.polarity[self._numbers[camera]]
        for block in packets.blocks():
            yield block._replace(y=camera.height - 1 - block.y) if self._is_upside_down else block

    def _check(self, lines: list[str]) -> None:
        format_ = value(lines, '#Format:')
        if format_.upper() not in _FORMATS:
            raise RecordingError(
                f"The recording '{self.path}' has the format {format_}, which is not read: record "
                'it as RAW.'
            )
        if not self._is_upside_down and (not lines or not lines[-1].startswith(END)):
            raise RecordingError(
                f"The recording '{self.path}' has no end of its header ({END}): copy or record it "
                'again.'
            )

    def _find_cameras(self, sources: dict[int, str]) -> None:
        """Find the camera of each source that has events; raises RecordingError for none."""
        self._numbers: dict[EventCamera, int] = {}
        for number in sorted(self._packets.polarity):
            chip = find_chip(sources[number])
            if chip is None:
                raise RecordingError(
                    f"The recording '{self.path}' cannot be read, as the size of its camera "
                    f"'{sources[number]}' is unknown: it must be one of {', '.join(CHIPS)}."
                )
            name = sources[number]
            if list(sources.values()).count(name) > 1:
                name = f'{name}/{number}'
            self._numbers[EventCamera(name, chip.width, chip.height)] = number
        self.cameras = tuple(self._numbers)
        if not self.cameras:
            raise RecordingError(
                f"The recording '{self.path}' holds no event of a camera: record it again, with "
                'polarity events.'
            )
        if self._packets.resets:
            self.notes.append(
                f"the camera's clock was reset {self._packets.resets} times: its times go on from "
                'there'
            )


def _sources(lines: list[str]) -> dict[int, str]:
    """Return the name of each source by its number."""
    sources = {}
    for line in lines:
        number, colon, name = line.removeprefix(SOURCE).partition(':')
        if line.startswith(SOURCE) and colon and number.strip().isdigit():
            sources[int(number)] = name.strip()
    return sources
