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

"""Pairs of spike frame and depth in the metres of a network, and their augmentation."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from spike_depth_ros.frames.spike_frame import POLARITY_SWAP, RIGHT
from spike_depth_ros.training.data.dataset import (
    Depth,
    DepthDataset,
    DepthWindows,
    Preparation,
    Split,
)

FLIP, SWAP, SILENT = 0.5, 0.5, 0.05  # shares of crops


class Pair(NamedTuple):
    """Spike frame and its depth in metres of a network.

    Training compares depth with `event_depth`: the events of a moving edge lie on both sides of
    its position at the window's end, and their counts alone do not show the nearer side.

    Args:
        spikes: uint8 [h, w, channels].
        depth: float32 [h, w], depth at the window's end; NaN where unknown.
        event_depth: float32 [h, w], see DepthWindow.
    """

    spikes: NDArray[np.uint8]
    depth: Depth
    event_depth: Depth


class Pairs(Dataset[Pair]):
    """Windows of a data set, with depth in metres of a network."""

    def __init__(self, windows: DepthWindows, scale: float) -> None:
        """Scale windows.

        Args:
            windows: windows of one data set.
            scale: DataDescription.network_scale of the data set.
        """
        self._windows, self._scale = windows, scale

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: int) -> Pair:
        window = self._windows[index]
        scale = np.float32(self._scale)
        return Pair(window.spikes, window.depth * scale, window.event_depth * scale)


def pairs_of(dataset: DepthDataset, split: Split, count: int, preparation: Preparation) -> Pairs:
    """Return the first pairs of a split of a data set; see DepthDataset.windows."""
    windows = dataset.windows(split, count, preparation)
    return Pairs(windows, dataset.description.network_scale)


class AugmentedCrops(Dataset[Pair]):
    """Random crops, half of them upside down and half of them with polarities swapped.

    In some crops the right camera is silent: they train the network to give the likely depth where
    nothing matches. There is no horizontal flip: it would have to swap the cameras, and needs the
    depth of the right camera.
    """

    def __init__(self, pairs: Dataset[Pair], height: int, width: int) -> None:
        """Crop pairs.

        Args:
            pairs: pairs at least as large as a crop.
            height, width: size of a crop in pixels.
        """
        self._pairs, self._height, self._width = pairs, height, width

    def __len__(self) -> int:
        return len(self._pairs)  # type: ignore[arg-type]  # torch declares no __len__

    def __getitem__(self, index: int) -> Pair:
        pair = self._crop(self._pairs[index])
        chances = torch.tensor([FLIP, SWAP, SILENT])
        flipped, swapped, silent = (torch.rand(3) < chances).tolist()
        if flipped:
            pair = Pair(pair.spikes[::-1], pair.depth[::-1], pair.event_depth[::-1])
        channels = pair.spikes.shape[-1]
        spikes = pair.spikes[..., POLARITY_SWAP[:channels]] if swapped else pair.spikes.copy()
        if silent:
            spikes[..., RIGHT] = 0
        return pair._replace(spikes=spikes)

    def _crop(self, pair: Pair) -> Pair:
        height, width = pair.depth.shape
        top = int(torch.randint(0, height - self._height + 1, ()))
        left = int(torch.randint(0, width - self._width + 1, ()))
        area = (slice(top, top + self._height), slice(left, left + self._width))
        return Pair(pair.spikes[area], pair.depth[area], pair.event_depth[area])


def collate(pairs: list[Pair]) -> tuple[Tensor, Tensor, Tensor]:
    """Return a batch: spikes uint8 [n, channels, h, w], depth and event depth [n, 1, h, w]."""
    spikes = np.stack([pair.spikes for pair in pairs]).transpose(0, 3, 1, 2)
    depth = np.stack([pair.depth for pair in pairs])[:, None]
    event_depth = np.stack([pair.event_depth for pair in pairs])[:, None]
    counts = torch.from_numpy(np.ascontiguousarray(spikes))
    return counts, torch.from_numpy(depth), torch.from_numpy(event_depth)
