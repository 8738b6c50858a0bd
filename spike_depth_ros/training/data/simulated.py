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

"""Simulated data sets that a YAML file describes, such as SimFlying."""

from dataclasses import dataclass, field

from torch import Generator, Tensor, randint
from torch.utils.data import Dataset

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.training.data.dataset import (
    DataDescription,
    DepthDataset,
    DepthWindow,
    DepthWindows,
    Preparation,
    Split,
)
from spike_depth_ros.training.data.sample import Sample, to_sample
from spike_depth_ros.training.data.sample_folder import SampleFolder, Samples
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.training.simulator.rigs import RigRanges, random_rig
from spike_depth_ros.training.simulator.simulation import (
    Simulation,
    SimulationRanges,
    random_simulation,
)
from spike_depth_ros.training.simulator.textures import texture_bank

WINDOW_MS = 50
STEP_US = 5_000  # between intensity samples; most surfaces move by less than 4 px in it
TEXTURES = 96
LONGEST_START_US = 3_000_000
SPLITS: tuple[Split, ...] = ('train', 'validation', 'test')
PROVENANCE = 'simulated windows, each of a scene of its own, no real data'


@dataclass(frozen=True)
class SimulatedDataset(DepthDataset):
    """Simulated windows, each of a random scene; the same arguments give the same windows.

    Args:
        name: name of the data set, letters and digits.
        seed: seed; no two data sets share one.
        baseline_m: baseline of the rigs, metres.
        depth_m: nearest and farthest depth over which errors are measured, metres.
        ranges: ranges of scenes, light, sensors and motion.
        rigs: ranges of the cameras, which are all mapped to the camera of MVSEC_RIG.
        window_ms: length of a window, milliseconds, a multiple of 5.
    """

    name: str
    seed: int
    baseline_m: float
    depth_m: tuple[float, float]
    ranges: SimulationRanges = field(default_factory=SimulationRanges)
    rigs: RigRanges = field(default_factory=RigRanges)
    window_ms: int = WINDOW_MS

    def __post_init__(self) -> None:
        if self.window_ms < 1 or 1000 * self.window_ms % STEP_US:
            raise SettingsError(
                f'window_ms is {self.window_ms}: use a multiple of {STEP_US // 1000}, from '
                f'{STEP_US // 1000} on.'
            )

    @property
    def description(self) -> DataDescription:
        """Return the description of all splits."""
        return DataDescription(
            self.name,
            StereoRig(MVSEC_RIG.camera, self.baseline_m),
            self.window_ms * 1_000_000,
            self.depth_m,
            PROVENANCE,
            disparity_f=self._disparity_f(),
        )

    def _disparity_f(self) -> float:
        """Return the focal length of the rigs if all have the same, else MVSEC_RIG's."""
        least, most = self.rigs.zoom
        is_one_camera = self.rigs.other == 1 and least == most
        return MVSEC_RIG.camera.f * (least if is_one_camera else 1.0)

    def check(self, split: Split, count: int, preparation: Preparation) -> None:
        """Check that the folder can store the missing windows. Raises SettingsError, OutputError.

        Args: see DepthDataset.windows.
        """
        self.folder(split, preparation).check(range(count))

    def prepare(self, split: Split, count: int, preparation: Preparation) -> None:
        """Simulate the missing windows; shows progress, and resumes.

        Args: see DepthDataset.windows.
        """
        self.folder(split, preparation).prepare(count, preparation.workers, preparation.device)

    def windows(self, split: Split, count: int, preparation: Preparation) -> DepthWindows:
        """Return the first windows of a split; see DepthDataset.windows."""
        return SimulatedWindows(self.folder(split, preparation).samples(count))

    def folder(self, split: Split, preparation: Preparation) -> SampleFolder[Sample]:
        """Return the folder in which the windows of a split are stored."""
        needed = ('right_image',) if preparation.pictures > 1 else ()
        return SampleFolder(preparation.folder, self, split, Sample, needed)

    @property
    def title(self) -> str:
        """Return the name of the folder: that of the data set, with an unusual window length."""
        return self.name if self.window_ms == WINDOW_MS else f'{self.name}{self.window_ms}ms'

    def bank(self, split: Split, device: str = 'cpu') -> Tensor:
        """Return the split's textures; see texture_bank."""
        return texture_bank(TEXTURES, Generator().manual_seed(self.first_seed(split))).to(device)

    def first_seed(self, split: Split) -> int:
        """Return the seed of a split's textures; its windows have the seeds that follow."""
        return self.seed * 10**12 + SPLITS.index(split) * 10**9

    def sample(self, split: Split, index: int, bank: Tensor) -> Sample:
        """Return one window of one scene, the same at each call.

        Another device or version of torch may round a few threshold crossings differently.

        Args:
            split: 'train', 'validation' or 'test', which share no seed of a scene or texture.
            index: number of the window, from 0.
            bank: textures of the split; the scene is rendered on their device.
        """
        duration_us = 1000 * self.window_ms
        simulation, start_us = self.simulation(split, index, bank, duration_us // STEP_US)
        return to_sample(simulation.window(start_us, duration_us), simulation.rig.camera)

    def simulation(
        self, split: Split, index: int, bank: Tensor, steps: int
    ) -> tuple[Simulation, int]:
        """Return the scene of one window, and the window's start in it, microseconds.

        Args:
            split, index, bank: see `sample`.
            steps: intensity samples in each window.
        """
        generator = Generator().manual_seed(self.first_seed(split) + 1 + index)
        rig = random_rig(self.rigs, self.baseline_m, generator)
        simulation = random_simulation(self.ranges, bank, steps, generator, rig)
        return simulation, int(randint(0, LONGEST_START_US, (), generator=generator))


class SimulatedWindows(Dataset[DepthWindow]):
    """Stored samples as windows."""

    def __init__(self, samples: Samples[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> DepthWindow:
        return self._samples[index].to_window()
