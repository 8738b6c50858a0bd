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

"""Memory of the inference thread, by hand: evidence of 3 m a window, of which half is left.

The model's depth is its potential: 3, 4.5, 5.25 m and so on while nothing is forgotten.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.inference.continuity import Reset
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.history import History
from spike_depth_ros.ros.conversions import to_time
from spike_depth_ros.ros.depth_report import DepthReport
from spike_depth_ros.ros.depth_worker import DepthResult, DepthWorker
from spike_depth_ros.ros.diagnostics import Report
from spike_depth_ros.ros.spike_link import SpikeWindow
from testing.depth_input import HEIGHT, WIDTH, counts, stereo_rig
from testing.waiting import wait_until

MS = 1_000_000
RIG = stereo_rig()
FEW = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
FEW[0, :60, 0] = FEW[0, :60, 3] = 1


class Bench:
    """A worker that takes one window at a time, and what comes out of it."""

    def __init__(self, model: Path) -> None:
        self.engine = DepthEngine(model, provider='cpu')
        self.results: list[DepthResult] = []
        self.report = DepthReport(self.engine.contract, 0)
        publish, warn = self._publish, lambda problem: None
        self.worker = DepthWorker(self.engine, 10, 500, self.report, publish, warn)
        self.worker.take_stream(RIG, 'left_camera')

    def take(self, stamp_ms: int, frame: np.ndarray | None = None) -> float | None:
        """Return the depth of a window, metres; None if it has none."""
        before = self._counted(), len(self.results)
        header = Header(stamp=to_time(stamp_ms * MS))
        frame = counts() if frame is None else frame
        self.worker.take_window(SpikeWindow(header, frame))
        wait_until(lambda: self._counted() > before[0], 'the window')
        return float(self.results[-1].inference.depth[9, 9]) if self._is_new(before[1]) else None

    @property
    def resets(self) -> Mapping[Reset, int]:
        """Return the resets that are not 0."""
        return {cause: count for cause, count in self.worker.resets.items() if count}

    def make_report(self) -> Report:
        return self.report.make(10**9, '', '', 500, self.worker.resets, self.worker.half_lives_ms)

    def _publish(self, result: DepthResult) -> None:
        self.results.append(result)
        if result.age_ns:
            self.report.window_held(result.age_ns)
        else:
            self.report.window_out(1, 1, result.events, result.inference)

    def _is_new(self, results: int) -> bool:
        return len(self.results) > results

    def _counted(self) -> int:
        c = self.report.counters
        without = c.windows_skipped + c.windows_incomplete + c.windows_unfit
        return c.with_depth + without + c.windows_malformed + c.windows_failed


@pytest.fixture
def bench(leaky_model: Path) -> Iterator[Bench]:
    bench = Bench(leaky_model)
    yield bench
    bench.worker.close()


def approx(*depths: float) -> object:
    return pytest.approx(list(depths), rel=1e-5)


def test_potentials_last_from_window_to_window(bench: Bench) -> None:
    assert [bench.take(stamp) for stamp in (1000, 1050, 1100)] == approx(3, 4.5, 5.25)
    assert bench.resets == {}


def test_skipped_incomplete_and_missing_windows_only_lengthen_the_time(bench: Bench) -> None:
    assert bench.take(1000) == 3
    assert bench.take(1050, FEW) is None
    assert bench.take(1100) == pytest.approx(3 + 3 / 4)
    assert bench.take(1150, counts(right=0)) is None
    assert bench.take(1250) == pytest.approx(3 + 3.75 / 8)  # 1200 never came
    assert bench.resets == {}


@pytest.mark.parametrize('stamp', [1050, 1049, 0])
def test_time_that_runs_back_or_stands_still_is_a_reset(bench: Bench, stamp: int) -> None:
    depths = [bench.take(t) for t in (1000, 1050, stamp, stamp + 50)]
    assert depths == approx(3, 4.5, 3, 4.5)
    assert bench.resets == {Reset.TIME: 1}


def test_a_loop_that_is_seen_in_skipped_windows_alone_is_a_reset(bench: Bench) -> None:
    """The next window with enough events is later than the last one, but of another pass."""
    assert bench.take(1000) == 3
    assert bench.take(900, FEW) is None
    assert bench.take(1050) == 3
    assert bench.resets == {Reset.TIME: 1}


def test_a_gap_of_five_time_constants_is_a_reset(bench: Bench) -> None:
    """5 * 50 ms / log 2 = 360.7 ms."""
    depths = [bench.take(t) for t in (1000, 1360, 1721, 100_000)]
    assert depths == approx(3, 3 + 3 * 0.5**7.2, 3, 3)
    assert bench.resets == {Reset.GAP: 2}


def test_another_rig_is_a_reset_and_the_same_described_again_is_none(bench: Bench) -> None:
    assert bench.take(1000) == 3
    bench.worker.take_stream(replace(RIG, mapped=RIG.mapped.copy()), 'left_camera')
    assert bench.take(1050) == pytest.approx(4.5)
    bench.worker.take_stream(replace(RIG, baseline_m=0.2), 'left_camera')
    assert bench.take(1100) == 3
    assert bench.resets == {Reset.STREAM: 1}


def test_unfit_windows_between_are_a_reset(bench: Bench) -> None:
    assert bench.take(1000) == 3
    bench.worker.reject_stream('a binner starts again')
    assert [bench.take(t) for t in (1050, 1100)] == [None, None]
    bench.worker.take_stream(RIG, 'left_camera')
    assert bench.take(1150) == 3
    assert bench.resets == {Reset.UNFIT: 1}


@pytest.mark.parametrize('of', ['shape', 'image'])
def test_malformed_windows_between_are_a_reset(bench: Bench, of: str) -> None:
    assert bench.take(1000) == 3
    if of == 'shape':
        assert bench.take(1050, counts()[:100]) is None
    else:
        bench.worker.drop_malformed('no image')
    assert [bench.take(t) for t in (1100, 1150)] == approx(3, 4.5)
    assert bench.resets == {Reset.MALFORMED: 1}


def test_a_window_that_fails_is_a_reset(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bench.take(1000) == 3
    with monkeypatch.context() as patch:
        patch.setattr(bench.engine.memory, 'step', None)  # after the network has run
        assert bench.take(1050) is None
    assert [bench.take(t) for t in (1100, 1150)] == approx(3, 4.5)
    assert bench.resets == {Reset.FAILED: 1}
    assert bench.report.counters.windows_failed == 1


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_memory_that_is_not_finite_is_a_reset(bench: Bench, value: float) -> None:
    assert bench.take(1000) == 3
    bench.engine.memory.states['state'][0, 0, 200, 300] = value
    assert [bench.take(t) for t in (1050, 1100)] == approx(3, 4.5)
    assert bench.resets == {Reset.NOT_FINITE: 1}
    assert (
        'memory was forgotten 1 times, as it held NaN or infinity' in bench.make_report().message()
    )


class BrokenMotion:
    """Motion of the rig that leaves no numbers."""

    def move(
        self, states: Mapping[str, np.ndarray], span_ns: tuple[int, int], stream: SpikeStream
    ) -> None:
        states['state'].fill(np.nan)

    def forget(self) -> None:
        """Nothing waits."""


def test_motion_that_leaves_no_numbers_is_a_reset(leaky_model: Path) -> None:
    """OpenVINO's Clip would turn NaN into the largest potential."""
    history = History(DepthEngine(leaky_model), BrokenMotion())
    for stamp_ms in (1000, 1050, 1100):
        history.enter(counts(), RIG, stamp_ms * MS)
        np.testing.assert_array_equal(history.infer(counts()).depth, 3)
    assert history.resets == {Reset.NOT_FINITE: 2}


