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

"""Random crops of sequences, and their batches."""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from spike_depth_ros.frames.spike_frame import POLARITY_SWAP, RIGHT
from spike_depth_ros.training.data.training_sequences import Batch, TrainingSequence

FLIP, SWAP, SILENT = 0.5, 0.5, 0.05  # shares of crops


class AugmentedCrops(Dataset[TrainingSequence]):
    """Random crops; augmented, half of them upside down and half of them with polarities swapped.

    All windows of a sequence are cropped and changed alike. In some crops the right camera is
    silent: they train the network to give the likely depth where nothing matches. There is no
    horizontal flip: it would have to swap the cameras, and needs the depth of the right camera.
    Pictures are cropped and flipped too, and neither silenced nor inverted.
    """

    def __init__(
        self,
        sequences: Dataset[TrainingSequence],
        height: int,
        width: int,
        augmented: bool = True,
    ) -> None:
        """Crop sequences.

        Args:
            sequences: sequences of windows at least as large as a crop.
            height, width: size of a crop in pixels.
            augmented: False to leave the crops as they are.
        """
        self._sequences, self._height, self._width = sequences, height, width
        self._chances = torch.tensor([FLIP, SWAP, SILENT]) * augmented

    def __len__(self) -> int:
        return len(self._sequences)  # type: ignore[arg-type]  # torch declares no __len__

    def __getitem__(self, index: int) -> TrainingSequence:
        sequence = self._cropped(self._sequences[index])
        flipped, swapped, silent = (torch.rand(3) < self._chances).tolist()
        if flipped:
            sequence = _part(sequence, np.s_[:, ::-1])
        channels = sequence.spikes.shape[-1]
        order = POLARITY_SWAP[:channels] if swapped else range(channels)
        spikes = sequence.spikes[..., list(order)]
        if silent:
            spikes[..., RIGHT] = 0
        return sequence._replace(spikes=spikes)

    def _cropped(self, sequence: TrainingSequence) -> TrainingSequence:
        _, height, width = sequence.depth.shape
        top = int(torch.randint(0, height - self._height + 1, ()))
        left = int(torch.randint(0, width - self._width + 1, ()))
        return _part(sequence, np.s_[:, top : top + self._height, left : left + self._width])


def _part(sequence: TrainingSequence, part: tuple[slice, ...]) -> TrainingSequence:
    """Return a part of all windows of a sequence."""
    return TrainingSequence(
        sequence.spikes[part],
        sequence.depth[part],
        sequence.event_depth[part],
        sequence.elapsed_ms,
        None if sequence.pictures is None else sequence.pictures[part],
    )


def collate(sequences: list[TrainingSequence]) -> Batch:
    """Return a batch of sequences of one length and size."""
    fields = zip(*(sequence.arrays() for sequence in sequences), strict=True)
    spikes, depth, event_depth, elapsed_ms, *pictures = (
        torch.from_numpy(np.stack(arrays)) for arrays in fields
    )
    return Batch(
        _channels_first(spikes),
        depth[:, :, None],
        event_depth[:, :, None],
        elapsed_ms,
        *map(_channels_first, pictures),
    )


def _channels_first(images: Tensor) -> Tensor:
    """Return images [n, t, h, w, channels] as [n, t, channels, h, w]."""
    return images.permute(0, 1, 4, 2, 3).contiguous()
