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

"""Depth engine on ONNX files: outputs, and one sentence per broken contract."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.engine import DepthEngine, Outputs
from spike_depth_ros.inference.model_file import ModelError
from spike_depth_ros.inference.session import physical_cores

WriteModel = Callable[..., Path]


@pytest.fixture
def metadata(contract: ModelContract) -> dict[str, str]:
    return replace(contract, width=5, height=3).to_metadata()


def test_infers(write_model: WriteModel, metadata: dict[str, str]) -> None:
    engine = DepthEngine(write_model(metadata), threads=1)
    assert engine.contract == ModelContract.from_metadata(metadata)
    engine.warm_up()
    counts = np.zeros((3, 5, 4), dtype=np.uint8)
    counts[1, 2] = (7, 0, 0, 255)
    counts[2, 4] = (0, 9, 0, 0)
    inference = engine.infer(counts)
    expected = np.zeros((3, 5), dtype=np.float32)
    expected[1, 2] = 7 + 2 * 255
    assert inference.depth.dtype == np.float32
    assert np.array_equal(inference.depth, expected)
    assert inference.firing_rates == pytest.approx([3 / 60] * 2)
    assert inference.mean_spikes == pytest.approx([(7 + 255 + 9) / 60] * 2)
    assert inference.confidence is None
    assert not engine.gives_confidence


def test_confidence(write_model: WriteModel, metadata: dict[str, str]) -> None:
    engine = DepthEngine(write_model(metadata, confidence=(TensorProto.FLOAT, [1, 1, 3, 5])))
    assert engine.gives_confidence
    counts = np.zeros((3, 5, 4), dtype=np.uint8)
    counts[1, 2] = (3, 0, 0, 0)
    confidence = engine.infer(counts).confidence
    again = engine.infer(counts + np.uint8(1)).confidence
    assert confidence is not None and again is not None
    expected = np.ones((3, 5), dtype=np.float32)
    expected[1, 2] = 0.25
    assert confidence.dtype == np.float32
    assert np.array_equal(confidence, expected)
    assert again[0, 0] == 0.25


@pytest.mark.parametrize('gives_confidence', [True, False])
def test_fewer_outputs(
    write_model: WriteModel, metadata: dict[str, str], gives_confidence: bool
) -> None:
    form = (TensorProto.FLOAT, [1, 1, 3, 5]) if gives_confidence else None
    path = write_model(metadata, confidence=form)
    engine, counts = DepthEngine(path), np.full((3, 5, 4), 3, np.uint8)
    whole = engine.infer(counts, outputs=Outputs.DEPTH)
    assert whole.firing_rates.tolist() == [1, 1]  # nothing shorter is loaded
    path.unlink()
    engine.load_shorter()
    shorter, depth = (
        engine.infer(counts, outputs=outputs)
        for outputs in (Outputs.WITHOUT_ACTIVITY, Outputs.DEPTH)
    )
    assert shorter.firing_rates.shape == depth.mean_spikes.shape == (0,)
    assert np.array_equal(shorter.depth, whole.depth)
    assert np.array_equal(depth.depth, whole.depth)
    assert depth.confidence is None
    if gives_confidence:
        assert np.array_equal(shorter.confidence, whole.confidence)
    assert engine.infer(counts).mean_spikes.tolist() == [3, 3]
    engine.drop_shorter()
    assert engine.infer(counts, outputs=Outputs.DEPTH).mean_spikes.tolist() == [3, 3]
    engine.load_shorter()
    assert not engine.infer(counts, outputs=Outputs.DEPTH).mean_spikes.size


def test_frames_do_not_leak_into_each_other(
    write_model: WriteModel, metadata: dict[str, str]
) -> None:
    engine = DepthEngine(write_model(metadata))
    full = engine.infer(np.full((3, 5, 4), 3, dtype=np.uint8))
    empty = engine.infer(np.zeros((3, 5, 4), dtype=np.uint8))
    assert (full.depth == 9).all()
    assert (empty.depth == 0).all()


@pytest.mark.parametrize('shape', [(3, 5, 2), (5, 3, 4), (4, 3, 5)])
def test_other_frames_are_refused(
    write_model: WriteModel, metadata: dict[str, str], shape: tuple[int, ...]
) -> None:
    engine = DepthEngine(write_model(metadata))
    with pytest.raises(ValueError, match=r'but the model takes uint8 \(3, 5, 4\)'):
        engine.infer(np.zeros(shape, dtype=np.uint8))
    with pytest.raises(ValueError, match='The spike frame is int32'):
        engine.infer(np.zeros((3, 5, 4), dtype=np.int32))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (
            {'spikes': ('events', TensorProto.UINT8, [1, 3, 5, 4])},
            "has the input 'events', but 'spikes' alone is allowed",
        ),
        ({'extra_input': True}, "has the input 'imu', but 'spikes' alone is allowed"),
        (
            {'spikes': ('spikes', TensorProto.FLOAT, [1, 3, 5, 4])},
            r"'spikes' as float32 \[1, 3, 5, 4\], but its contract needs uint8 \[1, 3, 5, 4\]",
        ),
        (
            {
                'spikes': ('spikes', TensorProto.UINT8, [1, 6, 5, 4]),
                'depth': ('depth', [1, 1, 6, 5]),
            },
            r"'spikes' as uint8 \[1, 6, 5, 4\], but its contract needs uint8 \[1, 3, 5, 4\]",
        ),
        (
            {'depth': ('disparity', [1, 1, 3, 5])},
            "has no output 'depth'; it has disparity, firing_rates, mean_spikes",
        ),
        (
            {'depth': ('depth', [1, 3, 5])},
            r"'depth' as float32 \[1, 3, 5\], but its contract needs float32 \[1, 1, 3, 5\]",
        ),
        (
            {'confidence': (TensorProto.FLOAT, [1, 3, 5])},
            r"'confidence' as float32 \[1, 3, 5\], but its contract needs float32 \[1, 1, 3, 5\]",
        ),
        (
            {'confidence': (TensorProto.UINT8, [1, 1, 3, 5])},
            r"'confidence' as uint8 \[1, 1, 3, 5\], but its contract needs float32 \[1, 1, 3, 5\]",
        ),
        (
            {'layers': 3},
            r"'firing_rates' as float32 \[3\], but its contract needs float32 \[2\]",
        ),
    ],
)
def test_graph_that_breaks_its_contract(
    write_model: WriteModel, metadata: dict[str, str], changes: dict[str, Any], message: str
) -> None:
    check_refusal(write_model(metadata, **changes), message)


def test_contract_is_missing(write_model: WriteModel) -> None:
    check_refusal(write_model({}), 'cannot be used: the file carries no contract')


def test_contract_of_another_version(write_model: WriteModel, metadata: dict[str, str]) -> None:
    path = write_model({**metadata, 'spike_depth.contract_version': '7'})
    check_refusal(path, 'carries contract version 7, but version 2 is needed')


def test_contract_with_broken_list(write_model: WriteModel, metadata: dict[str, str]) -> None:
    check_refusal(write_model({**metadata, 'spike_depth.fanouts': '[1,'}), 'must be a JSON list')


def test_contract_whose_lists_disagree(write_model: WriteModel, metadata: dict[str, str]) -> None:
    path = write_model({**metadata, 'spike_depth.layers': '["bottom"]'})
    check_refusal(path, 'layers 1, sizes 2, fanouts 2, firing_rate_low 2, firing_rate_high 2')


def test_file_is_missing(tmp_path: Path) -> None:
    check_refusal(tmp_path / 'none.onnx', 'does not exist: give the path')
    check_refusal(tmp_path, 'is a folder: give the path of an exported ONNX file in it')


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (
            b'This is no network.\n',
            'can load: it is another kind of file; give that of an exported',
        ),
        (b'', 'can load: it is empty; export or copy it again'),
        (b'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', 'run `git lfs pull`'),
    ],
)
def test_file_is_no_network(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / 'notes.onnx'
    path.write_bytes(content)
    check_refusal(path, message)


@pytest.mark.parametrize('share', [0.1, 0.5, 0.99])
def test_file_is_truncated(
    write_model: WriteModel, metadata: dict[str, str], share: float
) -> None:
    path = write_model(metadata)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    check_refusal(path, 'can load: it is cut off or damaged; export or copy it again')


def change_ir_version(model: onnx.ModelProto) -> None:
    model.ir_version = 99


def change_opset(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 99


def change_operator(model: onnx.ModelProto) -> None:
    model.graph.node[0].op_type = 'Invented'


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (change_ir_version, r'it has IR version 99, but this onnxruntime reads up to \d+; export'),
        (
            change_opset,
            r'it has opset 99, but this onnxruntime reads up to \d+; export it with an',
        ),
        (change_operator, r'can load: This is an invalid model.*Invented.*; export it again'),
    ],
)
def test_file_of_another_onnx(
    write_model: WriteModel, metadata: dict[str, str], change: Callable[..., None], message: str
) -> None:
    path = write_model(metadata)
    model = onnx.load(path)
    change(model)
    onnx.save(model, path)
    check_refusal(path, message)


def check_refusal(path: Path, message: str) -> None:
    """Load a file that the engine must refuse in one sentence with its path."""
    with pytest.raises(ModelError, match=message) as caught:
        DepthEngine(path)
    sentence = str(caught.value)
    assert f"'{path}'" in sentence
    assert '\n' not in sentence
    assert sentence.endswith('.')


def test_threads_keep_to_the_cores_that_are_allowed() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert physical_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert 1 <= physical_cores() <= len(allowed)
