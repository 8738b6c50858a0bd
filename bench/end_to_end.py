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

"""Latency from the last packet of a window to its depth in another process, at 20 and 100 Hz.

`python -m bench --only end_to_end --hz 100 --seconds 120 --model models/coincidence_fast.onnx`.

A sender process publishes both cameras of the demo recording in real time, best effort, in packets
of 2.048 ms. The binner and the depth node run as two processes or as the pipeline. This process
subscribes the depth. The latency of a window starts when the later camera's packet that reaches
the window's end is published, and ends in the callback that receives the depth image, on the
monotonic clock of the machine. All processes share the cores, as on a robot.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.listener import Listener
from bench.streams import DEMO_PACKET_US
from spike_depth_ros.units import MS_NS, SECOND_NS
from testing.domains import isolate
from testing.nodes import NodeProcess
from testing.usage import busy_s, cpu_s, peak_memory_mb

SECONDS = 30.0
# Rates of windows, Hz, and the model that is measured at each unless another is given.
MODELS = {20.0: Path('models/coincidence.onnx'), 100.0: Path('models/coincidence_fast.onnx')}
PROVIDERS = ('openvino', 'cpu')
QUEUE_MS = 100.0  # length of the queue of windows, the default at 20 Hz
LAYOUTS = {'two processes': ('binner', 'depth'), 'pipeline': ('pipeline',)}
BINNER, DEPTH = 'binner: spike frames', 'depth: depth'
# Caches are cold for the first windows; the last depth arrives after the sender has ended.
WARM_UP_S = 3.0
SETTLING_S = 1.0

Nodes = Mapping[str, NodeProcess]


@dataclass(frozen=True)
class Sent:
    """Times of the sender.

    published_ns: monotonic time of each packet. start_ns: header stamp of sensor time 0, ROS time.
    """

    published_ns: npt.NDArray[np.int64]
    start_ns: int


@dataclass(frozen=True)
class Case:
    """What is measured.

    Args:
        hz: rate of windows, Hz; the window of 50 ms is a multiple of its inverse.
        model: path of the model.
        provider: execution provider of the depth node.
        layout: key of LAYOUTS.
    """

    hz: float
    model: Path
    provider: str
    layout: str

    @property
    def hop_ms(self) -> float:
        """Return the distance of window ends, ms."""
        return 1000 / self.hz

    def __str__(self) -> str:
        """Return the start of the rows' names."""
        return f'{self.hz:g} Hz, {self.model.stem}, {self.provider}, {self.layout}'


def run(
    seconds: float = SECONDS,
    rates_hz: Sequence[float] = tuple(MODELS),
    model: Path | None = None,
    providers: Sequence[str] = PROVIDERS,
) -> list[dict[str, Any]]:
    """Return rows for each rate and provider, with two processes and with the pipeline.

    Args:
        seconds: length of each run, seconds.
        rates_hz: rates of windows, keys of MODELS.
        model: model at all rates; None: that of MODELS.
        providers: execution providers.
    """
    isolate('bench')
    cases = [
        Case(hz, model or MODELS[hz], provider, layout)
        for hz in rates_hz
        for provider in providers
        for layout in LAYOUTS
    ]
    return [
        {'name': f'{case}: {what}', 'value': value, 'unit': unit}
        for case in cases
        for what, value, unit in _measure(case, seconds)
    ]


def _measure(case: Case, seconds: float) -> list[tuple[str, float, str]]:
    """Run nodes; return rows of quantity, value and unit."""
    names = LAYOUTS[case.layout]
    with _nodes(names, case) as nodes, Listener() as listener:
        sent, late_ms, shares = _receive(nodes, listener, seconds)
        peak_mb = peak_memory_mb(nodes[names[-1]].pid)
    dropped = int(listener.values(DEPTH)['windows dropped'])
    hop_ns = round(case.hop_ms * MS_NS)
    due = due_ns(sent.published_ns, hop_ns)
    latencies_ns = due_latencies_ns(due, listener.arrivals_ns, sent.start_ns, hop_ns)
    median_ms, p99_ms = (
        round(float(np.percentile(latencies_ns or [np.nan], share)) / MS_NS, 1)
        for share in (50, 99)
    )
    return [
        ('latency, median', median_ms, 'ms'),
        ('latency, 99th percentile', p99_ms, 'ms'),
        ('windows due', len(due), 'windows'),
        ('windows without depth', len(due) - len(latencies_ns), 'windows'),
        ('windows dropped, start included', dropped, 'windows'),
        ('sender, worst delay', late_ms, 'ms'),
        *((f'{name}, share of a core', share, 'cores') for name, share in shares.items()),
        (f'{names[-1]}, most memory', round(peak_mb), 'MB'),
    ]


