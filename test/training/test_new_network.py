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

"""A network of one's own in two files: it trains, exports, reports energy and is evaluated."""

import re
import shutil
from pathlib import Path

import pytest
from training.runs import SAMPLES, arguments, spike_depth

from spike_depth_ros.inference.engine import DepthEngine

pytestmark = pytest.mark.slow
RECIPE = """
model:
  network:
    class_path: my_network.TinyNetwork
  learning_rate: 1.0e-3
trainer:
  logger:
    init_args:
      name: mine
"""


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """Return a folder with the two files, and with simulated windows."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    shutil.copy(Path(__file__).with_name('small_networks.py'), tmp_path / 'my_network.py')
    (tmp_path / 'mine.yaml').write_text(RECIPE)
    return tmp_path


def test_two_files_add_a_network(folder: Path) -> None:
    command, _, *options = arguments(steps=2)
    options = [option for option in options if '.width=' not in option]
    spike_depth(command, '--config=mine.yaml', *options, folder=folder)

    checkpoint = folder / 'runs/mine/checkpoints/last.ckpt'
    export = ('export', f'--checkpoint={checkpoint}', f'--samples={SAMPLES}')
    spike_depth(*export, '--output=mine.onnx', folder=folder)
    engine = DepthEngine(folder / 'mine.onnx', provider='cpu')
    contract = engine.contract
    assert contract.layers == ('conv1', 'conv2', 'deconv2', 'mixed', 'deconv1')
    assert contract.fanouts[0] == 9 * 8 / 4 + 9 * 6
    assert any(contract.firing_rate_high)

    output = spike_depth(
        'evaluate', '--models=[mine.onnx]', '--samples=2', '--matchers=false', folder=folder
    )
    energy = re.search(r'energy \(mJ\) \| (\S+) \|', output)
    assert energy is not None and float(energy[1]) > 0
    assert re.search(r'\| mine \| [\d.]+ \|', output) and 'best constant' in output
