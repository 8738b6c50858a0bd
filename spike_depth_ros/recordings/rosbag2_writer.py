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

"""Writer of rosbag2 recordings; needs no ROS installation."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Literal

from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer, WriterError

from spike_depth_ros.events.messages import EVENT_PACKET
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.geometry.files.camera_info import CameraInfo
from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.recordings.cdr import (
    CAMERA_INFO,
    COMPRESSED_IMAGE,
    IMAGE,
    MessageCodec,
    message_types,
)
from spike_depth_ros.recordings.errors import RecordingError

# ROS 2 distributions before Jazzy read version 8; version 9 writes QoS as text.
_METADATA_VERSION: Final = 8
_FOREVER = QosTime(sec=9223372036, nsec=854775807)


class RecordingWriter:
    """New rosbag2 folder of event packets and depth, playable by `ros2 bag play`.

    Use it as a context manager: leaving it completes the recording; an exception leaves it without
    metadata.

    Args:
        path: the new folder.
        about: custom data for the metadata.
        storage: kind of its file; mcap is compressed with zstd.

    Raises:
        RecordingError: the folder exists already.
        OSError: the folder cannot be written.
    """

    def __init__(
        self,
        path: Path | str,
        about: Mapping[str, str],
        storage: Literal['sqlite3', 'mcap'] = 'sqlite3',
    ) -> None:
        plugin = StoragePlugin[storage.upper()]
        try:
            self._writer = Writer(path, version=_METADATA_VERSION, storage_plugin=plugin)
        except WriterError as error:
            raise RecordingError(
                f"The folder '{path}' exists already: remove it, or write to another."
            ) from error
        if plugin is StoragePlugin.MCAP:
            self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        for key, value in about.items():
            self._writer.set_custom_data(key, value)
        self._types = message_types()
        self._codec = MessageCodec(self._types)
        self._connections: dict[str, Connection] = {}

    def write_packet(self, topic: str, log_time_ns: int, packet: Packet, frame_id: str) -> None:
        """Append an event packet."""
        # As camera drivers offer: BEST_EFFORT, since the newest packets matter.
        qos = _qos(QosReliability.BEST_EFFORT, depth=1000)
        cdr = self._codec.packet_to_cdr(packet, frame_id)
        self._write(topic, EVENT_PACKET, qos, log_time_ns, cdr)

    def write_depth(
        self,
        topic: str,
        log_time_ns: int,
        stamp_ns: int,
        depth: depth_codec.Depth,
        frame_id: str,
        depth_max_m: float = 10.0,
    ) -> None:
        """Append compressed depth.

        Args:
            topic: name of the topic.
            log_time_ns: log time, nanoseconds.
            stamp_ns: header stamp, nanoseconds.
            depth: float32 [h, w], metres.
            frame_id: frame of the camera.
            depth_max_m: depth from here on is stored as invalid.
        """
        qos = _qos(QosReliability.RELIABLE, depth=10)
        compressed = depth_codec.encode(depth, depth_max_m)
        cdr = self._codec.depth_to_cdr(stamp_ns, compressed, frame_id)
        self._write(topic, COMPRESSED_IMAGE, qos, log_time_ns, cdr)

    def write_depth_image(
        self, topic: str, t_ns: int, depth: depth_codec.Depth, frame_id: str
    ) -> None:
        """Append depth as an image, 32FC1.

        Args:
            topic: name of the topic.
            t_ns: header stamp and log time, nanoseconds.
            depth: float32 [h, w], metres.
            frame_id: frame of the camera.
        """
        qos = _qos(QosReliability.RELIABLE, depth=10)
        self._write(topic, IMAGE, qos, t_ns, self._codec.image_to_cdr(t_ns, depth, frame_id))

    def write_camera_info(self, topic: str, t_ns: int, info: CameraInfo, frame_id: str) -> None:
        """Append the calibration of a camera; arguments as those of write_depth_image."""
        qos = _qos(QosReliability.RELIABLE, depth=10)
        cdr = self._codec.camera_info_to_cdr(t_ns, info, frame_id)
        self._write(topic, CAMERA_INFO, qos, t_ns, cdr)

    def _write(self, topic: str, kind: str, qos: Qos, log_time_ns: int, cdr: bytes) -> None:
        with _sqlite_errors():
            if topic not in self._connections:
                self._connections[topic] = self._writer.add_connection(
                    topic, kind, typestore=self._types, offered_qos_profiles=[qos]
                )
            self._writer.write(self._connections[topic], log_time_ns, cdr)

    def __enter__(self) -> 'RecordingWriter':
        with _sqlite_errors():
            self._writer.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _sqlite_errors():
            self._writer.__exit__(kind, error, trace)


@contextmanager
def _sqlite_errors() -> Iterator[None]:
    """Turn sqlite's errors, such as a full disk, into OSError."""
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(str(error)) from error


def _qos(reliability: QosReliability, depth: int) -> Qos:
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=depth,
        reliability=reliability,
        durability=QosDurability.VOLATILE,
        deadline=_FOREVER,
        lifespan=_FOREVER,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=_FOREVER,
        avoid_ros_namespace_conventions=False,
    )
