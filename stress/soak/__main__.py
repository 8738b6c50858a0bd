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

"""Soak test of the binner node: half an hour of faulty streams, every frame and counter checked.

`python -m stress.soak [--minutes N] [--seed N] [--output FILE]` runs the node at 20 Hz on two
synthetic evt3 cameras, which send in real time and with faults such as lost packets, noise, time
jumps and restarts. It checks every frame and counter against the events sent, prints a table and
writes JSON; it exits with 1 and the reasons when a check fails. Cameras and node use reliable
delivery, so the sender causes and records every loss.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryFile

from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.units import SECOND_US
from stress.soak.checks import Verdict, check
from stress.soak.faults import TICKS_A_SECOND, schedule
from stress.soak.node import Peer, start_binner
from stress.soak.record import Record, published
from stress.soak.sender import Sender
from stress.soak.stream import TICK_US, Scene, StreamClock
from stress.soak.usage import Usage
from testing.domains import isolate
from testing.nodes import NodeProcess

DEFAULT_OUTPUT = Path('runs/soak.json')
PROGRESS_S = 30
# Time limit for the last frames and reports.
FLUSH_S = 10.0
MAX_FAILURES = 20  # to print
MAX_LOG = 2000  # length of the node's log in the output, characters


def main() -> None:
    """Run the soak; print and write the verdict."""
    parser = argparse.ArgumentParser(prog='python -m stress.soak', description=__doc__)
    parser.add_argument('--minutes', type=float, default=30.0, help='duration of the stream (30)')
    parser.add_argument('--seed', type=int, default=1, help='seed of events and faults (1)')
    parser.add_argument(
        '--output', type=Path, default=DEFAULT_OUTPUT, help=f'JSON file ({DEFAULT_OUTPUT})'
    )
    arguments = parser.parse_args()
    isolate('stress')
    verdict = Soak(round(arguments.minutes * 60), arguments.seed).run()
    _print(verdict)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    result = {'minutes': arguments.minutes, 'seed': arguments.seed, **vars(verdict)}
    arguments.output.write_text(json.dumps(result, indent=2) + '\n')
    print(f'\nwritten to {arguments.output}')
    sys.exit(1 if verdict.failures else 0)


class Soak:
    """One run: send for some seconds, measure the node meanwhile, and check its outputs."""

    def __init__(self, seconds: int, seed: int) -> None:
        self._seconds = seconds
        self._scene = Scene(seed)
        self._faults = schedule(seed, seconds * TICKS_A_SECOND)
        self._clock = StreamClock()
        self._peer = Peer(self._scene, self._clock)
        self._sender = Sender(self._scene, self._faults, seed, self._clock, self._peer.publish)
        self._usage = Usage()
        self._latest_us = 0

    def run(self) -> Verdict:
        """Return the verdict on the node, from its start to its end."""
        verdict = Verdict()
        with TemporaryFile('w+') as log:
            with start_binner(log) as node:
                if self._peer.holds_within(self._peer.is_connected):
                    self._send(node)
                    self._peer.holds_within(self._is_flushed, FLUSH_S)
                verdict.expect(node.is_running, 'the node ended by itself')
                code, _ = node.interrupt()
            verdict.expect(code == 0, f'the node ended with exit code {code}')
            log.seek(0)
            printed = log.read()
        verdict.expect('Traceback' not in printed, printed[-MAX_LOG:])
        self._peer.close()
        self._judge(verdict)
        return verdict

    def _send(self, node: NodeProcess) -> None:
        """Send in real time; stop early when the node has ended."""
        self._sender.warm_up()
        self._clock.start()
        for tick in range(self._seconds * TICKS_A_SECOND):
            due_us = (tick + 1) * TICK_US
            while self._clock.now_us() < due_us:
                self._peer.spin((due_us - self._clock.now_us()) / SECOND_US)
            self._latest_us = max(self._latest_us, self._clock.now_us() - due_us)
            self._sender.send(tick)
            if tick % TICKS_A_SECOND == 0:
                if not node.is_running:
                    return
                self._usage.sample(node.pid)
                self._report(tick // TICKS_A_SECOND)

    def _report(self, second: int) -> None:
        """Print the progress."""
        if second % PROGRESS_S == 0:
            over = sum(fault.stop <= second * TICKS_A_SECOND for fault in self._faults)
            print(
                f'{second // 60:3}:{second % 60:02} of {self._seconds // 60}:'
                f'{self._seconds % 60:02}, {len(self._peer.frames)} frames, {over} faults, '
                f'memory {self._usage.latest()}',
                flush=True,
            )

    def _is_flushed(self) -> bool:
        """Return whether the node has reported all packets, and all its frames have arrived."""
        last = self._peer.snapshots[-1]
        taken = [last.counters[f'{name} packets'] for name in CAMERAS]
        sent = [ledger.published for ledger in self._sender.ledgers]
        return taken == sent and published(last) == len(self._peer.frames)

    def _judge(self, verdict: Verdict) -> None:
        peer, sender = self._peer, self._sender
        verdict.figures['faults'] = dict(Counter(fault.kind for fault in self._faults))
        verdict.figures['packets changed'] = sender.changed
        verdict.figures['longest delay of the sender (ms)'] = self._latest_us // 1000
        for problem in peer.problems:
            verdict.expect(False, problem)
        stop_us = self._seconds * SECOND_US
        if not peer.snapshots or not peer.frames:
            verdict.expect(False, 'the node published nothing')
            return
        record = Record(
            self._scene,
            self._faults,
            sender.ledgers,
            sender.jumps,
            peer.frames,
            peer.snapshots,
            stop_us,
        )
        check(record, verdict)
        self._usage.check(verdict)


def _print(verdict: Verdict) -> None:
    print()
    for name, value in verdict.figures.items():
        for key, part in value.items() if isinstance(value, dict) else (('', value),):
            print(f'{name} {key}'.strip().ljust(60), f'{part:>12}')
    for failure in verdict.failures[:MAX_FAILURES]:
        print(f'FAILED: {failure}')
    print('passed' if not verdict.failures else f'{len(verdict.failures)} checks failed')


if __name__ == '__main__':
    main()
