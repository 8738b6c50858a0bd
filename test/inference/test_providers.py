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

"""Execution providers: order of trial, and the replacement of a missing one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.providers import FULL_NAMES, order, settings

EVERYTHING = list(FULL_NAMES.values())
HERE = ['OpenVINOExecutionProvider', 'CPUExecutionProvider']


@pytest.mark.parametrize(
    ('choice', 'available', 'tried'),
    [
        ('auto', EVERYTHING, ['tensorrt', 'cuda', 'openvino', 'cpu']),
        ('auto', HERE, ['openvino', 'cpu']),
        ('cuda', HERE, ['cuda', 'openvino', 'cpu']),
        ('openvino', EVERYTHING, ['openvino', 'tensorrt', 'cuda', 'cpu']),
        ('cpu', EVERYTHING, ['cpu']),
    ],
)
def test_order(choice: str, available: list[str], tried: list[str]) -> None:
    assert order(choice, available) == tried


def test_the_cpu_computes_what_another_provider_does_not() -> None:
    names = [name for name, _ in settings('openvino', threads=3)]
    assert names == ['OpenVINOExecutionProvider', 'CPUExecutionProvider']
    assert settings('openvino', threads=3)[0][1]['num_of_threads'] == '3'
    assert [name for name, _ in settings('cpu', threads=3)] == ['CPUExecutionProvider']


@pytest.fixture
def model(write_model: Callable[..., Path], contract: ModelContract) -> Path:
    return write_model(replace(contract, width=5, height=3).to_metadata())


def test_a_provider_by_name(model: Path) -> None:
    engine = DepthEngine(model, provider='cpu')
    assert (engine.provider, engine.warning) == ('cpu', '')


def test_a_missing_provider_is_replaced_with_a_warning(model: Path) -> None:
    engine = DepthEngine(model, provider='tensorrt')
    assert engine.provider in ('cuda', 'openvino', 'cpu')
    assert "'tensorrt' (this onnxruntime was built without it) cannot be used" in engine.warning
    assert engine.warning.endswith('.') and '\n' not in engine.warning
