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

"""Data set of arrays in one file: an example of a reader."""

from pathlib import Path

import numpy as np

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import StereoRig
from spike_depth_ros.training.data.dataset import (
    DataDescription,
    DepthDataset,
    DepthWindow,
    DepthWindows,
    Preparation,
    Split,
)
from spike_depth_ros.training.settings import SettingsError


class ArrayDataset(DepthDataset):
    """Windows of a .npz file: SPLIT_spikes uint8 [n, h, w, 4], SPLIT_depth float32 [n, h, w].

    Args:
        file: path of the .npz file.
        f, cx, cy: focal length and principal point of the rectified cameras in pixels.
        baseline_m: distance of the cameras, metres.
        window_ms: length of a window, ms.
    """

    def __init__(
        self, file: Path, f: float, cx: float, cy: float, baseline_m: float, window_ms: float
    ) -> None:
        with np.load(file) as arrays:
            self._arrays = dict(arrays)
        height, width = self._arrays['test_depth'].shape[1:]
        rig = StereoRig(PinholeCamera(width, height, f, cx, cy), baseline_m)
        window_ns = round(window_ms * 1e6)
        self._description = DataDescription(
            file.stem, rig, window_ns, (0.5, 10.0), 'recorded with two cameras'
        )

    @property
    def description(self) -> DataDescription:
        """Return the description of all splits."""
        return self._description

    def windows(self, split: Split, count: int, preparation: Preparation) -> DepthWindows:
        """Return the first windows of a split."""
        spikes, depth = self._arrays[f'{split}_spikes'], self._arrays[f'{split}_depth']
        if len(depth) < count:
            raise SettingsError(f'{split} has {len(depth)} windows, not {count}: ask for fewer.')
        return [DepthWindow(spikes[n], depth[n], depth[n]) for n in range(count)]
