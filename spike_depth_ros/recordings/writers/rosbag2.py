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

"""Writer of rosbag2 recordings in mcap files, as a folder or as the file alone."""

from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.spike_frame import FRAME_IDS
from spike_depth_ros.geometry.files.camera_info import CameraInfoRecord, infos
from spike_depth_ros.recordings.bags.topic_names import depth_topic, is_topic
from spike_depth_ros.recordings.recording import DepthFrame, DepthStream, EventChunk
from spike_depth_ros.recordings.rosbag2_writer import RecordingWriter
from spike_depth_ros.recordings.writers.writer import Contents, Writer
from spike_depth_ros.units import SECOND_NS

# camera_info is repeated with this period, nanoseconds: a player may start anywhere.
INFO_PERIOD_NS = SECOND_NS


class Rosbag2Writer(Writer):
    """New rosbag2 folder with an mcap file: EventPackets, CameraInfo, depth images; see Writer.

    Streams that have the name of a topic keep it. CameraInfo of a camera is on the topic
    camera_info beside that of its events; its rectified camera is the one of the true depth.
    """

    takes_packets = True
    takes_depth = True

    def __init__(self, path: Path, contents: Contents) -> None:
        self._writer = RecordingWriter(path, contents.about, 'mcap')
        self.notes: list[str] = []
        pairs = list(zip(contents.cameras, contents.sides, strict=True))
        self._topics = [
            camera.name if is_topic(camera.name) else f'/{side}/events' for camera, side in pairs
        ]
        frames = zip(contents.cameras, FRAME_IDS, strict=False)
        self._frames = [camera.frame_id or frame for camera, frame in frames]
        self._infos = _infos(contents)
        self._next_info_ns = [-(2**63)] * len(self._infos)

    def write_events(self, chunk: EventChunk) -> None:
        """Append a packet, and CameraInfo if it is time to."""
        assert isinstance(chunk.events, Packet)
        camera = chunk.camera
        if camera < len(self._infos) and chunk.t_ns >= self._next_info_ns[camera]:
            self._next_info_ns[camera] = chunk.t_ns + INFO_PERIOD_NS
            topic = f'{self._topics[camera].rpartition("/")[0]}/camera_info'
            frame, info = self._frames[camera], self._infos[camera]
            self._writer.write_camera_info(topic, chunk.t_ns, info, frame)
        frame = chunk.events.frame_id or self._frames[camera]
        self._writer.write_packet(self._topics[camera], chunk.t_ns, chunk.events, frame)

    def write_depth(self, stream: DepthStream, frame: DepthFrame) -> None:
        """Append a depth image, 32FC1."""
        topic = f'/{depth_topic(stream).removeprefix("/")}'
        frame_id = stream.frame_id or self._frames[0]
        self._writer.write_depth_image(topic, frame.t_ns, frame.depth, frame_id)

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.__exit__(kind, error, trace)


class McapWriter(Rosbag2Writer):
    """New mcap file alone; see Rosbag2Writer."""

    def __init__(self, path: Path, contents: Contents) -> None:
        self._path = path
        self._beside = TemporaryDirectory(dir=path.parent, prefix='.unfinished-')
        super().__init__(Path(self._beside.name) / 'recording', contents)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._beside as folder:
            super().__exit__(kind, error, trace)
            if error is None:
                Path(folder, 'recording', 'recording.mcap').replace(self._path)


def _infos(contents: Contents) -> tuple[CameraInfoRecord, ...]:
    """Return the CameraInfo of each camera, with the rectified camera of the true depth."""
    if contents.rig is None:
        return ()
    cameras = (stream.camera for stream in contents.depth_streams if stream.view == 'rectified')
    return infos(contents.rig, next((camera for camera in cameras if camera is not None), None))
