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

"""Inference thread without topics."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.ros.conversions import to_time
from spike_depth_ros.ros.depth_report import DepthReport
from spike_depth_ros.ros.depth_worker import DepthResult, DepthWorker
from spike_depth_ros.ros.spike_link import SpikeWindow
from testing.waiting import wait_until

HEIGHT, WIDTH = MVSEC_RIG.camera.height, MVSEC_RIG.camera.width
RIG = SpikeStream(
    window_ns=50_000_000,
    hop_ns=50_000_000,
    channels=4,
    camera=MVSEC_RIG.camera,
    baseline_m=MVSEC_RIG.baseline_m,
    sync='sensor',
    mapped=np.ones((HEIGHT, WIDTH), bool),
)


class Bench:
    """A worker, its report, results and warnings."""

    def __init__(self, model: Path, publish: Callable[[DepthResult], None] | None = None) -> None:
        engine = DepthEngine(model)
        self.stamp_ns = 0
        self.answers: list[DepthResult] = []
        self.warnings: list[str] = []
        self.report = DepthReport(engine.contract, 0)
        publish = publish or self.answers.append
        self.worker = DepthWorker(engine, 100, 500, self.report, publish, self.warnings.append)

    def take(self, counts: np.ndarray, hop_ns: int = RIG.hop_ns) -> None:
        """Take a window, hop_ns after the one before."""
        self.stamp_ns += hop_ns
        header = Header(stamp=to_time(self.stamp_ns), frame_id='left_camera')
        self.worker.take_window(SpikeWindow(header, counts))

    def until(self, condition: Callable[[], object]) -> None:
        try:
            wait_until(condition, 'the worker')
        except TimeoutError as error:
            error.add_note(f'{self.report.counters}, {self.warnings}')
            raise


def ones(shape: tuple[int, ...] = (HEIGHT, WIDTH, 4)) -> np.ndarray:
    return np.ones(shape, np.uint8)


def test_an_answer(stereo_model: Path) -> None:
    bench = Bench(stereo_model)
    bench.worker.take_stream(RIG, 'left_camera')
    bench.take(ones())
    bench.until(lambda: bench.answers)
    bench.worker.close()

    (answer,) = bench.answers
    assert (answer.header.frame_id, answer.stream) == ('left_camera', RIG)
    assert answer.events == 4 * HEIGHT * WIDTH
    np.testing.assert_array_equal(answer.inference.depth, np.full((HEIGHT, WIDTH), 3.0))


def test_of_windows_that_overlap_some_are_measured(confident_model: Path) -> None:
    bench, often = Bench(confident_model), replace(RIG, hop_ns=10_000_000)
    bench.worker.take_stream(often, 'left_camera')
    for number in range(8):
        reads = number == 3
        bench.worker.needs_confidence = lambda reads=reads: reads
        bench.take(ones(), often.hop_ns)
        bench.until(lambda expected=number + 1: len(bench.answers) == expected)
    bench.worker.close()

    assert [n for n, answer in enumerate(bench.answers) if answer.is_measured] == [0, 5]
    sure = [n for n, each in enumerate(bench.answers) if each.inference.confidence is not None]
    assert sure == [0, 3, 5]
    assert all((answer.inference.depth == 3.0).all() for answer in bench.answers)


def test_windows_without_depth_are_counted(stereo_model: Path) -> None:
    bench = Bench(stereo_model)
    counters = bench.report.counters
    bench.take(ones())
    bench.until(lambda: counters.windows_unfit)
    bench.worker.take_stream(RIG, 'left_camera')
    bench.take(ones((100, WIDTH, 4)))
    bench.take(ones() * np.array([1, 1, 0, 0], np.uint8))
    bench.worker.drop_malformed('no image')
    bench.until(lambda: counters.windows_incomplete)
    bench.worker.reject_stream('no rig any more')
    bench.take(ones())
    bench.until(lambda: counters.windows_unfit == 2)
    bench.worker.close()

    assert not bench.answers
    assert (counters.windows_in, counters.windows_malformed) == (5, 2)
    assert bench.worker.reason == bench.warnings[-1] == 'no rig any more'


def test_a_window_that_fails_is_counted_and_the_next_answered(stereo_model: Path) -> None:
    published: list[DepthResult] = []

    def publish(answer: DepthResult) -> None:
        published.append(answer)
        if len(published) == 1:
            raise TypeError('no such\nthing')

    bench = Bench(stereo_model, publish)
    bench.worker.take_stream(RIG, 'left_camera')
    bench.take(ones())
    bench.take(ones())
    bench.until(lambda: len(published) == 2)
    bench.worker.close()

    assert bench.report.counters.windows_failed == 1
    assert bench.warnings == ['no such thing']


def test_a_stream_that_does_not_fit_has_a_reason(stereo_model: Path) -> None:
    bench = Bench(stereo_model)
    assert bench.worker.reason.startswith('no spikes/info yet')
    bench.worker.take_stream(SpikeStream(**{**vars(RIG), 'window_ns': 20_000_000}), 'left_camera')
    assert 'is 20 ms, but the model needs 50 ms' in bench.worker.reason
    bench.worker.take_stream(RIG, 'left_camera')
    assert bench.worker.reason == ''
    bench.worker.close()
