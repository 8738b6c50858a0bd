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

"""Nodes as processes: starting them where nobody else listens, and what they use."""

import os
import subprocess
import sys
from pathlib import Path

TICKS_A_SECOND = os.sysconf('SC_CLK_TCK')
IDLE = (3, 4)  # places of idle and iowait in /proc/stat
GUEST = 8  # guest time is part of user time


def isolate(transports: str = 'DEFAULT') -> None:
    """Keep the nodes of a benchmark to themselves; processes that are started later inherit it.

    transports: Fast DDS's name of those that it uses.
    """
    os.environ['ROS_DOMAIN_ID'] = str(60 + os.getpid() % 40)
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    os.environ['FASTDDS_BUILTIN_TRANSPORTS'] = transports


def start_node(name: str, parameters: dict[str, object] | None = None) -> 'subprocess.Popen[str]':
    """Start a node of the package."""
    command = [sys.executable, '-m', 'spike_depth_ros.ros', name, '--ros-args']
    for key, value in (parameters or {}).items():
        command += ['-p', f'{key}:={value}']
    return subprocess.Popen(command, text=True)


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, seconds."""
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def busy_s() -> float:
    """Return the processor time that the machine has spent on anything, seconds."""
    fields = Path('/proc/stat').read_text().splitlines()[0].split()[1 : GUEST + 1]
    return sum(int(t) for place, t in enumerate(fields) if place not in IDLE) / TICKS_A_SECOND


def peak_memory_mb(pid: int) -> float:
    """Return the most memory that a process has had, MB."""
    lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    (peak_kb,) = (int(line.split()[1]) for line in lines if line.startswith('VmHWM'))
    return peak_kb * 1024 / 1e6