def test_the_report_has_half_life_age_and_resets_by_cause(bench: Bench) -> None:
    assert [bench.take(t) for t in (1000, 1050, 9000)] == approx(3, 4.5, 3)
    values = bench.make_report().values
    assert values['memory half life (ms)'] == '50'
    assert values['depth age (ms)'] == 0
    resets = {key: value for key, value in values.items() if key.startswith('memory resets: ')}
    assert len(resets) == len(Reset) and sum(map(int, resets.values())) == 1
    assert resets['memory resets: gap'] == 1


def test_a_clock_that_jumps_to_and_fro_is_a_problem(bench: Bench) -> None:
    for stamp in (1000, 1050, 1000, 1050, 1000, 1050, 1000):
        assert bench.take(stamp) is not None
    assert 'ran back or stood still 3 times' in bench.make_report().message()
    assert bench.make_report().values['memory resets: time ran back or stood still'] == 3
    assert 'ran back' not in bench.make_report().message()


def test_a_model_without_memory_reports_none(stereo_model: Path) -> None:
    bench = Bench(stereo_model)
    assert [bench.take(t) for t in (1000, 1050, 1000)] == [3, 3, 3]
    bench.worker.close()
    assert bench.resets == {}
    assert not [key for key in bench.make_report().values if key.startswith('memory')]


