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

"""Pairs of spike frame and depth in the metres of a network."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from spike_depth_ros.training.data.dataset import (
    Depth,
    DepthDataset,
    DepthWindow,
    DepthWindows,
    Preparation,
    Split,
)
from spike_depth_ros.training.settings import SettingsError


class Pair(NamedTuple):
    """Spike frame and its depth in metres of a network.

    Training compares depth with `event_depth`: the events of a moving edge lie on both sides of
    its position at the window's end, and their counts alone do not show the nearer side.

    Args:
        spikes: uint8 [h, w, channels].
        depth: float32 [h, w], depth at the window's end; NaN where unknown.
        event_depth: float32 [h, w], see DepthWindow.
        pictures: uint8 [h, w, cameras], pictures at the window's end, the left one first; None
            where no network and no teacher reads them.
    """

    spikes: NDArray[np.uint8]
    depth: Depth
    event_depth: Depth
    pictures: NDArray[np.uint8] | None = None


class Pairs(Dataset[Pair]):
    """Windows of a data set, with depth in metres of a network."""

    def __init__(
        self, windows: DepthWindows, scale: float, cameras: int = 0, name: str = 'the data set'
    ) -> None:
        """Scale windows.

        Args:
            windows: windows of one data set.
            scale: DataDescription.network_scale of the data set.
            cameras: cameras whose pictures the pairs hold, the left one first.
            name: name of the data set, for errors.
        """
        self._windows, self._scale = windows, scale
        self._cameras, self._name = cameras, name

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: int) -> Pair:
        window = self._windows[index]
        scale = np.float32(self._scale)
        pictures = None
        if self._cameras:
            pictures = np.stack(pictures_of(window, self._cameras, self._name), -1)
        return Pair(window.spikes, window.depth * scale, window.event_depth * scale, pictures)


def pairs_of(dataset: DepthDataset, split: Split, count: int, preparation: Preparation) -> Pairs:
    """Return the first pairs of a split of a data set; see DepthDataset.windows."""
    windows = dataset.windows(split, count, preparation)
    name, scale = dataset.description.name, dataset.description.network_scale
    return Pairs(windows, scale, preparation.pictures, name)


def pictures_of(
    window: DepthWindow, cameras: int, name: str = 'the data set'
) -> list[NDArray[np.uint8]]:
    """Return the pictures of a window, uint8 [h, w] each, the left one first.

    Raises SettingsError for a window without them.

    Args:
        window: the window.
        cameras: number of cameras.
        name: name of the data set, for the error.
    """
    pictures = [window.image, window.right_image][:cameras]
    found = [picture for picture in pictures if picture is not None]
    if len(found) < cameras:
        needed = 'both cameras' if cameras > 1 else 'the left camera'
        raise SettingsError(
            f'Windows of {name} have {len(found)} pictures, but the network or its teacher reads '
            f'those of {needed}: use simulated data sets, or another teacher.'
        )
    return found


def counts_of(pair: Pair) -> Tensor:
    """Return the counts of a window as a batch of one, float [1, channels, h, w]."""
    return torch.from_numpy(pair.spikes).permute(2, 0, 1)[None].float()
