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

"""Sources of live events: cameras on USB, and servers of DV on the network."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.network import TCP, NetworkStream
from spike_depth_ros.recordings.recording import EventCamera, ImuSample
from spike_depth_ros.ros.camera.settings import CameraSettings, TuningSettings


class CameraError(ValueError):
    """Camera that is missing, was unplugged or refuses a setting; the message is one sentence."""


class Source(Protocol):
    """Live events of one camera.

    Attributes:
        camera: name and size.
        warning: sentence about a reason to doubt its events, '' without one.
    """

    camera: EventCamera
    warning: str

    def read(self) -> EventArrays | None:
        """Return the events since the last call, None without any; raises CameraError."""
        ...

    def read_imu(self) -> list[ImuSample]:
        """Return the inertial measurements since the last call, on the events' clock."""
        ...

    def tune(self, settings: TuningSettings) -> None:
        """Apply settings that change while the camera runs; raises CameraError."""
        ...

    def close(self) -> None:
        """Give the camera back."""
        ...


class NetworkSource:
    """Camera that a server of DV or dv-processing sends; see Source."""

    def __init__(self, address: str) -> None:
        try:
            self._stream = NetworkStream(address)
        except ConnectionError as error:
            raise CameraError(str(error)) from error
        self.camera = self._stream.camera
        self.warning = ''

    def read(self) -> EventArrays | None:
        """Return the events that have arrived."""
        try:
            return self._stream.read()
        except ConnectionError as error:
            raise CameraError(str(error)) from error

    def read_imu(self) -> list[ImuSample]:
        """Return nothing: a server sends one stream."""
        return []

    def tune(self, settings: TuningSettings) -> None:
        """Do nothing: the server has the camera."""

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()


def is_address(source: str) -> bool:
    """Return whether a source names a server: tcp://host:port or the path of a socket."""
    return source.startswith(TCP) or '/' in source


def open_sources(settings: CameraSettings) -> tuple[Source, ...]:
    """Open the cameras, left first; raises CameraError, one sentence, if one is missing."""
    on_network = [is_address(source) for source in settings.sources]
    if not any(on_network):
        from spike_depth_ros.ros.camera.usb import open_usb

        return open_usb(settings)
    if not all(on_network):
        raise CameraError(
            f'left and right are {" and ".join(map(repr, settings.sources))}, but must both be '
            'on USB or both on the network'
        )
    opened: list[Source] = []
    try:
        for address in settings.sources:
            opened.append(NetworkSource(address))
    except CameraError:
        close_all(opened)
        raise
    return tuple(opened)


def close_all(sources: Sequence[Source]) -> None:
    """Close sources; a camera that was unplugged may fail to close."""
    for source in sources:
        with suppress(RuntimeError, OSError):
            source.close()
