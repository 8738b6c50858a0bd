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

"""Data of the runs by the word on the command line, such as sim_flying or mvsec=FOLDER."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from spike_depth_ros.outputs import whole_file
from spike_depth_ros.protocols import Averaged
from spike_depth_ros.training.data.dense import DenseDataset
from spike_depth_ros.training.data.dsec import DsecDataset
from spike_depth_ros.training.data.mvsec import MvsecDataset
from spike_depth_ros.training.settings import SettingsError

SIMULATED = ('sim_flying', 'sim_driving', 'sim_rooms')
INDOORS = ('1', '2', '3')  # MVSEC's splits of indoor_flying


@dataclass(frozen=True)
class Recipe:
    """Data of a paper's runs, and the choice of their checkpoint.

    Args:
        name: 'sim_flying', 'sim_driving', 'sim_rooms', 'mvsec', 'dsec' or 'dense'.
        folds: YAML files of the data set by the names of its splits; one named '' without several.
        other: YAML file of another data set, on which generalisation is measured; None: none.
        windows: number of training windows; None: all.
        measured: windows of each split on which errors are measured; None: all.
        averaged: average errors over the pixels of all images, or over the images.
        best: use the checkpoint with the least validation error of an epoch, as papers do on
            MVSEC; False: the last one.
        simulated: trainings on simulated data are short, see Variant.small.
    """

    name: str
    folds: Mapping[str, Path]
    other: Path | None = None
    windows: int | None = None
    measured: int | None = None
    averaged: Averaged = 'pixels'
    best: bool = False
    simulated: bool = False

    def dataset(self, fold: str) -> Path:
        """Return the YAML file of a split; all are the only one of a data set without several."""
        return self.folds.get(fold) or next(iter(self.folds.values()))

    def fold(self, fold: str) -> str:
        """Return the name of the split that stands for a paper's."""
        return fold if fold in self.folds else next(iter(self.folds))


def kind_of(data: str, kinds: Collection[str]) -> str:
    """Return the kind of data of a word such as 'mvsec=~/data/mvsec'. Raises SettingsError.

    Args:
        data: the word.
        kinds: kinds that a paper has settings for.
    """
    kind, _, folder = data.partition('=')
    if kind not in kinds or (kind in SIMULATED) == bool(folder):
        *words, last = (each if each in SIMULATED else f'{each}=FOLDER' for each in kinds)
        raise SettingsError(f"data is '{data}': use {', '.join(words)} or {last}.")
    return kind


def recipe(data: str, output: Path, settings: Sequence[Path] = ()) -> Recipe:
    """Return the recipe of a word such as 'mvsec=~/data/mvsec'. Raises SettingsError.

    Args:
        data: the word, see kind_of.
        output: folder for YAML files of data sets in a folder.
        settings: YAML files of `spike-depth train`, whose data.validation_samples are the windows
            that MVSEC's test sequence gives up for validation.
    """
    kind = kind_of(data, (*SIMULATED, *_RECORDED))
    if kind in SIMULATED:
        return _simulated(kind)
    place = Path(data.partition('=')[2]).expanduser().absolute()
    if not place.is_dir():
        raise SettingsError(
            f"data is '{data}', but '{place}' is no folder: give that of the downloaded "
            'recordings.'
        )
    return _RECORDED[kind](place, output / 'data', settings)


def _simulated(kind: str) -> Recipe:
    simulation = Path('config/simulation')
    return Recipe(
        kind,
        {'': simulation / f'{kind}.yaml'},
        simulation / 'sim_sparse.yaml',
        windows=1200,
        measured=96,
        simulated=True,
    )


def _mvsec(folder: Path, output: Path, settings: Sequence[Path]) -> Recipe:
    contents = [YAML(typ='safe').load(path.read_text()).get('data', {}) for path in settings]
    given = [each['validation_samples'] for each in contents if 'validation_samples' in each]
    choice = {'validation': given[-1]} if given else {}
    folds = {
        split: _written(
            output / f'mvsec_{split}.yaml', MvsecDataset, folder, split=split, **choice
        )
        for split in INDOORS
    }
    return Recipe('mvsec', folds, best=True)


def _dsec(folder: Path, output: Path, settings: Sequence[Path]) -> Recipe:
    return Recipe('dsec', {'': _written(output / 'dsec.yaml', DsecDataset, folder)}, best=True)


def _dense(folder: Path, output: Path, settings: Sequence[Path]) -> Recipe:
    return Recipe('dense', {'': _written(output / 'dense.yaml', DenseDataset, folder)}, best=True)


_RECORDED: Mapping[str, Callable[[Path, Path, Sequence[Path]], Recipe]] = {
    'mvsec': _mvsec,
    'dsec': _dsec,
    'dense': _dense,
}


def _written(file: Path, dataset: type, folder: Path, **arguments: Any) -> Path:
    """Write the YAML file of a data set in a folder, and return its path."""
    content = {
        'class_path': f'{dataset.__module__}.{dataset.__name__}',
        'init_args': {'folder': str(folder), **arguments},
    }
    with whole_file(file) as unfinished:
        YAML(typ='safe').dump(content, unfinished)
    return file
