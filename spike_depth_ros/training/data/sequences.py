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

"""Sequences of consecutive simulated windows, of the scenes of a simulated data set."""

import math
from collections import deque
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from spike_depth_ros.training.data.dataset import DepthDataset, Preparation, Split
from spike_depth_ros.training.data.recorded import RecordedDataset
from spike_depth_ros.training.data.recorded_sequences import RecordedSequences
from spike_depth_ros.training.data.sample import mapped, sensor_pixels, to_sample
from spike_depth_ros.training.data.sample_folder import SampleFolder, Samples
from spike_depth_ros.training.data.sequence import (
    DepthSequences,
    SimulatedSequence,
    WindowSequence,
    WindowSequences,
)
from spike_depth_ros.training.data.simulated import STEP_US, SimulatedDataset
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.training.simulator import renderer
from spike_depth_ros.training.simulator.sensor import Events
from spike_depth_ros.training.simulator.simulation import Simulation, Window

SEQUENCE_WINDOWS, HOP_MS = 16, 50


@dataclass(frozen=True)
class SimulatedSequences:
    """Sequences of consecutive windows; the same arguments give the same sequences.

    The sequence of a number begins with the scene and at the time of the data set's window of the
    same number. Where the hop is shorter than a window, windows overlap.

    Args:
        dataset: simulated data set whose scenes go on from window to window.
        windows: windows of a sequence, at least 2.
        hop_ms: time between the ends of consecutive windows, ms, a multiple of 5, at most the
            length of a window.
    """

    dataset: SimulatedDataset
    windows: int = SEQUENCE_WINDOWS
    hop_ms: int = HOP_MS

    def __post_init__(self) -> None:
        _check_hop(self.hop_ms, self.dataset.window_ms)
        if self.windows < 2:
            raise SettingsError(f'A sequence has {self.windows} windows: use 2 or more.')

    @property
    def title(self) -> str:
        """Return the name of the folder."""
        return f'{self.dataset.title}_sequences_{self.windows}x{self.hop_ms}ms'

    @property
    def extent(self) -> str:
        """Return the length of the sequences in words."""
        return f'{self.windows} windows every {self.hop_ms} ms'

    def check(self, split: Split, count: int, preparation: Preparation) -> None:
        """Check that missing sequences can be stored. Raises SettingsError, OutputError.

        Args: see `prepare`.
        """
        self.folder(split, preparation).check(range(count))

    def prepare(self, split: Split, count: int, preparation: Preparation) -> None:
        """Simulate the missing sequences; shows progress, and resumes.

        Args:
            split: 'train', 'validation' or 'test', which share no scene.
            count: number of sequences.
            preparation: folder, processes and device.
        """
        self.folder(split, preparation).prepare(count, preparation.workers, preparation.device)

    def sequences(
        self, split: Split, count: int, preparation: Preparation
    ) -> Samples[SimulatedSequence]:
        """Return the first sequences of a split, after `prepare`; each is read when indexed."""
        return self.folder(split, preparation).samples(count)

    def window_sequences(
        self, split: Split, count: int, preparation: Preparation
    ) -> WindowSequences:
        """Return the first sequences of a split with their true motion; see DepthSequences."""
        return _WithMotion(self.sequences(split, count, preparation))

    def folder(self, split: Split, preparation: Preparation) -> SampleFolder[SimulatedSequence]:
        """Return the folder in which the sequences of a split are stored."""
        return SampleFolder(Path(preparation.folder), self, split, SimulatedSequence)

    def bank(self, split: Split, device: str = 'cpu') -> Tensor:
        """Return the split's textures; see SimulatedDataset.bank."""
        return self.dataset.bank(split, device)

    @torch.no_grad()
    def sample(self, split: Split, index: int, bank: Tensor) -> SimulatedSequence:
        """Return one sequence, the same at each call.

        Args:
            split: 'train', 'validation' or 'test'.
            index: number of the sequence, from 0.
            bank: textures of the split; the scene is rendered on their device.
        """
        window_us, hop_us = 1000 * self.dataset.window_ms, 1000 * self.hop_ms
        part_us = math.gcd(window_us, hop_us)
        simulation, start_us = self.dataset.simulation(split, index, bank, part_us // STEP_US)
        sensor = simulation.rig.camera
        parts: deque[Window] = deque(maxlen=window_us // part_us)
        ends_us = [start_us + window_us + hop_us * number for number in range(self.windows)]
        samples, now_us = [], start_us
        for end_us in ends_us:
            while now_us < end_us:
                parts.append(simulation.window(now_us, part_us))
                now_us += part_us
            samples.append(to_sample(reduce(joined, parts), sensor))
        return SimulatedSequence(
            spikes=np.stack([sample.spikes for sample in samples]),
            depth=np.stack([sample.depth for sample in samples]),
            nearest=np.stack([sample.nearest for sample in samples]),
            **_states(simulation, ends_us),
        )


def _check_hop(hop_ms: int, window_ms: int) -> None:
    """Raise SettingsError for a hop that the simulator's steps do not make, or with gaps."""
    step_ms = STEP_US // 1000
    if not 0 < hop_ms <= window_ms or hop_ms % step_ms:
        raise SettingsError(
            f'hop_ms is {hop_ms}: use a multiple of {step_ms}, from {step_ms} to the {window_ms} '
            'ms of a window.'
        )


def sequences_of(dataset: DepthDataset, length_ms: int, hop_ms: int | None) -> DepthSequences:
    """Return the sequences of a data set.

    Raises SettingsError for a data set without consecutive windows.

    Args:
        dataset: the data set.
        length_ms: length of a sequence, from the end of its first window, ms.
        hop_ms: time between the ends of consecutive simulated windows, ms; None: the length of a
            window. Recordings have windows at the times of their true depth.
    """
    if isinstance(dataset, SimulatedDataset):
        hop_ms = hop_ms or dataset.window_ms
        _check_hop(hop_ms, dataset.window_ms)
        if length_ms < 2 * hop_ms:
            raise SettingsError(
                f'sequence_ms is {length_ms}, but a sequence has at least 2 windows: use '
                f'{2 * hop_ms} or more.'
            )
        return SimulatedSequences(dataset, length_ms // hop_ms, hop_ms)
    if not isinstance(dataset, RecordedDataset):
        raise SettingsError(
            f'{dataset.description.name} has no consecutive windows: leave sequences out, or give '
            'a simulated data set or one of recordings.'
        )
    if hop_ms is not None:
        raise SettingsError(
            f'hop_ms is {hop_ms}, but {dataset.title} has windows at the times of its true depth: '
            'leave hop_ms out.'
        )
    return RecordedSequences(dataset, length_ms)


class _WithMotion:
    """Stored sequences, with the true motion between their windows."""

    def __init__(self, stored: Samples[SimulatedSequence]) -> None:
        self._stored = stored

    def __len__(self) -> int:
        return len(self._stored)

    def __getitem__(self, index: int) -> WindowSequence:
        return self._stored[index].to_sequence()


def joined(before: Window, after: Window) -> Window:
    """Return two adjoining windows as one."""
    left, right = (
        Events(*(np.concatenate(column) for column in zip(*events, strict=True)))
        for events in ((before.left, after.left), (before.right, after.right))
    )
    nearest = torch.minimum(before.nearest, after.nearest)
    return Window(left, right, after.depth, nearest, after.log_intensity)


def _states(simulation: Simulation, ends_us: list[int]) -> dict[str, np.ndarray]:
    """Return surfaces and poses at the ends of windows; see SimulatedSequence."""
    t = torch.tensor(ends_us, dtype=torch.float64).float() * 1e-6
    shapes, sensor = simulation.scene.shapes, simulation.rig.camera
    centre, rotation = simulation.trajectory.pose(t)
    rays = renderer.pixel_rays(sensor)
    forms = renderer.homographies(shapes, centre, rotation, t)
    pixels = sensor_pixels(sensor)
    surfaces = renderer.visible_surfaces(shapes, forms, rays)
    return {
        'surface': torch.stack([mapped(one, pixels, -1) for one in surfaces]).short().numpy(),
        'place': shapes.place(t).numpy(),
        'centre': centre.numpy(),
        'rotation': rotation.numpy(),
        'end_us': np.array(ends_us),
    }
