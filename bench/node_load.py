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

"""Load the binner node with two 1280 x 720 cameras at 20 million events a second each, over DDS.

One process publishes both cameras in packets of 1 ms, best effort, as drivers do. Both processes
use Fast DDS's transports for large data: its default segment of shared memory holds only four such
packets.
"""

import subprocess
import sys
import time
from typing import Any

from spike_depth_ros.frames.spike_frame import CAMERAS
from testing.binner_io import STATUS
from testing.domains import isolate
from testing.nodes import NodeProcess
from testing.probe import Probe
from testing.usage import cpu_s

SECONDS = 20
SETTLING_S = 3.0


def run() -> list[dict[str, Any]]:
    """Return rows of events, packets and windows counted, and of processor time."""
    isolate('bench', 'LARGE_DATA')
    parameters = {'calibration': 'rectified'}
    with NodeProcess('binner', parameters, output=None) as binner, Probe('bench') as probe:
        sent, share = _load(binner.pid, probe)
        values = probe.values(STATUS)
    packets, late_ms, sender_share = sent
    lost = sum(int(values[f'{name} packets lost']) for name in CAMERAS)
    missing = sum(packets - int(values[f'{name} packets']) for name in CAMERAS)
    late = sum(int(values[f'{name} events late']) for name in CAMERAS)
    events = sum(int(values[f'{name} events']) for name in CAMERAS) / SECONDS / 1e6
    name = f'binner node, 2 x 1280x720 over DDS, {SECONDS} s'
    return [
        {'name': f'{name}: share of a core', 'value': round(share, 3), 'unit': 'cores'},
        {'name': f'{name}: events', 'value': round(events, 1), 'unit': 'Mev/s'},
        {'name': f'{name}: packets', 'value': 2 * packets, 'unit': 'packets'},
        {'name': f'{name}: packets lost', 'value': max(lost, missing), 'unit': 'packets'},
        {'name': f'{name}: events late', 'value': late, 'unit': 'events'},
        {'name': f'{name}: windows', 'value': int(values['windows closed']), 'unit': 'windows'},
        {
            'name': f'{name}: windows incomplete',
            'value': int(values['windows incomplete']),
            'unit': 'windows',
        },
        {'name': f'{name}: sender, share of a core', 'value': sender_share, 'unit': 'cores'},
        {'name': f'{name}: sender, worst delay', 'value': late_ms, 'unit': 'ms'},
    ]


def _load(pid: int, probe: Probe) -> tuple[tuple[int, float, float], float]:
    """Run the sender; return its figures, and the node's share of a core.

    The sender's figures are packets per camera, largest delay (ms) and share of a core.

    Args:
        pid: process number of the node.
        probe: node that receives the node's reports meanwhile.
    """
    sender = subprocess.Popen(
        [sys.executable, '-m', 'bench.sender', '--seconds', str(SECONDS)],
        stdout=subprocess.PIPE,
        text=True,
    )
    while not int(probe.values(STATUS).get('left packets', 0)) and sender.poll() is None:
        probe.spin()
    start, before_s = time.monotonic(), cpu_s(pid)
    while sender.poll() is None:
        probe.spin()
    share = (cpu_s(pid) - before_s) / (time.monotonic() - start)
    end = time.monotonic() + SETTLING_S
    while time.monotonic() < end:
        probe.spin()
    assert sender.stdout is not None
    packets, late_ms, sender_share = sender.stdout.read().split()
    return (int(packets), float(late_ms), float(sender_share)), share
