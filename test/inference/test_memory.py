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

"""Memory of a model: leak and gain computed by hand, and potentials from window to window."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from inference.conftest import WriteModel
from onnx import TensorProto, helper

from spike_depth_ros.inference.contract import ContractError, ModelContract
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.memory import COMMON_SHARE, LEAST_SHARE, MembraneState
from spike_depth_ros.inference.model_file import ModelError

MS = 1_000_000
TAU_MS = 50 / math.log(2)  # half of a potential is left after 50 ms
STATE = MembraneState('state', (TAU_MS,))


def with_state(path: Path, state: MembraneState, out: str = 'state_out') -> Path:
    """Add a membrane to the small network: its depth becomes the potential; return its path."""
    model = onnx.load(path)
    graph = model.graph
    (depth,) = (node for node in graph.output if node.name == 'depth')
    shape = [side.dim_value for side in depth.type.tensor_type.shape.dim]
    floats = {'state_in': shape, 'state_leak': state.factors_shape(shape)}
    floats['state_gain'] = floats['state_leak']
    for name, shape in floats.items():
        graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    graph.output.append(helper.make_tensor_value_info(out, TensorProto.FLOAT, shape))
    for node in graph.node:
        if node.output[0] == 'depth':
            node.output[0] = 'evidence'
    graph.node.extend(
        [
            helper.make_node('Mul', ['state_in', 'state_leak'], ['kept']),
            helper.make_node('Mul', ['evidence', 'state_gain'], ['added']),
            helper.make_node('Add', ['kept', 'added'], [out]),
            helper.make_node('Identity', [out], ['depth']),
        ]
    )
    onnx.save(model, path)
    return path


@pytest.fixture
def small(contract: ModelContract) -> ModelContract:
    return replace(contract, width=5, height=3)


@pytest.fixture
def counts() -> np.ndarray:
    frame = np.zeros((3, 5, 4), np.uint8)
    frame[1, 2, 0] = 8  # depth is the count of channel 0
    return frame


def test_leak_and_gain_by_hand() -> None:
    np.testing.assert_allclose(STATE.leak(50.0), 0.5, rtol=1e-6)
    np.testing.assert_allclose(STATE.leak(25.0), 0.5**0.5, rtol=1e-6)
    np.testing.assert_array_equal(STATE.gain(50.0, 50.0), 1)
    np.testing.assert_array_equal(STATE.gain(200.0, 50.0), 1)
    np.testing.assert_allclose(STATE.gain(25.0, 50.0), (1 - 0.5**0.5) / 0.5, rtol=1e-6)
    assert (STATE.leak(math.inf), STATE.gain(math.inf, 50.0)) == (0, 1)


@pytest.mark.parametrize('tau_ms', [1e-3, 1.0, 1e6, 1e9])
@pytest.mark.parametrize('averages', [False, True])
def test_leak_and_gain_are_finite_for_every_time_constant(tau_ms: float, averages: bool) -> None:
    state = MembraneState('state', (tau_ms,), averages)
    for elapsed_ms in (1e-6, 1.0, 50.0, 1e12, math.inf):
        leak, gain = state.leak(elapsed_ms).item(), state.gain(elapsed_ms, 50.0).item()
        assert 0 <= leak <= 1 and 0 <= gain <= 1
        if averages:
            assert leak + gain == pytest.approx(1)
    if not averages and tau_ms > 1e5:  # nothing leaks: the share of new events
        assert state.gain(10.0, 50.0).item() == pytest.approx(0.2, rel=1e-3)


def test_the_time_constant_falls_with_the_share_of_pixels_with_events() -> None:
    state = MembraneState('state', (TAU_MS,), events_exponent=0.5)
    four_times = 4 * COMMON_SHARE - LEAST_SHARE
    shares = np.array([[COMMON_SHARE - LEAST_SHARE, four_times]])
    np.testing.assert_allclose(state.leak(50.0, shares), [[[[0.5, 0.25]]]], rtol=1e-6)
    np.testing.assert_allclose(state.gain(25.0, 50.0, four_times), 0.5 / 0.75, rtol=1e-6)
    assert state.longest_tau_ms == pytest.approx(TAU_MS * (COMMON_SHARE / LEAST_SHARE) ** 0.5)
    with pytest.raises(ValueError, match='events_exponent of state is -1'):
        MembraneState('state', (TAU_MS,), events_exponent=-1)


def test_potentials_age_with_the_events_around_them(
    write_model: WriteModel, small: ModelContract
) -> None:
    state = MembraneState('state', (TAU_MS,), events_exponent=0.5)
    wide = replace(small, width=120, height=8, states=(state,))
    spikes = 'spikes', TensorProto.UINT8, [1, 8, 120, 4]
    path = write_model(wide.to_metadata(), spikes=spikes, depth=('depth', [1, 1, 8, 120]))
    engine = DepthEngine(with_state(path, state), provider='cpu')
    counts = np.zeros((8, 120, 4), np.uint8)
    counts[:, :8, 1] = 1  # depth is the count of channel 0
    engine.infer(counts)
    engine.memory.states['state'][...] = 8
    left = engine.infer(counts, 50 * MS).depth
    # Cells 0 to 4 reach 64 of the pixels with events, among 40, 48, ..., 72 columns of 8 pixels.
    for cell, columns in enumerate((40, 48, 56, 64, 72)):
        half_lives = ((8 / columns + LEAST_SHARE) / COMMON_SHARE) ** 0.5
        expected = np.full((8, 8), 8 * 0.5**half_lives)
        np.testing.assert_allclose(left[:, 8 * cell : 8 * cell + 8], expected, rtol=1e-5)
    longest = (COMMON_SHARE / LEAST_SHARE) ** 0.5
    np.testing.assert_allclose(left[:, 40:], 8 * 0.5 ** (1 / longest), rtol=1e-5)
    shortest = (COMMON_SHARE / (0.2 + LEAST_SHARE)) ** 0.5
    assert engine.memory.half_lives_ms == pytest.approx((50 * shortest, 50 * longest))


def test_each_channel_has_its_own_time_constant() -> None:
    state = MembraneState('state', (TAU_MS, 2 * TAU_MS))
    np.testing.assert_allclose(state.leak(100.0), [[[[0.25]], [[0.5]]]], rtol=1e-6)


@pytest.mark.parametrize('hop_ms', [50.0, 20.0, 10.0])
@pytest.mark.parametrize('averages', [False, True])
def test_a_constant_scene_has_the_same_potentials_at_every_hop(
    hop_ms: float, averages: bool
) -> None:
    state, v = MembraneState('state', (TAU_MS,), averages), 0.0
    for number in range(200):
        elapsed_ms = hop_ms if number else math.inf
        v = v * state.leak(elapsed_ms).item() + 3.0 * state.gain(elapsed_ms, 50.0).item()
    assert v == pytest.approx(3.0 if averages else 6.0, rel=1e-5)


def test_potentials_last_and_leak(
    write_model: WriteModel, small: ModelContract, counts: np.ndarray
) -> None:
    metadata = replace(small, states=(STATE,)).to_metadata()
    engine = DepthEngine(with_state(write_model(metadata), STATE), provider='cpu')
    dark = np.zeros_like(counts)
    depths = [
        engine.infer(frame, elapsed).depth[1, 2]
        for frame, elapsed in (
            (counts, None),
            (counts, 50 * MS),
            (dark, 100 * MS),
            (counts, None),
            (counts, 50 * MS),
        )
    ]
    np.testing.assert_allclose(depths, [8, 12, 3, 8, 12], rtol=1e-6)
    engine.memory.states['state'][...] = 4
    assert engine.infer(dark, 50 * MS).depth[1, 2] == pytest.approx(2)


def test_a_model_without_memory_ignores_the_time(
    write_model: WriteModel, small: ModelContract, counts: np.ndarray
) -> None:
    metadata = small.to_metadata()
    assert 'spike_depth.states' not in metadata
    engine = DepthEngine(write_model(metadata), provider='cpu')
    assert engine.memory.states == {}
    assert [engine.infer(counts, t).depth[1, 2] for t in (None, 50 * MS)] == [8, 8]


def test_forgetting_removes_a_potential_that_is_no_number(
    write_model: WriteModel, small: ModelContract, counts: np.ndarray
) -> None:
    metadata = replace(small, states=(STATE,)).to_metadata()
    engine = DepthEngine(with_state(write_model(metadata), STATE), provider='cpu')
    engine.memory.states['state'][...] = np.nan
    assert np.isnan(engine.infer(counts, 50 * MS).depth).all()
    assert engine.infer(counts).depth[1, 2] == 8


@pytest.mark.parametrize('elapsed_ns', [0, -1])
def test_time_that_does_not_pass_is_refused(
    write_model: WriteModel, small: ModelContract, counts: np.ndarray, elapsed_ns: int
) -> None:
    engine = DepthEngine(write_model(small.to_metadata()), provider='cpu')
    with pytest.raises(ValueError, match=f'elapsed_ns is {elapsed_ns}, but must be above 0'):
        engine.infer(counts, elapsed_ns)


@pytest.mark.parametrize(
    ('state', 'out', 'message'),
    [
        (replace(STATE, name='other'), 'state_out', "has the input 'state_in', but .* alone are"),
        (STATE, 'state2_out', "has no output 'state_out'"),
        (replace(STATE, tau_ms=(1.0, 2.0)), 'state_out', '2 time constants for the 1 channels'),
    ],
)
def test_states_that_contradict_the_graph(
    write_model: WriteModel, small: ModelContract, state: MembraneState, out: str, message: str
) -> None:
    metadata = replace(small, states=(state,)).to_metadata()
    path = with_state(write_model(metadata), state, out)
    with pytest.raises(ModelError, match=message):
        DepthEngine(path, provider='cpu')


Break = Callable[[onnx.GraphProto], None]


def without_output(graph: onnx.GraphProto) -> None:
    del graph.output[-1]


def shaped(kind: str, place: int, dtype: int, shape: Sequence[int | str]) -> Break:
    """Return what gives an input or output another type and shape."""

    def change(graph: onnx.GraphProto) -> None:
        value = getattr(graph, kind)[place]
        value.CopyFrom(helper.make_tensor_value_info(value.name, dtype, shape))

    return change


@pytest.mark.parametrize('provider', ['cpu', 'openvino'])
@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (without_output, "has no output 'state_out'; it has depth, firing_rates, mean_spikes"),
        (shaped('input', -3, TensorProto.FLOAT, [1, 1, 1, 5]), "'state_out' as float32"),
        (shaped('input', -3, TensorProto.FLOAT, [1, 1, 3, 'w']), r"'state_in' of shape .*'w'\]"),
        (
            shaped('input', -2, TensorProto.FLOAT, [1, 1, 3, 1]),
            "'state_leak' as float32",
        ),
        (shaped('input', -1, TensorProto.FLOAT, [1]), r"'state_gain' as float32 \[1\]"),
    ],
)
def test_a_graph_that_contradicts_its_states_is_refused(
    write_model: WriteModel, small: ModelContract, change: Break, message: str, provider: str
) -> None:
    path = with_state(write_model(replace(small, states=(STATE,)).to_metadata()), STATE)
    model = onnx.load(path)
    change(model.graph)
    onnx.save(model, path)
    with pytest.raises(ModelError, match=message) as refused:
        DepthEngine(path, provider=provider)
    assert str(refused.value).endswith('; export it again.')


@pytest.mark.parametrize(
    'text',
    [
        '[{"name": "state", "tau_ms": [0], "averages": false}]',
        '[{"name": "state", "tau_ms": [NaN], "averages": false}]',
        '[{"name": "state", "tau_ms": [], "averages": false}]',
        '[{"name": "a b", "tau_ms": [1], "averages": false}]',
        '[{"name": "state", "averages": false}]',
        '[{"name": "state", "tau_ms": [-1], "averages": false}]',
        '[{"name": "state", "tau_ms": [1e999], "averages": false}]',
        '[{"name": "state", "tau_ms": ["50"], "averages": false}]',
        '[{"name": "state", "tau_ms": 50, "averages": false}]',
        '[{"name": "state", "tau_ms": [1], "averages": "no"}]',
        '[{"name": 1, "tau_ms": [1], "averages": false}]',
        '[{"name": "state", "tau_ms": [1]}]',
        '[{"name": "state", "tau_ms": [1], "averages": true}, '
        '{"name": "state", "tau_ms": [1], "averages": true}]',
        '{"name": "state", "tau_ms": [1], "averages": true}',
        'state',
        '["state"]',
    ],
)
def test_states_that_cannot_be(contract: ModelContract, text: str) -> None:
    with pytest.raises(ContractError, match=r'states is .*, but must be a JSON list of states'):
        ModelContract.from_metadata({**contract.to_metadata(), 'spike_depth.states': text})
