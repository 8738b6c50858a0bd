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

"""Server of events on the network, as DV has one: dv-processing in a process of its own.

A NetworkWriter cannot be deleted: its process is killed. Run as
`python -m testing.event_server AEDAT4 ADDRESS`, it sends the file's events again and again, each
pass later than the one before.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

READY = 'serving'
GAP_US = 20_000


class EventServer:
    """Running server; leaving the context kills it.

    Args:
        path: AEDAT4 file.
        address: tcp://host:port or path of a Unix socket.
        speed: 1 for real time.
    """

    def __init__(self, path: Path, address: str, speed: float = 1.0) -> None:
        self.address = address
        command = [sys.executable, '-m', 'testing.event_server', path, address, str(speed)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != READY:
            self.__exit__()
            raise RuntimeError(f'no server was started at {address}')

    def suspend(self) -> None:
        """Stop the process, which leaves its connections open."""
        self._process.send_signal(signal.SIGSTOP)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def serve(path: str, address: str, speed: float) -> None:
    """Send the events of a file until the process is killed."""
    import dv_processing as dv

    reader = dv.io.MonoCameraRecording(path)
    stream = dv.io.Stream.EventStream(
        0, 'events', reader.getCameraName(), reader.getEventResolution()
    )
    host, _, port = address.removeprefix('tcp://').partition(':')
    place = (host, int(port)) if port else (address,)
    writer = dv.io.NetworkWriter(*place, stream)
    print(READY, flush=True)
    while not writer.getClientCount():
        time.sleep(0.01)
    batches = []
    while (store := reader.getNextEventBatch()) is not None:
        batches.append(store.numpy())
    first_us, last_us = (int(batches[end]['timestamp'][end]) for end in (0, -1))
    start = time.monotonic()
    passes = 0
    while True:
        shift_us = passes * (last_us - first_us + GAP_US)
        for batch in batches:
            due_us = int(batch['timestamp'][-1]) + shift_us - first_us
            time.sleep(max(0.0, start + due_us / 1e6 / speed - time.monotonic()))
            writer.writeEvents(_shifted(dv, batch, shift_us))
        passes += 1


def _shifted(dv, batch, shift_us: int):  # noqa: ANN001, ANN202
    """Return a store of the events, later by a time."""
    store = dv.EventStore()
    for t_us, x, y, polarity in batch.tolist():
        store.push_back(t_us + shift_us, x, y, bool(polarity))
    return store


if __name__ == '__main__':
    serve(sys.argv[1], sys.argv[2], float(sys.argv[3]))
