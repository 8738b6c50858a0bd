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

"""Fixtures: a contract, and a writer of small ONNX files that fit or break it."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.contract import ModelContract

WriteModel = Callable[..., Path]


@pytest.fixture
def contract() -> ModelContract:
    return ModelContract(
        window_ns=50_000_000,
        channels=4,
        **asdict(MVSEC_RIG.camera),
        baseline_m=0.1,
        depth_min_m=0.5,
        depth_max_m=10.0,
        layers=('bottom', 'conv1'),
        sizes=(100.0, 50.0),
        fanouts=(400.0, 800.0),
        firing_rate_low=(0.01, 0.02),
        firing_rate_high=(0.2, 0.3),
        input_fanout=25.0,
        operations=123,
        training_data='simulated scenes',
        recipe='none',
        commit='0123abc',
    )


@pytest.fixture
def write_model(tmp_path: Path) -> WriteModel:
    """Return a function that writes a network whose outputs are easy to compute by hand.

    depth = counts of channel 0 + 2 * counts of the last channel; each firing rate is the non-zero
    share of the frame, each mean spike its mean. With a type and shape of confidence it is
    1 / (1 + depth).
    """

    def write(
        metadata: dict[str, str],
        spikes: tuple[str, int, list[int]] = ('spikes', TensorProto.UINT8, [1, 3, 5, 4]),
        depth: tuple[str, list[int]] = ('depth', [1, 1, 3, 5]),
        layers: int = 2,
        extra_input: bool = False,
        confidence: tuple[int, list[int]] | None = None,
    ) -> Path:
        name, dtype, shape = spikes
        inputs = [helper.make_tensor_value_info(name, dtype, shape)]
        if extra_input:
            inputs.append(helper.make_tensor_value_info('imu', TensorProto.FLOAT, [6]))
        outputs = [helper.make_tensor_value_info(depth[0], TensorProto.FLOAT, depth[1])] + [
            helper.make_tensor_value_info(output, TensorProto.FLOAT, [layers])
            for output in ('firing_rates', 'mean_spikes')
        ]
        nodes = _nodes(name, depth[0], layers)
        if confidence:
            outputs.append(helper.make_tensor_value_info('confidence', *confidence))
            nodes += _confidence_nodes(depth[0], *confidence)
        graph = helper.make_graph(nodes, 'tiny', inputs, outputs)
        graph.initializer.extend(_weights(shape[3], depth[1]))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
        helper.set_model_props(model, metadata)
        path = tmp_path / 'tiny.onnx'
        onnx.save(model, path)
        return path

    return write


def _nodes(spikes: str, depth: str, layers: int) -> list[onnx.NodeProto]:
    node = helper.make_node
    return [
        node('Cast', [spikes], ['frame'], to=TensorProto.FLOAT),
        node('Transpose', ['frame'], ['counts'], perm=[0, 3, 1, 2]),
        node('Conv', ['counts', 'weights'], ['sum']),
        node('Reshape', ['sum', 'depth_shape'], [depth]),
        node('Sign', ['counts'], ['fired']),
        node('ReduceMean', ['fired'], ['rate'], axes=[0, 1, 2, 3], keepdims=0),
        node('ReduceMean', ['counts'], ['mean'], axes=[0, 1, 2, 3], keepdims=0),
        node('Reshape', ['rate', 'one'], ['rate1']),
        node('Reshape', ['mean', 'one'], ['mean1']),
        node('Concat', ['rate1'] * layers, ['firing_rates'], axis=0),
        node('Concat', ['mean1'] * layers, ['mean_spikes'], axis=0),
    ]


def _confidence_nodes(depth: str, dtype: int, shape: list[int]) -> list[onnx.NodeProto]:
    node, tensor = helper.make_node, helper.make_tensor
    return [
        node('Constant', [], ['unit'], value=tensor('', TensorProto.FLOAT, [], [1.0])),
        node('Constant', [], ['shape'], value=tensor('', TensorProto.INT64, [len(shape)], shape)),
        node('Add', [depth, 'unit'], ['doubt']),
        node('Reciprocal', ['doubt'], ['trust']),
        node('Reshape', ['trust', 'shape'], ['shaped']),
        node('Cast', ['shaped'], ['confidence'], to=dtype),
    ]


def _weights(channels: int, depth_shape: list[int]) -> list[onnx.TensorProto]:
    weights = [1.0] + [0.0] * (channels - 2) + [2.0]
    tensor = helper.make_tensor
    return [
        tensor('weights', TensorProto.FLOAT, [1, channels, 1, 1], weights),
        tensor('depth_shape', TensorProto.INT64, [len(depth_shape)], depth_shape),
        tensor('one', TensorProto.INT64, [1], [1]),
    ]
