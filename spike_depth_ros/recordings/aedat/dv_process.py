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

"""Child process that reads by dv-processing; see dv_worker."""

import importlib.util
import json
import mmap
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from select import select
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.recordings.aedat import dv_worker
from spike_depth_ros.recordings.aedat.dv_worker import (
    END,
    ERROR,
    EVENT_BYTES,
    EVENTS,
    FRAME,
    HEAD,
    IMU,
    SLOT_EVENTS,
    SLOTS,
    TEXT,
)

ROOM = 200  # characters of a reason
KIND = re.compile(r'^[A-Z]\w*: ')  # of an error, before its text


class DvError(ValueError):
    """End of the child before all was read; the message is the reason, not a sentence."""


class Message(NamedTuple):
    """Message of the child: kind, three numbers, time and content as HEAD describes them."""

    kind: bytes
    numbers: tuple[int, int, int]
    t_us: int
    content: NDArray[np.uint8]


class DvProcess:
    """Running child; close it, which kills it.

    Raises ModuleNotFoundError if dv-processing is not installed.

    Args:
        task: task of dv_worker.
        arguments: its arguments.
    """

    def __init__(self, task: str, *arguments: str | Path) -> None:
        if importlib.util.find_spec('dv_processing') is None:
            raise ModuleNotFoundError("No module named 'dv_processing'", name='dv_processing')
        life, self._life = os.pipe()  # it closes with this process, or by close
        memory = os.memfd_create('events')
        os.ftruncate(memory, SLOTS * SLOT_EVENTS * EVENT_BYTES)
        self._slots = np.frombuffer(mmap.mmap(memory, 0), np.uint8).reshape(SLOTS, -1)
        self._holds_slot = False
        given = [task, *map(str, arguments)]
        self._process = subprocess.Popen(
            [sys.executable, '-P', dv_worker.__file__, str(life), str(memory), *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            # Ctrl-C does not reach it: it ends with the parent, or by close.
            start_new_session=True,
            pass_fds=(life, memory),
            env=os.environ | {'OPENBLAS_NUM_THREADS': '1'},  # starting threads takes time
        )
        os.close(life)
        os.close(memory)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout

    @property
    def is_ready(self) -> bool:
        """Return whether a message, or the end, can be read without waiting."""
        return bool(select([self._out], [], [], 0)[0])

    def read(self) -> Message | None:
        """Return the next message, None at the end; raises DvError.

        The content of events is overwritten after the next call.
        """
        if self._holds_slot:
            self._holds_slot = False
            with suppress(BrokenPipeError):  # it has ended
                self._in.write(b'.')
        head = self._read(HEAD.size).tobytes()
        kind, *numbers, t_us = HEAD.unpack(head)
        a, b, c = numbers
        if kind == EVENTS:
            self._holds_slot = True
            return Message(kind, (a, b, c), t_us, self._slots[b, : a * EVENT_BYTES])
        size = {TEXT: a, ERROR: a, FRAME: a * b * c, IMU: a * b}
        content = self._read(size.get(kind, 0))
        if kind == ERROR:
            raise DvError(reason(content.tobytes().decode(errors='replace')))
        return None if kind == END else Message(kind, (a, b, c), t_us, content)

    def go_on(self, task: str, *arguments: str | Path) -> None:
        """Give the child its second task, after DESCRIBE."""
        # A child that was killed meanwhile is noticed by read.
        with suppress(BrokenPipeError):
            self._in.write(json.dumps([task, *map(str, arguments)]).encode() + b'\n')

    def close(self) -> None:
        """Kill the child."""
        self._process.kill()
        self._process.wait()
        self._in.close()
        self._out.close()
        if self._life >= 0:
            os.close(self._life)
            self._life = -1

    def __iter__(self) -> Iterator[Message]:
        return iter(self.read, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self, size: int) -> NDArray[np.uint8]:
        buffer = np.empty(size, np.uint8)
        view = buffer.data
        read = 0
        while read < size:
            found = self._out.readinto(view[read:])  # type: ignore[attr-defined]
            if not found:
                raise DvError(_cause(self._process.wait()))
            read += found
        return buffer


def reason(text: str) -> str:
    """Return the reason in an error of dv-processing, whose texts have stacks of C++."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # The first line is the place in the source if it has one.
    texts = [line for line in lines if '/' not in line.partition(' ')[0]] or ['unknown']
    line = KIND.sub('', texts[0].partition(' [')[0]).removeprefix('Error info: ')
    return line.partition('- Error info')[0].strip().rstrip('.')[:ROOM]


def _cause(code: int) -> str:
    if -code in (signal.SIGPROF, signal.SIGALRM):
        return 'dv-processing does not come to an end'
    return f'dv-processing ended by {signal.Signals(-code).name if code < 0 else code}'
