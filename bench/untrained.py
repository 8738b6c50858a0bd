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

"""CPU time of untrained networks: `python -m bench.untrained RECIPE ...`.

RECIPE: YAML file of `spike-depth train`. Its network is exported in int8 with random weights.
Times are relative to those of StereoSpike of width 12 in the same run, with OpenVINO and the CPU.
"""

import argparse
import tempfile
from importlib import import_module
from pathlib import Path
from statistics import median

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from ruamel.yaml import YAML

from bench.cpu_time import measured
from bench.forms import random_network
from bench.inference import PROVIDERS, SHIPPED_WIDTH, frames
from bench.sessions import session_with
from spike_depth_ros.training.export.command import exported
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.networks.network import DepthNetwork

REFERENCE = f'StereoSpike {SHIPPED_WIDTH}'
PASSES = 10  # of windows through the normalisations, whose statistics move by a tenth in each


def main() -> None:
    """Print the median CPU time of a window for each network and provider."""
    parser = argparse.ArgumentParser(prog='python -m bench.untrained', description=__doc__)
    parser.add_argument('recipes', nargs='+', type=Path)
    spikes = frames()
    networks = {REFERENCE: random_network(4, SHIPPED_WIDTH)}
    networks |= {path.stem: untrained(path, spikes) for path in parser.parse_args().recipes}
    sessions = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, network in networks.items():
            path = Path(folder) / 'model.onnx'
            onnx.save(depth_model(exported(network, 'int8'), 'int8', *spikes[0].shape[:2]), path)
            for provider, words in PROVIDERS.items():
                sessions[name, words] = session_with(path, provider)
    times = {key: median(spent) for key, spent in measured(sessions, spikes).items()}
    for (name, words), spent in times.items():
        relative = spent / times[REFERENCE, words]
        print(f'{name:28} {words:16} {spent:6.1f} ms, {relative:.2f} times')


def untrained(recipe: Path, spikes: list[NDArray[np.uint8]]) -> DepthNetwork:
    """Return the network of a recipe whose normalisations have seen windows."""
    described = YAML(typ='safe').load(recipe)['model']['network']
    module, _, name = described['class_path'].rpartition('.')
    torch.manual_seed(0)
    network: DepthNetwork = getattr(import_module(module), name)(**described['init_args'])
    counts = torch.from_numpy(np.stack(spikes)).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        for _ in range(PASSES):
            network(counts[:, : network.channels])
    return network.eval()


if __name__ == '__main__':
    main()
