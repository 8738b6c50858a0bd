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

"""DDS isolation, a probe for each test, and small models for the nodes."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import onnx
import pytest

from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.memory import MembraneState
from testing.domains import isolate
from testing.probe import Probe

# Each pytest worker imports this file, and gets a domain of its own.
isolate()


# Depth is 1 m for each ON event of the left camera and 2 m for each OFF event of the last one.
# Confidence, where it is given, is 1 / (1 + the left camera's OFF events). Memory, where it is
# given, adds half of the depth of 50 ms ago; it has the same potential for several disparities.
GRAPH = """
<ir_version: 8, opset_import: ["" : 17]>
tiny (uint8[1,260,346,{channels}] spikes{inputs})
    => (float[1,1,260,346] depth, float[1] firing_rates, float[1] mean_spikes{outputs})
<float[{disparities},{channels},1,1] weights = {{{weights}}}, int64[1] one = {{1}}>
{{
    frame = Cast<to=1>(spikes)
    counts = Transpose<perm=[0,3,1,2]>(frame)
    {evidence} = Conv(counts, weights)
    fired = Sign(counts)
    rate = ReduceMean<axes=[0,1,2,3], keepdims=0>(fired)
    mean = ReduceMean<axes=[0,1,2,3], keepdims=0>(counts)
    firing_rates = Reshape(rate, one)
    mean_spikes = Reshape(mean, one)
{nodes}
}}
"""
CONFIDENCE = """
    off_weights = Constant<value = float[1,4,1,1] {0, 1, 0, 0}>()
    unit = Constant<value = float {1}>()
    off = Conv(counts, off_weights)
    doubt = Add(off, unit)
    confidence = Reciprocal(doubt)
"""
STATE = 'float[1,{disparities},260,346]'
FACTORS = f', {STATE} state_in, float[1,1,1,1] state_leak, float[1,1,1,1] state_gain'
MEMORY = """
    kept = Mul(state_in, state_leak)
    added = Mul(evidence, state_gain)
    state_out = Add(kept, added)
    depth = ReduceMean<axes=[1]>(state_out)
"""
HALF_LIFE_MS = 50.0


def contract(channels: int, memory: bool) -> ModelContract:
    return ModelContract(
        window_ns=50_000_000,
        channels=channels,
        **asdict(MVSEC_RIG.camera),
        baseline_m=MVSEC_RIG.baseline_m,
        depth_min_m=0.5,
        depth_max_m=10.0,
        layers=('only',),
        sizes=(channels * 260 * 346,),
        fanouts=(10.0,),
        firing_rate_low=(0.0,),
        firing_rate_high=(1.0,),
        input_fanout=25.0,
        operations=2_000_000_000,
        training_data='none',
        recipe='none',
        commit='none',
        states=(MembraneState('state', (HALF_LIFE_MS / math.log(2),)),) if memory else (),
    )


def write_model(path: Path, channels: int, confidence: bool = False, disparities: int = 0) -> Path:
    memory = disparities > 0
    graph = GRAPH.format(
        channels=channels,
        disparities=max(disparities, 1),
        weights=', '.join(['1', *['0'] * (channels - 2), '2'] * max(disparities, 1)),
        inputs=FACTORS.format(disparities=disparities) if memory else '',
        outputs=', float[1,1,260,346] confidence' * confidence
        + f', {STATE} state_out'.format(disparities=disparities) * memory,
        evidence='evidence' if memory else 'depth',
        nodes=CONFIDENCE * confidence + MEMORY * memory,
    )
    model = onnx.parser.parse_model(graph)
    onnx.helper.set_model_props(model, contract(channels, memory).to_metadata())
    onnx.save(model, path)
    return path


@pytest.fixture(scope='session', autouse=True)
def compiled() -> None:
    """Compile the decoders before the first node starts, which then loads them from the cache."""
    Binner.warm_up()


@pytest.fixture(scope='session')
def stereo_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp('model') / 'stereo.onnx', channels=4)


@pytest.fixture(scope='session')
def confident_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('model') / 'confident.onnx'
    return write_model(path, channels=4, confidence=True)


@pytest.fixture(scope='session')
def leaky_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('model') / 'leaky.onnx'
    return write_model(path, channels=4, confidence=True, disparities=1)


@pytest.fixture(scope='session')
def volume_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('model') / 'volume.onnx'
    return write_model(path, channels=4, disparities=2)


@pytest.fixture(scope='session')
def mono_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp('model') / 'mono.onnx', channels=2)


@pytest.fixture
def probe() -> Iterator[Probe]:
    with Probe() as probe:
        yield probe
