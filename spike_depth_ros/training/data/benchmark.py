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

"""Named sets of simulated windows, whatever a YAML file describes, such as SimFlying."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jsonargparse import ArgumentError, ArgumentParser
from numpy.typing import NDArray
from ruamel.yaml import YAML, YAMLError
from torch import Generator, Tensor

from spike_depth_ros.frames.count import count_events
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pixel_table import UNMAPPED, PixelTable, nearest_pixels, pixel_table
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.shared_files import shared_file
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.training.simulator.draw import happens, log_uniform, one, uniform
from spike_depth_ros.training.simulator.sensor import Events
from spike_depth_ros.training.simulator.simulation import (
    Simulation,
    SimulationRanges,
    random_simulation,
)
from spike_depth_ros.training.simulator.textures import texture_bank

EXAMPLE = 'config/simulation/sim_flying.yaml'
WINDOW_MS = 50  # of all that is trained on
STEP_US = 5_000  # between intensity samples; most surfaces move less than 4 px in it
TEXTURES = 96
LONGEST_START_US = 3_000_000
# Changes with whatever changes windows that a description and a seed give.
SIMULATOR = 2
SPLITS = ('train', 'validation', 'test')
NETWORK = MVSEC_RIG.camera


class Sample(NamedTuple):
    """One window in the network's image.

    spikes: uint8 [h, w, 4] as the binner publishes it. depth: float16 [h, w] in metres of the
    rig, at the window's end; nearest: likewise, the least in the window; both NaN where no pixel
    of the sensor looks. image: uint8 [h, w], what the left camera saw at the window's end, by
    the square root of intensity; 0 where no pixel of the sensor looks.
    """

    spikes: NDArray[np.uint8]
    depth: NDArray[np.float16]
    nearest: NDArray[np.float16]
    image: NDArray[np.uint8]


@dataclass(frozen=True)
class RigRanges:
    """Ranges that the sensors are drawn from.

    other: share of windows from another rig than the network's, mapped to it; zoom: its focal
    length over the network's, log-uniform; share: of the network's field that it sees, each way.
    """

    other: float = 0.0
    zoom: tuple[float, float] = (0.8, 1.6)
    share: tuple[float, float] = (0.5, 1.0)


@dataclass(frozen=True)
class Benchmark:
    """A set of simulated windows that its description fixes.

    name: letters. seed: no two benchmarks share one. baseline_m: between the cameras.
    depth_m: the range that errors are stated for. window_ms: how long each window is.
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
    def title(self) -> str:
        """Return the name, which says how long windows are where that is not as usual."""
        return self.name if self.window_ms == WINDOW_MS else f'{self.name}{self.window_ms}ms'

    @property
    def focal_px(self) -> float:
        """Return the focal length of the image in whose pixels disparity is measured.

        The rig's own where all windows have the same, else the network's.
        """
        least, most = self.rigs.zoom
        return NETWORK.f * least if self.rigs.other == 1 and least == most else NETWORK.f

    def bank(self, split: str, device: str = 'cpu') -> Tensor:
        """Return the split's textures."""
        return texture_bank(TEXTURES, Generator().manual_seed(self.first_seed(split))).to(device)

    def first_seed(self, split: str) -> int:
        """Return the seed of a split's textures; its windows take those that follow."""
        return self.seed * 10**12 + SPLITS.index(split) * 10**9

    def sample(self, split: str, index: int, bank: Tensor) -> Sample:
        """Return one window of one scene, always the same one.

        Up to rounding: another device or version of torch may move a crossing of a threshold.

        split: one of SPLITS, no two of which share a scene's or a texture's seed. bank: `bank`
        of the split; on its device the scene is rendered.
        """
        duration_us = 1000 * self.window_ms
        simulation, start_us = self.simulation(split, index, bank, duration_us // STEP_US)
        window = simulation.window(start_us, duration_us)
        camera = simulation.rig.camera
        spikes = spike_frame(window.left, window.right, pixel_table(camera, NETWORK))
        places = sensor_pixels(camera)
        image = seen(grey(window.log_intensity).cpu(), places, 0).numpy().astype(np.uint8)
        return Sample(
            spikes, seen_depth(window.depth, places), seen_depth(window.nearest, places), image
        )

    def simulation(
        self, split: str, index: int, bank: Tensor, steps: int
    ) -> tuple[Simulation, int]:
        """Return the scene of one window, and when in it the window starts, in microseconds.

        steps: intensity samples in what is asked of the scene at once.
        """
        generator = Generator().manual_seed(self.first_seed(split) + 1 + index)
        rig = random_rig(self.rigs, self.baseline_m, generator)
        simulation = random_simulation(self.ranges, bank, steps, generator, rig)
        return simulation, int(torch.randint(0, LONGEST_START_US, (), generator=generator))


def read_benchmark(path: Path) -> Benchmark:
    """Return the benchmark that a YAML file describes, checked by jsonargparse.

    Those of the package, such as config/simulation/sim_flying.yaml, are found from everywhere.
    Raises SettingsError for a file that is not there or describes none.
    """
    try:
        text = (path if path.exists() else shared_file(str(path))).read_text()
    except OSError as error:
        raise SettingsError(
            f"There is no benchmark '{path}': use a YAML file such as {EXAMPLE}."
        ) from error
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument('--benchmark', type=Benchmark)
    try:
        described = parser.parse_object({'benchmark': YAML(typ='safe').load(text)})
    except (ArgumentError, YAMLError) as error:
        reason = str(error).partition('\n')[0]
        raise SettingsError(
            f"'{path}' describes no benchmark ({reason}): use a YAML file such as {EXAMPLE}."
        ) from error
    return parser.instantiate(described).benchmark


def random_rig(ranges: RigRanges, baseline_m: float, generator: Generator) -> StereoRig:
    """Return the network's rig, or another one that looks the same way."""
    if not happens(ranges.other, generator):
        return StereoRig(NETWORK, baseline_m)
    zoom = float(log_uniform(ranges.zoom, 1, generator))
    width, height = (
        round(side * zoom * one(ranges.share, generator))
        for side in (NETWORK.width, NETWORK.height)
    )
    aside = uniform((-0.05, 0.05), 2, generator).tolist()
    cx, cy = width * (0.5 + aside[0]), height * (0.5 + aside[1])
    return StereoRig(PinholeCamera(width, height, NETWORK.f * zoom, cx, cy), baseline_m)


def spike_frame(left: Events, right: Events, table: PixelTable) -> NDArray[np.uint8]:
    """Count two cameras' events as the binner node does, uint8 [h, w, 4]."""
    frames = [count_events(events.x, events.y, events.polarity, table) for events in (left, right)]
    return np.concatenate(frames, axis=2)


def sensor_pixels(sensor: PinholeCamera) -> Tensor:
    """Return the sensor pixel that each pixel of the spike frame sees, int64 [h, w]; UNMAPPED."""
    return torch.from_numpy(nearest_pixels(sensor, NETWORK)).long()


def seen(pixels: Tensor, places: Tensor, nothing: float) -> Tensor:
    """Return a sensor's map [h, w] in another image, each of whose pixels looks at `places`."""
    found = pixels.reshape(-1)[places.clamp(min=0)]
    return torch.where(places == UNMAPPED, torch.tensor(nothing, dtype=pixels.dtype), found)


def seen_depth(depth: Tensor, places: Tensor) -> NDArray[np.float16]:
    """Return a sensor's depth in another image, NaN where no pixel of it looks; see `seen`."""
    return seen(depth.cpu(), places, float('nan')).numpy().astype(np.float16)


def grey(log_intensity: Tensor) -> Tensor:
    """Return 0 to 255 by the square root of intensity, the brightest per cent saturated."""
    root = torch.exp(0.5 * (log_intensity - log_intensity.mean()))
    white = torch.quantile(root[::4, ::4].reshape(-1), 0.99)
    return (255 * root / white).clamp(0, 255).round()
