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

"""Data sets of spike frames with true depth, for training, evaluation and export."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from jsonargparse import ArgumentError, ArgumentParser
from numpy.typing import NDArray
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from spike_depth_ros.frames.spike_frame import STEREO_CHANNELS
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.shared_files import shared_file
from spike_depth_ros.training.settings import SettingsError

EXAMPLE = 'config/simulation/sim_flying.yaml'
# Class for a YAML file without class_path.
SIMULATED = 'spike_depth_ros.training.data.simulated.SimulatedDataset'

Depth = NDArray[np.float32]
Split = Literal['train', 'validation', 'test']


class TrueView(NamedTuple):
    """True depth as the data set gives it.

    Args:
        camera: rectified camera that looks the way of the network's.
        depth: float32 [h, w], metres along z; NaN where unknown.
    """

    camera: PinholeCamera
    depth: Depth


class DepthWindow(NamedTuple):
    """Spike frame of one window, with its true depth.

    Args:
        spikes: uint8 [h, w, channels], counts as the binner publishes them.
        depth: float32 [h, w], metres along z at the window's end; NaN where unknown.
        event_depth: float32 [h, w], depth in metres of the surface that caused the events of a
            pixel of the left camera; `depth` if it is unknown or the pixel has no events.
        image: uint8 [h, w], grey image of the left camera at the window's end; None without one.
        view: true depth in the data set's own view, in which its protocol measures errors; None
            where that is the spike frame's.
        right_image: uint8 [h, w], that of the right camera.
    """

    spikes: NDArray[np.uint8]
    depth: Depth
    event_depth: Depth
    image: NDArray[np.uint8] | None = None
    view: TrueView | None = None
    right_image: NDArray[np.uint8] | None = None


class DepthWindows(Protocol):
    """Windows by their numbers: a torch Dataset or a list of DepthWindow."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> DepthWindow: ...


@dataclass(frozen=True)
class DataDescription:
    """Description of a data set.

    Args:
        name: name in logs, tables and the model's metadata.
        rig: camera of the spike frames, and baseline between the cameras.
        window_ns: length of a window, nanoseconds.
        depth_m: nearest and farthest depth over which errors are measured, metres.
        provenance: origin of the windows in a few words, for the model's metadata.
        channels: channels of a spike frame, 4 with two cameras and 2 with one.
        disparity_f: focal length in pixels of the image in which disparity errors are measured;
            None: that of the rig's camera.
        protocol: data set whose published table of errors is printed; see protocols.protocol.
    """

    name: str
    rig: StereoRig
    window_ns: int
    depth_m: tuple[float, float]
    provenance: str
    channels: int = STEREO_CHANNELS
    disparity_f: float | None = None
    protocol: str = ''

    @property
    def focal_baseline(self) -> float:
        """Return metres times pixels: depth times the disparity in which errors are measured."""
        return (self.disparity_f or self.rig.camera.f) * self.rig.baseline_m

    @property
    def network_scale(self) -> float:
        """Return the factor from depth of this data set to depth of a network."""
        return network_rig(self.rig.camera).baseline_m / self.rig.baseline_m


@dataclass(frozen=True)
class Preparation:
    """Settings of data sets that make their windows on first use.

    Args:
        folder: folder in which the windows are stored.
        workers: number of processes.
        device: torch device, 'cpu' or 'cuda'.
        in_memory: keep the training windows in the memory of the process that reads them.
        pictures: number of cameras whose pictures the windows hold, the left one first.
    """

    folder: Path
    workers: int = 2
    device: str = 'cpu'
    in_memory: bool = False
    pictures: int = 0


class DepthDataset(Protocol):
    """Data set of windows with true depth, in splits that share no scene.

    A subclass gives `description` and `windows`; one that makes its windows on first use, or
    downloads them, gives `check` and `prepare` too, and one with a fixed number of them `count`.
    """

    @property
    def description(self) -> DataDescription:
        """Return the description of all splits."""
        ...

    def windows(self, split: Split, count: int, preparation: Preparation) -> DepthWindows:
        """Return the first windows of a split, after `prepare`.

        Raises SettingsError for a split that has fewer.

        Args:
            split: 'train', 'validation' or 'test'.
            count: number of windows.
            preparation: the settings that `prepare` had.
        """
        ...

    def count(self, split: Split, preparation: Preparation) -> int | None:
        """Return the number of windows of a split; None for as many as asked for.

        Args:
            split: 'train', 'validation' or 'test'.
            preparation: settings of the stored windows.
        """
        return None

    def check(self, split: Split, count: int, preparation: Preparation) -> None:
        """Check within a second that `prepare` can succeed. Raises SettingsError, OutputError."""
        return

    def prepare(self, split: Split, count: int, preparation: Preparation) -> None:
        """Make the windows that are missing; see `windows`. Raises SettingsError, OutputError."""
        return


def network_rig(camera: PinholeCamera) -> StereoRig:
    """Return the rig in whose metres a network computes depth on frames of a camera.

    Focal length times baseline is that of MVSEC_RIG, for every camera: a disparity of d pixels is
    always a depth of MVSEC_RIG.focal_baseline / d, and networks need no other constant.
    """
    return StereoRig(camera, MVSEC_RIG.baseline_m * (MVSEC_RIG.camera.f / camera.f))


def read_dataset(path: Path) -> DepthDataset:
    """Return the data set that a YAML file describes, checked by jsonargparse.

    The file has the keys `class_path` (a class with DepthDataset's methods) and `init_args` (the
    arguments of its constructor), or the arguments of SimulatedDataset alone. The package's own
    files, such as config/simulation/sim_flying.yaml, are found from every folder. Raises
    SettingsError for a file that is missing or describes no data set.
    """
    try:
        text = (path if path.exists() else shared_file(str(path))).read_text()
    except OSError as error:
        raise SettingsError(
            f"There is no data set '{path}': use a YAML file such as {EXAMPLE}."
        ) from error
    try:
        return _dataset(YAML(typ='safe').load(text))
    except (ArgumentError, YAMLError, ImportError, AttributeError, TypeError) as error:
        reason = str(error).partition('\n')[0]
        raise SettingsError(
            f"'{path}' describes no data set ({reason}): use a YAML file such as {EXAMPLE}."
        ) from error


def _dataset(content: Any) -> DepthDataset:
    """Return the data set of a parsed file."""
    if isinstance(content, Mapping) and 'class_path' in content:
        class_path, arguments = content['class_path'], content.get('init_args', {})
    else:
        class_path, arguments = SIMULATED, content
    module, _, name = class_path.rpartition('.')
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(getattr(importlib.import_module(module), name), 'dataset')
    described = parser.parse_object({'dataset': arguments})
    dataset: DepthDataset = parser.instantiate(described).dataset
    return dataset
