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

"""The network of docs/how-to/add-a-network.md: its exported file computes as PyTorch does."""

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import yaml
from training.exported_files import computed, depth_of
from training.small_networks import frames

from spike_depth_ros.inference.session import load
from spike_depth_ros.training.export.command import exported
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.networks.network import DepthNetwork

PAGE = (Path(__file__).parents[2] / 'docs/how-to/add-a-network.md').read_text()
SIZE = (64, 112)


def block(language: str) -> str:
    found = re.search(rf'^```{language}\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.mark.slow
def test_the_exported_file_agrees_with_torch(tmp_path: Path) -> None:
    settings = yaml.safe_load(block('yaml'))['model']['network']
    definitions: dict[str, type[DepthNetwork]] = {}
    exec(compile(block('python'), 'my_network.py', 'exec'), definitions)
    torch.manual_seed(1)
    made = definitions[settings['class_path'].rpartition('.')[2]](**settings['init_args'])
    network = exported(made.eval(), 'int8')
    onnx.save(depth_model(made, 'int8', *SIZE), tmp_path / 'model.onnx')
    session = load(tmp_path / 'model.onnx', 1, 'cpu').session
    for frame in frames(SIZE)[:2]:
        expected = computed(network, frame)
        depth, rates, means = session.run(None, {'spikes': frame[None]})
        spikes = expected.spikes.values()
        sizes = np.array([layer.numel() for layer in spikes])
        assert np.rint(rates * sizes).tolist() == [float(s.count_nonzero()) for s in spikes]
        assert np.rint(means * sizes).tolist() == [float(s.sum()) for s in spikes]
        assert (rates > 0).all()
        np.testing.assert_allclose(depth[0, 0], depth_of(expected), rtol=1e-4)