def test_depth_is_held_for_windows_with_too_few_events(bench: Bench) -> None:
    bench.worker.hold_ns = 100 * MS
    assert bench.take(1000) == 3
    assert [bench.take(t, FEW) for t in (1050, 1100, 1150)] == [3, 3, None]
    assert [result.age_ns // MS for result in bench.results] == [0, 50, 100]
    confidences = [float(result.inference.confidence[9, 9]) for result in bench.results]
    assert confidences == approx(1, 0.5**0.5, 0.5)
    stamps = [result.header.stamp.nanosec for result in bench.results[1:]]
    assert stamps == [50 * MS, 100 * MS]
    counters = bench.report.counters
    assert (counters.windows_held, counters.windows_skipped, counters.windows_out) == (2, 1, 1)
    assert bench.take(1200) == pytest.approx(3 + 3 / 16)  # depth that is held is no evidence


def test_depth_of_a_stateless_model_is_held_too(stereo_model: Path) -> None:
    bench = Bench(stereo_model)
    bench.worker.hold_ns = 100 * MS
    assert [bench.take(1000), bench.take(1050, FEW), bench.take(1150, FEW)] == [3, 3, None]
    bench.worker.close()


def test_no_depth_is_held_while_one_camera_is_silent(bench: Bench) -> None:
    bench.worker.hold_ns = 1000 * MS
    assert bench.take(1000) == 3
    assert bench.take(1050, counts(right=0)) is None
    one_sided = FEW.copy()
    one_sided[..., 3] = 0
    assert bench.take(1100, one_sided) is None
    assert bench.report.counters.windows_incomplete == 2
    assert bench.take(1150, FEW * 0) == 3  # nothing moves before either camera
    assert bench.report.counters.windows_held == 1


def test_depth_of_another_time_rig_or_binner_is_not_held(bench: Bench) -> None:
    bench.worker.hold_ns = 10_000 * MS
    assert [bench.take(1000), bench.take(950, FEW), bench.take(1000, FEW)] == [3, None, None]
    assert bench.take(1050) == 3
    bench.worker.take_stream(replace(RIG, baseline_m=0.2), 'left_camera')
    assert bench.take(1100, FEW) is None
    assert bench.take(1150) == 3
    bench.worker.reject_stream('a binner starts again')
    assert bench.take(1200, FEW) is None
    bench.worker.take_stream(replace(RIG, baseline_m=0.2), 'left_camera')
    assert bench.take(1250, FEW) is None


def test_events_have_an_age(bench: Bench) -> None:
    left = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    left[5, :, 1] = 1
    bench.take(1000)
    bench.take(1050, left)
    bench.take(1200)
    ages = bench.results[0].event_age.seconds(1300 * MS, RIG.mapped)
    np.testing.assert_allclose(ages[5:7, 1:], 0.1)
    bench.take(1200, left)  # time stands still
    ages = bench.results[0].event_age.seconds(1300 * MS, RIG.mapped)
    np.testing.assert_allclose(ages[5, 1:], 0.1)
    assert np.isnan(ages[6]).all()