@contextmanager
def _nodes(names: tuple[str, ...], case: Case) -> Iterator[Nodes]:
    """Start nodes; yield them by name."""
    binner: dict[str, object] = {'hop_ms': case.hop_ms, 'calibration': 'rectified'}
    depth: dict[str, object] = {
        'model': case.model,
        'provider': case.provider,
        'queue': round(QUEUE_MS / case.hop_ms),
    }
    parameters = {'binner': binner, 'depth': depth, 'pipeline': binner | depth}
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(NodeProcess(name, parameters[name], output=None))
            for name in names
        }


def _receive(
    nodes: Nodes, listener: Listener, seconds: float
) -> tuple[Sent, float, dict[str, float]]:
    """Listen while the sender sends.

    Returns its times, its largest delay against the schedule in ms, which tells stalls of the
    machine, and each process's share of a core.
    """
    while not {BINNER, DEPTH} <= set(listener.status):
        _check(nodes)
        listener.spin()
    with TemporaryDirectory() as folder:
        times = Path(folder) / 'times.npz'
        sender = _start_sender(times, seconds + WARM_UP_S)
        while not listener.arrivals_ns and sender.poll() is None:
            listener.spin()
        start_s, before = time.monotonic(), _spent_s(nodes)
        while sender.poll() is None:
            listener.spin()
        spent_s, after = time.monotonic() - start_s, _spent_s(nodes)
        assert sender.stdout is not None
        _, late_ms, sender_share = sender.stdout.read().split()
        saved = np.load(times)
        sent = Sent(saved['published_ns'], int(saved['start_ns']))
    _check(nodes)
    end_s = time.monotonic() + SETTLING_S
    while time.monotonic() < end_s:
        listener.spin()
    shares = {name: (after[name] - before[name]) / spent_s for name in before}
    shares['sender'] = float(sender_share)
    machine = shares.pop('machine')
    shares['everything else'] = machine - sum(shares.values())
    return sent, float(late_ms), {name: round(share, 3) for name, share in shares.items()}


def _start_sender(times: Path, seconds: float) -> 'subprocess.Popen[str]':
    command = [sys.executable, '-m', 'bench.sender', '--stream', 'demo']
    command += ['--times', str(times), '--seconds', str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _spent_s(nodes: Nodes) -> dict[str, float]:
    """Return the processor time of the nodes, of this process and of the machine, seconds."""
    spent_s = {name: cpu_s(node.pid) for name, node in nodes.items()}
    return spent_s | {'listener': cpu_s(os.getpid()), 'machine': busy_s()}


def _check(nodes: Nodes) -> None:
    """Raise RuntimeError when a node has ended."""
    for name, node in nodes.items():
        if not node.is_running:
            raise RuntimeError(f'the {name} ended with exit code {node.process.returncode}')


def due_ns(published_ns: npt.NDArray[np.int64], hop_ns: int) -> dict[int, int]:
    """Return publication times, ns, of each window's last packet by its end in sensor time, ns.

    Packet n reaches sensor time (n + 1) * DEMO_PACKET_US.
    """
    packet_ns = DEMO_PACKET_US * 1000
    first_ns = -(-round(WARM_UP_S * SECOND_NS) // hop_ns) * hop_ns
    ends_ns = range(first_ns, len(published_ns) * packet_ns + 1, hop_ns)
    return {end_ns: int(published_ns[-(-end_ns // packet_ns) - 1]) for end_ns in ends_ns}


def due_latencies_ns(
    due: Mapping[int, int], arrivals_ns: Mapping[int, int], start_ns: int, hop_ns: int
) -> list[int]:
    """Return the latency of each due window that has depth, ns.

    Args:
        due: result of `due_ns`.
        arrivals_ns: monotonic arrival times by stamp. Stamps are sensor time mapped to ROS time
            by an estimate, so the nearest hop is the window's end.
        start_ns: header stamp of sensor time 0.
        hop_ns: distance of window ends.
    """
    arrived_ns = {
        round((stamp_ns - start_ns) / hop_ns) * hop_ns: at_ns
        for stamp_ns, at_ns in arrivals_ns.items()
    }
    return [
        arrived_ns[end] - published_ns for end, published_ns in due.items() if end in arrived_ns
    ]
