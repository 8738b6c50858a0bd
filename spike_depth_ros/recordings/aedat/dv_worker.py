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

"""Program that reads AEDAT4 by dv-processing, in a process of its own.

dv-processing does not return from some damaged packets, and holds Python's lock while a server is
silent. So the kernel ends this process: with its parent (SIGIO of a pipe), or when a call takes
too long (SIGPROF, SIGALRM). dv_process starts it as a script, which imports nothing of the
package. Messages on the standard output are HEAD and a content; events are in slots of shared
memory, each of which is free again after a byte on the standard input.
"""

import fcntl
import html
import json
import mmap
import os
import re
import resource
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, NamedTuple

import numpy as np

# Kind, three numbers, and a time in Unix microseconds.
HEAD = struct.Struct('<cxxxiiiq')
# Text of JSON (bytes); events (number, slot; time of the last one); frame (height, width and
# channels; its time); samples of an IMU (number, bytes of each; time of the last one); mark (width
# of the next range of time, microseconds; its start); text of an error (bytes); the end.
TEXT, EVENTS, FRAME, IMU, MARK, ERROR, END = b'T', b'E', b'F', b'I', b'M', b'X', b'Z'
DESCRIBE, SERVE = 'describe', 'serve'
# Unix microseconds, rad/s and m/s^2 about and along x, y and z.
IMU_SAMPLE = np.dtype([('t', '<i8'), ('rate', '<f4', 3), ('acceleration', '<f4', 3)])
SLOTS, SLOT_EVENTS, EVENT_BYTES = 4, 1 << 15, 16
WINDOW_US, WIDEST_US = 10_000, 1_000_000
# A gap of so many of the widest ranges, eleven days, is a damaged time.
MOST_EMPTY = 1_000_000
MAX_US = ((1 << 63) - 1) // 1000  # int64 nanoseconds have room for no later time
SOURCE = re.compile(rb'key="source"[^>]*>([^<]*)<')
# Limits: processor time of a call, which does not grow with the load; time; memory.
CALL_CPU_S, CALL_S = 0.5, 60.0
SLOWEST_BYTES_S = 20_000_000
MEMORY_BYTES, HEADER_BYTES = 1 << 31, 1 << 20
CONNECT_S, IDLE_S = 3.0, 0.001
# Events of a connection that has ended come so much later.
DRAIN_S = 0.2
# A computer that is switched off or unplugged is noticed after 2 + 3 * 1 seconds.
KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


