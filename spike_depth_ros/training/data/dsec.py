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

"""DSEC: two Prophesee Gen3.1 cameras on a car with disparity by lidar."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from spike_depth_ros.recordings.hdf5 import dsec_places
from spike_depth_ros.training.data.clip import Clip
from spike_depth_ros.training.data.dataset import Split
from spike_depth_ros.training.data.recorded import RecordedDataset
from spike_depth_ros.training.settings import SettingsError

# Published: 41 sequences with disparity and 12 test sequences without. DSEC names no validation
# sequences; these are our choice, whole drives, so that no street is in two splits.
VALIDATION = ('zurich_city_03_a', 'zurich_city_07_a', 'zurich_city_08_a')
TEST = ('thun_00_a', 'zurich_city_05_a', 'zurich_city_05_b', 'zurich_city_06_a')
WITHHELD = (
    *('interlaken_00_a', 'interlaken_00_b', 'interlaken_01_a', 'thun_01_a', 'thun_01_b'),
    *('zurich_city_12_a', 'zurich_city_13_a', 'zurich_city_13_b', 'zurich_city_14_a'),
    *('zurich_city_14_b', 'zurich_city_14_c', 'zurich_city_15_a'),
)


@dataclass(frozen=True, kw_only=True)
class DsecDataset(RecordedDataset):
    """DSEC's sequences, one unpacked folder each; see docs/reference/recordings.md.

    The disparity of DSEC's 12 test sequences is withheld: errors on them come from its server (see
    `spike-depth submit`). The validation and test splits here are sequences with disparity.

    Args:
        folder: folder with the sequences' folders, directly or in folders of it.
        validation: names of the validation sequences.
        test: names of the sequences to evaluate on.
        train: names of the training sequences; empty: all others that have disparity.
    """

    folder: Path
    validation: tuple[str, ...] = VALIDATION
    test: tuple[str, ...] = TEST
    train: tuple[str, ...] = ()

    protocol: ClassVar[str] = 'DSEC'

    @property
    def title(self) -> str:
        """Return the name."""
        return 'DSEC'

    @property
    def range_m(self) -> tuple[float, float]:
        """Return the range of depth, metres."""
        return 2.0, 100.0

    @property
    def provenance(self) -> str:
        """Return the origin of the windows."""
        return 'recordings of DSEC'

    def clips(self, split: Split) -> Sequence[Clip]:
        """Return the sequences of a split. Raises SettingsError where they are missing."""
        there = sequences(self.folder)
        names: Sequence[str] = getattr(self, split)
        if split == 'train' and not names:
            others = {*self.validation, *self.test, *WITHHELD}
            names = [name for name in there if name not in others]
        found = [there[name] for name in names if name in there]
        if not found:
            wanted = ', '.join(names) or 'a sequence that is in no other split'
            raise SettingsError(
                f"'{self.folder}' has no sequence of DSEC's {split} split ({wanted}): give the "
                'folder of the unpacked sequences, or name others in a YAML file of the data set.'
            )
        return [Clip([sequence]) for sequence in found]


def sequences(folder: Path) -> dict[str, Path]:
    """Return the folders of the sequences in a folder, or in folders of it, by their names."""
    folder = folder.expanduser()
    paths = sorted(path for path in (*folder.glob('*/'), *folder.glob('*/*/')) if path.is_dir())
    return {path.name: path for path in paths if dsec_places.of_folder(path) is not None}
