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

"""History against a reference: any order of windows, stamps, rigs and skips."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from inference.conftest import WriteModel
from inference.test_memory import STATE, TAU_MS, with_state

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.inference.continuity import GAP_TAUS, Reset
from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.history import History

MS, WINDOW_MS, EVENTS = 1_000_000, 50.0, 8
STEPS_MS = (10, 20, 50, 50, 50, 130, 360, 361, 5000, 0, -30, -5000)


@pytest.fixture
def model(write_model: WriteModel, contract: ModelContract) -> Path:
    small = replace(contract, width=5, height=3, states=(STATE,))
    return with_state(write_model(small.to_metadata()), STATE)


def streams(contract: ModelContract) -> list[SpikeStream]:
    """Return two descriptions of one rig, and one of another."""
    one = SpikeStream(
        window_ns=contract.window_ns,
        hop_ns=contract.window_ns,
        channels=4,
        camera=contract.camera,
        baseline_m=0.1,
        sync='sensor',
        mapped=np.ones((3, 5), bool),
    )
    return [one, replace(one, mapped=one.mapped.copy()), replace(one, baseline_m=0.2)]


class Reference:
    """Potential of one pixel and the resets, in plain Python."""

    def __init__(self) -> None:
        self.v, self.resets = 0.0, Counter[Reset]()
        self._inferred_ms: int | None = None
        self._latest: tuple[int, float] | None = None  # stamp and baseline

    def enter(self, stamp_ms: int, baseline_m: float) -> None:
        if self._latest is not None and baseline_m != self._latest[1]:
            self._forget(Reset.STREAM)
        elif self._latest is not None and stamp_ms <= self._latest[0]:
            self._forget(Reset.TIME)
        self._latest = stamp_ms, baseline_m

    def infer(self, stamp_ms: int) -> float:
        if self._inferred_ms is not None and stamp_ms - self._inferred_ms > GAP_TAUS * TAU_MS:
            self._forget(Reset.GAP)
        elapsed_ms = math.inf if self._inferred_ms is None else stamp_ms - self._inferred_ms
        new = 1 - math.exp(-min(elapsed_ms, WINDOW_MS) / TAU_MS)
        gain = new / (1 - math.exp(-WINDOW_MS / TAU_MS))
        self.v = self.v * math.exp(-elapsed_ms / TAU_MS) + gain * EVENTS
        self._inferred_ms = stamp_ms
        return self.v

    def _forget(self, cause: Reset) -> None:
        self.resets[cause] += self._inferred_ms is not None
        self._inferred_ms = None


@pytest.mark.parametrize('seed', range(5))
def test_any_order_of_windows(model: Path, seed: int) -> None:
    random, reference = np.random.default_rng(seed), Reference()
    engine = DepthEngine(model, provider='cpu')
    history, rigs = History(engine), streams(engine.contract)
    counts, stamp_ms = np.zeros((3, 5, 4), np.uint8), 10_000_000
    counts[1, 2, 0] = EVENTS
    for _ in range(300):
        stamp_ms += int(random.choice(STEPS_MS))
        stream = rigs[random.choice(3, p=[0.6, 0.38, 0.02])]
        history.enter(counts, stream, stamp_ms * MS)
        reference.enter(stamp_ms, stream.baseline_m)
        if random.random() < 0.7:  # the others have too few events
            depth = history.infer(counts).depth[1, 2]
            assert depth == pytest.approx(reference.infer(stamp_ms), rel=1e-5)
    assert {cause: n for cause, n in history.resets.items() if n} == +reference.resets
    assert min(reference.resets[cause] for cause in (Reset.TIME, Reset.GAP)) > 0


def test_activity_of_windows_that_do_not_overlap(model: Path) -> None:
    engine = DepthEngine(model, provider='cpu')
    engine.load_shorter()
    history, counts = History(engine), np.ones((3, 5, 4), np.uint8)
    often = replace(streams(engine.contract)[0], hop_ns=10 * MS)
    # A stamp 1 ms early; a gap; time that runs back.
    stamps_ms = (100, 110, 120, 130, 140, 149, 160, 250, 260, 90, 100)
    counted = []
    for stamp_ms in stamps_ms:
        history.enter(counts, often, stamp_ms * MS)
        if len(history.infer(counts).firing_rates):
            counted.append(stamp_ms)
    assert counted == [100, 149, 250, 90]


def test_memory_lasts_over_windows_without_activity(model: Path) -> None:
    depths = []
    for loads in (False, True):
        engine = DepthEngine(model, provider='cpu')
        if loads:
            engine.load_shorter()
        history, counts = History(engine), np.full((3, 5, 4), 2, np.uint8)
        often = replace(streams(engine.contract)[0], hop_ns=10 * MS)
        for number in range(12):
            history.enter(counts, often, (100 + 10 * number) * MS)
            depths.append(history.infer(counts).depth[1, 2])
    assert depths[:12] == depths[12:]
    assert len(set(depths)) == 12


def test_confidence_that_is_no_number_is_found_in_each_window(
    write_model: WriteModel, contract: ModelContract
) -> None:
    small = replace(contract, width=5, height=3)
    confidence = (onnx.TensorProto.FLOAT, [1, 1, 3, 5])
    path = write_model(small.to_metadata(), confidence=confidence)
    model = onnx.load(path)
    (weights,) = (each for each in model.graph.initializer if each.name == 'weights')
    weights.float_data[0] = -1  # one event: a depth of -1, and a confidence of 1 / 0
    onnx.save(model, path)
    engine = DepthEngine(path, provider='cpu')
    engine.load_shorter()
    history, stream = History(engine), replace(streams(engine.contract)[0], hop_ns=10 * MS)
    window = np.zeros((3, 5, 4), np.uint8)
    for stamp_ms, events in ((100, 0), (150, 1), (160, 1), (170, 1), (180, 0), (190, 0)):
        window[1, 2, 0] = events
        history.enter(window, stream, stamp_ms * MS)
        if events:
            with pytest.raises(ValueError, match='no number'):
                history.infer(window, needs_confidence=False)
        else:
            found = history.infer(window, needs_confidence=False)
            assert (found.confidence is None) == (stamp_ms == 190)
