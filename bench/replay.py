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

"""Replay two cameras at 20 million events a second together, through the replay node over DDS.

Two RAW files of evt3, whose words go out as packets, and two DSEC files, whose arrays the node
encodes. The binner counts what arrives. Both processes use Fast DDS's transports for large data,
as in node_load.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.frames.spike_frame import CAMERAS
from testing.binner_io import STATUS
from testing.domains import isolate
from testing.nodes import NodeProcess
from testing.probe import Probe
from testing.recordings.camera_hdf5 import write_events
from testing.recordings.prophesee import write_raw
from testing.recordings.scene import RATE_HZ, many_events
from testing.usage import cpu_s

SECONDS = 4
CAMERA_HZ = 10_000_000
WIDTH, HEIGHT = 640, 480
REPLAY = 'replay: replay'


def run() -> list[dict[str, Any]]:
    """Return rows of lag, processor time and packets lost, for each kind of file."""
    isolate('bench', 'LARGE_DATA')
    with tempfile.TemporaryDirectory(prefix='replay_bench_') as name:
        raw, arrays = [], []
        for seed, side in enumerate(CAMERAS):
            events = _events(seed)
            raw.append(write_raw(Path(name) / f'{side}.raw', events, 'evt3', (WIDTH, HEIGHT)))
            arrays.append(Path(name) / f'{side}.h5')
            write_events(arrays[-1], events)
        return [*_rows('RAW', raw), *_rows('HDF5', arrays)]


def _rows(kind: str, files: list[Path]) -> list[dict[str, Any]]:
    with NodeProcess('binner', {'calibration': 'rectified'}, output=None), Probe() as probe:
        report, share = _replay(files, probe)
        lost = sum(int(probe.values(STATUS)[f'{name} packets lost']) for name in CAMERAS)
    name = f'replay node, 2 x {CAMERA_HZ / 1e6:g} Mev/s from {kind} over DDS, {SECONDS} s'
    return [
        {'name': f'{name}: worst lag', 'value': float(report['most lag (ms)']), 'unit': 'ms'},
        {'name': f'{name}: packets', 'value': int(report['packets sent']), 'unit': 'packets'},
        {'name': f'{name}: packets lost', 'value': lost, 'unit': 'packets'},
        {'name': f'{name}: share of a core', 'value': round(share, 3), 'unit': 'cores'},
    ]


def _events(seed: int) -> EventArrays:
    """Return events at CAMERA_HZ: those of RATE_HZ with their times divided."""
    events = many_events(SECONDS * CAMERA_HZ, WIDTH, HEIGHT, seed)
    factor = round(CAMERA_HZ / RATE_HZ)
    return events._replace(t_ns=events.t_ns // (1000 * factor) * 1000)


def _replay(files: list[Path], probe: Probe) -> tuple[dict[str, str], float]:
    """Replay the files; return the node's last report, and its share of a core."""
    # It goes on with a second round, so that it reports the whole first one.
    paths = ', '.join(map(str, files))
    parameters = {'recording': f'[{paths}]', 'loop': 'true', 'rate': 1.0}
    with NodeProcess('replay', parameters, output=None) as replay:
        probe.until(lambda: int(probe.values(REPLAY).get('packets sent', 0)) > 0, 'packets')
        start, before_s = time.monotonic(), cpu_s(replay.pid)
        while time.monotonic() < start + SECONDS - 1:
            probe.spin()
        share = (cpu_s(replay.pid) - before_s) / (time.monotonic() - start)
        return probe.values(REPLAY), share
