"""Running a recording through replay, binner and depth node, each a process of its own."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spike_depth_ros.recordings.cameras import find_cameras
from spike_depth_ros.recordings.rosbag2 import Recording
from spike_depth_ros.recordings.truth import find_truth
from spike_depth_ros.ros.demo.evaluation_node import EvaluationNode
from spike_depth_ros.ros.demo.listener import listening
from spike_depth_ros.ros.demo.processes import Processes
from spike_depth_ros.ros.demo.result import Counts, Result, depth_error, mean_firing
from spike_depth_ros.ros.demo.status_line import StatusLine
from spike_depth_ros.ros.demo.window_store import WindowStore

SECOND_NS = 1e9
HOP_S = 0.05
# Compiling the decoders the first time takes most of it.
START_LIMIT_S = 180.0
# Each node reports once a second.
REPORT_LIMIT_S = 15.0
# How much longer than the recording a replay may take: to start, to be heard, and to be delivered.
REPLAY_MARGIN_S = 120.0
# On a busy machine the demo rather shows a window late than not at all; the table has the latency.
QUEUE = 20
# A robot on this machine uses 0, or another low one; above 101 the ports get into the way.
DOMAINS = range(40, 101)


class DemoError(RuntimeError):
    """A run that could not be completed; says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Source:
    """Describe a recording: folder, event topics, true depth's topic, length, and if simulated."""

    path: Path
    cameras: tuple[str, ...]
    truth: str | None
    duration_s: float
    simulated: bool

    @property
    def name(self) -> str:
        """Return what the recording is called, and that it is simulated where it is."""
        cameras = 'stereo' if len(self.cameras) == 2 else 'one camera'
        kind = f'{cameras}, simulated' if self.simulated else cameras
        return f'{self.path.resolve().name} ({kind})'


def open_source(path: Path, left: str, right: str) -> Source:
    """Look into a recording; raises RecordingError, one sentence, if it cannot be used."""
    with Recording(path) as recording:
        cameras = find_cameras(recording.topics, left, right)
        truths = find_truth(recording)
        simulated = recording.about.get('simulated') == 'true'
        return Source(
            path=path.resolve(),
            cameras=cameras,
            truth=truths[0] if truths else None,
            duration_s=recording.duration_ns / SECOND_NS,
            simulated=simulated,
        )


def run(source: Source, model: Path, store: WindowStore) -> Result:
    """Run the recording through the nodes, showing a status line; return the figures.

    Raises DemoError when a node fails or does not answer.
    """
    os.environ['ROS_DOMAIN_ID'] = str(random.choice(DOMAINS))
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    with (
        Processes() as processes,
        listening(source.truth, store) as (node, spin_once),
        StatusLine() as line,
    ):

        def until(condition: Callable[[], bool], limit_s: float, failure: str) -> None:
            """Take messages until a condition holds; raise DemoError after the limit."""
            deadline = time.monotonic() + limit_s
            while not condition():
                spin_once()
                line.show(node)
                _check(processes)
                if time.monotonic() > deadline:
                    raise DemoError(failure)

        processes.start('binner', {'stereo': len(source.cameras) == 2})
        processes.start('depth', {'model': str(model.resolve()), 'queue': QUEUE})
        until(node.sees_nodes, START_LIMIT_S, f'the nodes did not start in {START_LIMIT_S:g} s')
        topics = dict(zip(('left', 'right'), source.cameras, strict=False))
        processes.start('replay', {'recording': str(source.path), **topics})
        until(
            lambda: 'replay' in processes.exit_codes(),
            source.duration_s + REPLAY_MARGIN_S,
            f'the replay of {source.duration_s:.0f} s did not end within '
            f'{REPLAY_MARGIN_S:g} s more',
        )
        # The next report of each node was perhaps begun before its last window; the second has it.
        enough = {name: count + 2 for name, count in node.reports.items()}
        until(
            lambda: all(node.reports[name] >= count for name, count in enough.items()),
            REPORT_LIMIT_S,
            f'the nodes reported nothing on /diagnostics for {REPORT_LIMIT_S:g} s',
        )
    return _result(source, node, store)


def _check(processes: Processes) -> None:
    """Raise DemoError when a node has ended that should not have."""
    for name, code in processes.exit_codes().items():
        if code or name != 'replay':
            raise DemoError(f'the {name} node ended with exit code {code}')


def _result(source: Source, node: EvaluationNode, store: WindowStore) -> Result:
    duration_s = 0.0
    if node.first_s is not None and node.last_s is not None:
        duration_s = node.last_s - node.first_s + HOP_S
    nan = float('nan')
    return Result(
        counts=Counts.read(node.binner, node.depth),
        duration_s=duration_s,
        latency_ms=(
            float(node.depth.get('latency median (ms)', nan)),
            float(node.depth.get('latency p99 (ms)', nan)),
        ),
        firing=mean_firing(node.firing),
        has_truth=source.truth is not None,
        error=depth_error(store.windows()),
    )