def main(life: str, memory: str, task: str, *arguments: str) -> None:
    """Do a task, and send its messages; behind DESCRIBE do the task of a line of JSON.

    The second task saves the start of another process.

    Args:
        life: number of a pipe that closes when the parent ends.
        memory: number of the file of shared memory.
        task: DESCRIBE, or one of READING.
        arguments: arguments of the task.
    """
    _end_with_parent(int(life))
    _limit(resource.RLIMIT_DATA, MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    with os.fdopen(os.dup(1), 'wb') as out:
        os.dup2(2, 1)  # the library may print
        try:
            if task == DESCRIBE:
                _send(out, describe(*arguments))
                task, *arguments = json.loads(sys.stdin.readline() or '["end"]')
            if task in READING:
                _send(out, READING[task](*arguments), _Slots(int(memory)))
        except BrokenPipeError:
            os._exit(1)
        except Exception as error:
            text = (str(error) or repr(error)).encode()
            out.write(HEAD.pack(ERROR, len(text), 0, 0, 0) + text)


class Block(NamedTuple):
    """Events of some stores."""

    parts: list[Any]


Messages = Iterator[tuple[bytes, Any] | Block]


class _Slots:
    """Slots of shared memory, used in turn."""

    def __init__(self, file: int) -> None:
        memory = mmap.mmap(file, SLOTS * SLOT_EVENTS * EVENT_BYTES)
        self._memory = np.frombuffer(memory, np.uint8).reshape(SLOTS, -1)
        self._used = 0

    def put(self, parts: Sequence[Any]) -> Iterator[bytes]:
        """Yield the head of each slot, once it is filled with events."""
        slot, filled, last_us = self._free(), 0, 0
        for part in parts:
            content = np.ascontiguousarray(part).view(np.uint8)
            while len(content):
                if filled == len(slot):
                    yield self._head(filled, last_us)
                    slot, filled = self._free(), 0
                size = min(len(content), len(slot) - filled)
                slot[filled : filled + size] = content[:size]
                filled, content = filled + size, content[size:]
            last_us = int(part['timestamp'][-1])
        yield self._head(filled, last_us)

    def _free(self) -> Any:
        """Return a slot that the parent has read; end without a parent."""
        if self._used >= SLOTS and not os.read(0, 1):
            os._exit(1)
        self._used += 1
        return self._memory[self._number]

    @property
    def _number(self) -> int:
        return (self._used - 1) % SLOTS

    def _head(self, size: int, last_us: int) -> bytes:
        return HEAD.pack(EVENTS, size // EVENT_BYTES, self._number, 0, last_us)


def _send(out: BinaryIO, messages: Messages, slots: _Slots | None = None) -> None:
    for message in messages:
        if isinstance(message, Block):
            assert slots is not None
            for head in slots.put(message.parts):
                out.write(head)
                out.flush()
        else:
            out.write(message[0])
            out.write(message[1])
            out.flush()
    out.write(HEAD.pack(END, 0, 0, 0, 0))
    out.flush()


def describe(path: str) -> Messages:
    """Send the cameras of a file, and the range of time."""
    cameras: list[dict[str, Any]] = []
    times: list[int] = []
    has_times = True
    for source in _sources(path):
        with suppress(RuntimeError):
            reader = _opened(path, source)
            camera, found = _described(reader, source)
            cameras.append(camera)
            has_times &= _has_times(reader)
            times += reader.getTimeRange() if _has_times(reader) else found
    if not cameras:
        _opened(path, '')  # raises the reason
    times = [t_us for t_us in times if 0 <= t_us < MAX_US]
    text = json.dumps(
        {
            'cameras': cameras,
            'has_times': has_times,
            'range_us': [min(times), max(times)] if times else None,
        }
    ).encode()
    yield HEAD.pack(TEXT, len(text), 0, 0, 0), text


def events(path: str, source: str, stream: str, start_us: str) -> Messages:
    """Send the events of a stream; of a start, those of ranges of time, each with a mark."""
    reader = _opened(path, source)
    if not start_us:
        yield from _joined(_until_none(reader.getNextEventBatch, stream))
        return
    for head, store in _ranges(reader, reader.getEventsTimeRange, stream, int(start_us)):
        if store is not None and store.size():
            yield from _joined(iter([store]))
        yield head, b''


def frames(path: str, source: str, stream: str, start_us: str) -> Messages:
    """Send the frames of a stream; see events."""
    reader = _opened(path, source)
    if not start_us:
        yield from map(_frame, _until_none(reader.getNextFrame, stream))
        return
    for head, found in _ranges(reader, reader.getFramesTimeRange, stream, int(start_us)):
        yield from map(_frame, found or ())
        yield head, b''


def imu(path: str, source: str, stream: str, start_us: str) -> Messages:
    """Send the samples of an IMU; see events."""
    reader = _opened(path, source)
    if not start_us:
        yield from map(_samples, filter(len, _until_none(reader.getNextImuBatch, stream)))
        return
    for head, found in _ranges(reader, reader.getImuTimeRange, stream, int(start_us)):
        if found:
            yield _samples(found)
        yield head, b''


def serve(address: str, port: str) -> Messages:
    """Send the events of a server: TCP, or the path of a Unix socket without a port."""
    import dv_processing as dv

    with _limited(cpu_s=CONNECT_S, time_s=CONNECT_S):
        reader = dv.io.NetworkReader(address, *([int(port)] if port else []))
        _keep_alive()
        if not reader.isEventStreamAvailable():
            raise ValueError('it serves no events')
        camera = reader.getCameraName(), *reader.getEventResolution()
    text = json.dumps(camera).encode()
    yield HEAD.pack(TEXT, len(text), 0, 0, 0), text
    ended_s = None
    while ended_s is None or time.monotonic() < ended_s + DRAIN_S:
        store = reader.getNextEventBatch()
        if store is not None:
            yield from _joined(iter([store]))
            continue
        if ended_s is None and not reader.isRunning():
            ended_s = time.monotonic()
        time.sleep(IDLE_S)


READING: dict[str, Any] = {SERVE: serve, 'events': events, 'frames': frames, 'imu': imu}


def _end_with_parent(life: int) -> None:
    """Ask Linux for a signal that ends this process when the parent's end of a pipe closes."""
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([life], [], [], 0)[0]:
        sys.exit(1)


def _limit(kind: int, number: int) -> None:
    """Lower a limit of this process; it may be lower already."""
    soft, hard = resource.getrlimit(kind)
    if soft == resource.RLIM_INFINITY or soft > number:
        resource.setrlimit(kind, (number, hard))


@contextmanager
def _limited(cpu_s: float = CALL_CPU_S, time_s: float = CALL_S) -> Iterator[None]:
    """End the process if the block takes longer, as nothing else ends a call of the library."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.setitimer(signal.ITIMER_REAL, time_s)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)


def _sources(path: str) -> list[str]:
    """Return the names of the cameras; the library lists only the first one."""
    with open(path, 'rb') as file:
        found = SOURCE.findall(file.read(HEADER_BYTES))
    names = [html.unescape(name.decode(errors='replace')) for name in found]
    return list(dict.fromkeys(names)) or ['']


def _opened(path: str, source: str) -> Any:
    import dv_processing as dv

    seconds = os.path.getsize(path) / SLOWEST_BYTES_S  # without a table all of it is read
    with _limited(CALL_CPU_S + seconds, CALL_S + seconds):
        return dv.io.MonoCameraRecording(path, *([source] if source else []))


def _described(reader: Any, source: str) -> tuple[dict[str, Any], list[int]]:
    """Return the streams that are not empty, and times at which they begin and end."""
    streams: dict[str, list[Any]] = {'events': [], 'frames': []}
    times: list[int] = []
    for name in reader.getStreamNames():
        for kind, is_of_kind, read, size in (
            ('events', reader.isStreamOfEventType, reader.getNextEventBatch, 'Event'),
            ('frames', reader.isStreamOfFrameType, reader.getNextFrame, 'Frame'),
        ):
            if not is_of_kind(name):
                continue
            found = _range_of(_until_none(read, name), is_first_enough=_has_times(reader))
            if found:
                streams[kind].append([name, *_size(reader, size, name)])
                times += found
    imus = [name for name in reader.getStreamNames() if reader.isStreamOfImuType(name)]
    return {'source': source, **streams, 'imu': imus}, times


def _has_times(reader: Any) -> bool:
    """Return whether the table of packets has their times, which DV's early ones lack."""
    first_us, last_us = reader.getTimeRange()
    return bool(0 <= first_us <= last_us < MAX_US and last_us)


def _range_of(items: Iterator[Any], is_first_enough: bool) -> list[int]:
    """Return the lowest and the highest time of stores or frames, [] without any."""
    times: list[int] = []
    for item in items:
        if isinstance(getattr(item, 'timestamp', None), int):
            times += item.timestamp, item.timestamp
        elif item.size():
            times += item.getLowestTime(), item.getHighestTime()
        times = [min(times), max(times)] if times else []
        if times and is_first_enough:
            break
    return times


def _size(reader: Any, kind: str, name: str) -> tuple[int, int]:
    with suppress(RuntimeError, IndexError):
        return tuple(getattr(reader, f'get{kind}Resolution')(name)) or (0, 0)
    return 0, 0


def _until_none(read: Any, stream: str) -> Iterator[Any]:
    while True:
        with _limited():
            item = read(stream)
        if item is None:
            return
        yield item


def _ranges(reader: Any, read: Any, stream: str, start_us: int) -> Iterator[tuple[bytes, Any]]:
    """Yield what ranges of time hold, and a mark of the next range; empty ranges grow."""
    first_us, last_us = reader.getTimeRange()
    at_us, width_us, empty = max(start_us, first_us), WINDOW_US, 0
    yield HEAD.pack(MARK, width_us, 0, 0, at_us), None
    while at_us <= last_us and empty < MOST_EMPTY:
        with _limited():
            found = read(at_us, at_us + width_us, stream)
            size = found.size() if hasattr(found, 'size') else len(found or ())
        at_us += width_us
        empty = 0 if size else empty + 1
        width_us = WINDOW_US if size else min(2 * width_us, WIDEST_US)
        yield HEAD.pack(MARK, width_us, 0, 0, at_us), found


def _joined(stores: Iterator[Any]) -> Iterator[Block]:
    """Yield events in blocks, as small messages cost more time than their events."""
    parts: list[Any] = []
    size = 0
    for store in stores:
        events = store.numpy()
        if size and size + len(events) > SLOT_EVENTS:
            yield Block(parts)
            parts, size = [], 0
        if len(events):
            parts.append(events)
            size += len(events)
    if size:
        yield Block(parts)


def _frame(frame: Any) -> tuple[bytes, Any]:
    image = np.ascontiguousarray(frame.image)
    channels = 1 if image.ndim == 2 else image.shape[2]
    return HEAD.pack(FRAME, *image.shape[:2], channels, frame.timestamp), image.data


def _samples(found: Any) -> tuple[bytes, Any]:
    rows = [(s.timestamp, s.getAngularVelocities(), s.getAccelerations()) for s in found]
    samples = np.array(rows, IMU_SAMPLE)
    return HEAD.pack(IMU, len(rows), samples.itemsize, 0, rows[-1][0]), samples.tobytes()


def _keep_alive() -> None:
    """Ask Linux to notice a lost server; the library does not."""
    for number in map(int, os.listdir('/proc/self/fd')):
        with suppress(OSError), socket.socket(fileno=os.dup(number)) as connection:
            if connection.family != socket.AF_UNIX:
                for level, option, value in KEEP_ALIVE:
                    connection.setsockopt(level, option, value)


if __name__ == '__main__':
    main(*sys.argv[1:])
