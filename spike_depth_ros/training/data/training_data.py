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

"""Summary of the data sets that a network is trained on, for the contract of its file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spike_depth_ros.geometry.stereo_rig import StereoRig
from spike_depth_ros.training.data.dataset import DataDescription, network_rig, read_dataset
from spike_depth_ros.training.settings import SettingsError


@dataclass(frozen=True)
class TrainingData:
    """Summary of data sets that one network is trained on.

    Args:
        rig: camera of the spike frames, and the baseline in whose metres the network gives depth.
        window_ns: length of a window, nanoseconds.
        depth_m: nearest and farthest depth, metres at the baseline of `rig`.
        provenance: names, origins and numbers of windows, in words.
    """

    rig: StereoRig
    window_ns: int
    depth_m: tuple[float, float]
    provenance: str


def summary(counts: Mapping[str, int]) -> TrainingData:
    """Return the summary of data sets.

    counts: number of training windows of each data set, by YAML file. Raises SettingsError, as
    `read_dataset` and `joined` do.
    """
    descriptions = [read_dataset(Path(path)).description for path in counts]
    return joined(zip(descriptions, counts.values(), strict=True))


def joined(parts: Iterable[tuple[DataDescription, int]]) -> TrainingData:
    """Return the summary of descriptions, each with its number of training windows.

    Raises SettingsError for data sets of different cameras or windows, and for none.
    """
    parts = list(parts)
    if not parts:
        raise SettingsError('data.datasets is empty: give at least one data set.')
    first, _ = parts[0]
    for other, _ in parts[1:]:
        _check_alike(first, other)
    bounds = [bound * part.network_scale for part, _ in parts for bound in part.depth_m]
    return TrainingData(
        network_rig(first.rig.camera), first.window_ns, (min(bounds), max(bounds)), _words(parts)
    )


def _words(parts: list[tuple[DataDescription, int]]) -> str:
    """Return each origin, followed by its data sets with their numbers of windows."""
    origins = dict.fromkeys(part.provenance for part, _ in parts)
    listed = {
        origin: ', '.join(f'{n} of {part.name}' for part, n in parts if part.provenance == origin)
        for origin in origins
    }
    return '; '.join(f'{origin}: {names}' for origin, names in listed.items())


def _check_alike(one: DataDescription, other: DataDescription) -> None:
    """Raise SettingsError if one network cannot be trained on two data sets."""
    for what, first, second in (
        ('windows', f'{one.window_ns / 1e6:g} ms', f'{other.window_ns / 1e6:g} ms'),
        ('cameras', one.rig.camera, other.rig.camera),
    ):
        if first != second:
            raise SettingsError(
                f'{one.name} and {other.name} have different {what} ({first}, {second}): train '
                'one network for each, or map both to the same.'
            )
