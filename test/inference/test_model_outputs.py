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

"""Models without some of their outputs."""

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from spike_depth_ros.inference.model_outputs import without_outputs

MODELS = Path(__file__).parents[2] / 'models'
REMOVED = ('firing_rates', 'mean_spikes')


@pytest.mark.parametrize('path', sorted(MODELS.glob('*.onnx')), ids=lambda path: path.stem)
def test_nothing_else_changes(path: Path) -> None:
    expected = onnx.load(path)
    outputs = [output for output in expected.graph.output if output.name not in REMOVED]
    assert len(outputs) == len(expected.graph.output) - len(REMOVED)
    del expected.graph.output[:]
    expected.graph.output.extend(outputs)
    assert onnx.load_from_string(without_outputs(path.read_bytes(), REMOVED)) == expected


def test_fields_of_all_wire_types(write_model: Callable[..., Path]) -> None:
    model = onnx.load(write_model({'key': 'value' * 100}))
    model.graph.name = 'n' * 20_000  # a length of three bytes
    model.model_version = -1  # a number of ten bytes
    fixed = b'\xf9\x01' + b'8' * 8 + b'\xfd\x01' + b'4' * 4  # unknown fields of 8 and 4 bytes
    result = without_outputs(model.SerializeToString() + fixed, ['depth', 'absent'])
    assert result.endswith(fixed)
    del model.graph.output[0]
    assert onnx.load_from_string(result[: -len(fixed)]) == model
