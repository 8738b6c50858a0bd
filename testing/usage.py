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

"""Processor time and memory of processes, as Linux reports them in /proc."""

import os
from pathlib import Path

TICKS_A_SECOND = os.sysconf('SC_CLK_TCK')
IDLE = (3, 4)  # places of idle and iowait in /proc/stat
GUEST = 8  # /proc/stat counts guest time in user time too


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, seconds."""
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def busy_s() -> float:
    """Return the processor time that all processes of the machine have used, seconds."""
    fields = Path('/proc/stat').read_text().splitlines()[0].split()[1 : GUEST + 1]
    return sum(int(t) for place, t in enumerate(fields) if place not in IDLE) / TICKS_A_SECOND


def memory_kib(pid: int | str = 'self') -> int:
    """Return the memory that a process occupies, KiB."""
    return _status_kib(pid, 'VmRSS')


def peak_memory_mb(pid: int) -> float:
    """Return the largest memory that a process has occupied, MB."""
    return _status_kib(pid, 'VmHWM') * 1024 / 1e6


def _status_kib(pid: int | str, key: str) -> int:
    lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    (kib,) = (int(line.split()[1]) for line in lines if line.startswith(f'{key}:'))
    return kib
