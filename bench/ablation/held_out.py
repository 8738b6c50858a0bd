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

"""Errors of a trained network on a test split, measured as `spike-depth evaluate` does."""

from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from spike_depth_ros.training.data.dataset import DepthDataset, Preparation
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.evaluate import read
from spike_depth_ros.training.evaluation.scores import scores

COLUMNS = ('mean error (m)', 'events: mean error (m)', 'events: 1PA')


@torch.no_grad()
def errors(module: DepthEstimation, dataset: DepthDataset, windows: int) -> dict[str, float]:
    """Return the scores of COLUMNS over whole windows, of float32 weights.

    Metres are those of the data set's rig.
    """
    preparation, data = Preparation(Path('runs/simulated'), workers=1), dataset.description
    dataset.prepare('test', windows, preparation)
    spikes, truth = read(dataset.windows('test', windows, preparation), data)
    module.eval()
    depth = np.empty_like(truth.depth)
    for index, frame in enumerate(tqdm(spikes, desc=f'{data.name} test')):
        depth[index] = module(torch.from_numpy(frame.transpose(2, 0, 1)[None]))[0, 0]
    depth /= data.network_scale
    all_scores = scores(depth, truth)
    return {f'{data.name} test {name}': round(all_scores[name], 4) for name in COLUMNS}
