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

"""Live events in the form of AEDAT4 from a TCP or Unix socket.

DV, dv-runtime and dv-processing's NetworkWriter serve cameras so. dv-processing reads them in a
child process, as it blocks its whole process while a server is silent.
"""

import json
import socket
from urllib.parse import urlsplit

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.aedat4 import as_arrays
from spike_depth_ros.recordings.aedat.dv_process import DvError, DvProcess
from spike_depth_ros.recordings.aedat.dv_worker import SERVE
from spike_depth_ros.recordings.recording import EventCamera

TCP = 'tcp://'


class NetworkStream:
    """Connection to a server of events.

    Attributes:
        camera: the camera that it serves.
    """

    def __init__(self, address: str) -> None:
        """Connect, and wait for the camera.

        Raises ConnectionError, one sentence.

        Args:
            address: tcp://host:port, or path of a Unix socket.
        """
        self._address = address
        self._child = DvProcess(SERVE, *_place(address))
        try:
            self.camera = self._read_camera()
        except BaseException:
            self.close()
            raise

    def read(self) -> EventArrays | None:
        """Return events that have arrived, None without any; it does not wait for the server.

        Raises ConnectionError, one sentence, when the server has ended.
        """
        if not self._child.is_ready:
            return None
        try:
            message = self._child.read()
        except DvError as error:
            raise ConnectionError(f'{self._address} cannot be read: {error}') from error
        if message is None:
            raise ConnectionError(f'the server of {self._address} has ended the connection')
        return as_arrays(message)

    def close(self) -> None:
        """Close the connection."""
        self._child.close()

    def _read_camera(self) -> EventCamera:
        try:
            message = self._child.read()
        except DvError as error:
            raise ConnectionError(_refusal(self._address, str(error))) from error
        assert message is not None
        name, width, height = json.loads(message.content.tobytes())
        return EventCamera(name or self._address, width, height)


def _place(address: str) -> tuple[str, str]:
    """Return a host's number and the port, or a path and ''; raises ConnectionError."""
    if not address.startswith(TCP):
        return address, ''
    try:
        parts = urlsplit(address)
        if not (parts.hostname and parts.port):
            raise ValueError('host and port are missing')
        # dv-processing takes no names.
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        why = getattr(error, 'strerror', None) or str(error)
        raise ConnectionError(_nothing_serves(address, why)) from error
    place = min(found, key=lambda row: row[0] != socket.AF_INET)[4]
    return str(place[0]), str(place[1])


def _refusal(address: str, reason: str) -> str:
    call, _, rest = reason.partition(': ')
    if call == 'connect':
        return _nothing_serves(address, rest)
    return (
        f'{address} serves no AEDAT4 stream ({reason}): give the address of a network output of '
        'DV or dv-processing'
    )


def _nothing_serves(address: str, reason: str) -> str:
    return (
        f'nothing serves events at {address} ({reason}): start the server, or correct the address'
    )
