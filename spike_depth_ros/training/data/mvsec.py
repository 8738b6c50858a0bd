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

"""MVSEC: two DAVIS 346 cameras with depth by lidar, in its published splits."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np

from spike_depth_ros.recordings.mvsec import HOOD_M, TEST_RANGES
from spike_depth_ros.training.data.clip import Clip
from spike_depth_ros.training.data.dataset import Split
from spike_depth_ros.training.data.recorded import SEED, Entry, RecordedDataset
from spike_depth_ros.training.settings import SettingsError

Name = Literal['1', '2', '3', 'outdoor']
Ranges = Mapping[str, tuple[int, int | None]]

ENDINGS = ('.hdf5', '.bag')
# Half-open ranges of true depth images, as TEST_RANGES; the inclusive bounds are 80 .. 1259 etc.
_TRAIN: Ranges = {
    'indoor_flying1': (80, 1260),
    'indoor_flying2': (160, 1580),
    'indoor_flying3': (125, 1815),
}
_OUTDOOR_TEST = ('outdoor_day1', 'outdoor_night1', 'outdoor_night2', 'outdoor_night3')


def _indoor(tested: str) -> tuple[Ranges, Ranges]:
    return (
        {name: bounds for name, bounds in _TRAIN.items() if name != tested},
        {tested: TEST_RANGES[tested]},
    )


SPLITS: Mapping[str, tuple[Ranges, Ranges]] = MappingProxyType(
    {
        **{str(number): _indoor(f'indoor_flying{number}') for number in (1, 2, 3)},
        'outdoor': ({'outdoor_day2': (0, None)}, dict.fromkeys(_OUTDOOR_TEST, (0, None))),
    }
)


@dataclass(frozen=True, kw_only=True)
class MvsecDataset(RecordedDataset):
    """MVSEC's recordings as they are downloaded: `_data` and `_gt` files, HDF5 or ROS 1 bags.

    The true depth is depth_image_rect of the left camera. Validation windows are random ones of
    the test range, with a fixed seed; the others are the test windows.

    Args:
        folder: folder with the files, directly or in folders of it. The camchain of the
            calibration lies beside them.
        split: '1', '2' or '3' tests on that indoor_flying sequence and trains on the other two;
            'outdoor' trains on outdoor_day2 and tests on outdoor_day1 and outdoor_night1 to 3, as
            far as they are there. Depth up to 3 m is the car's hood there, and invalid.
        validation: number of validation windows.
        calibration: camchain file; null: that beside the recordings.
    """

    folder: Path
    split: Name
    validation: int = 200
    calibration: Path | None = None

    protocol: ClassVar[str] = 'MVSEC'

    @property
    def title(self) -> str:
        """Return the name with the split."""
        return f'MVSEC{self.split}'

    @property
    def range_m(self) -> tuple[float, float]:
        """Return the range of depth, metres: within rooms, or on streets."""
        return (HOOD_M, 80.0) if self.split == 'outdoor' else (0.5, 10.0)

    @property
    def nearest_valid_m(self) -> float:
        """Return the depth, metres, up to which pixels see the car."""
        return HOOD_M if self.split == 'outdoor' else 0.0

    @property
    def provenance(self) -> str:
        """Return the origin of the windows."""
        return f'recordings of MVSEC, split {self.split}'

    def clips(self, split: Split) -> Sequence[Clip]:
        """Return the clips of a split. Raises SettingsError where files are missing."""
        train, test = SPLITS[self.split]
        ranges = train if split == 'train' else test
        if self.split == 'outdoor' and split != 'train':
            there = {name: at for name, at in ranges.items() if self._found(f'{name}_gt')}
            ranges = there or ranges
        return [self._clip(name, *bounds) for name, bounds in ranges.items()]

    @property
    def choice(self) -> str:
        """Return the number of validation windows and the seed."""
        return f'{self.validation} of seed {SEED}'

    def chosen(self, split: Split, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the windows of a split; warn of true depth that ends before the split's range."""
        expected = sum((clip.last or 0) - clip.first for clip in self.clips(split) if clip.last)
        if len(entries) < expected:
            print(
                f'Warning: {self.title} {split} should have {expected} true depth images, but '
                f'there are {len(entries)}: errors are not those of the published split.',
                file=sys.stderr,
            )
        if split == 'train':
            return entries
        order = np.random.default_rng(SEED).permutation(len(entries)).tolist()
        numbers = order[: self.validation] if split == 'validation' else order[self.validation :]
        return [entries[number] for number in sorted(numbers)]

    def _clip(self, name: str, first: int, last: int | None) -> Clip:
        data, truth = self._found(f'{name}_data'), self._found(f'{name}_gt')
        if data is None or truth is None:
            part = f'{name}_{"gt" if data else "data"}'
            raise SettingsError(
                f"There is no {part}.hdf5 or {part}.bag in '{self.folder}': download it from "
                'MVSEC, or give another folder or split.'
            )
        return Clip([data], [truth], self.calibration, first=first, last=last)

    def _found(self, stem: str) -> Path | None:
        """Return the file of a name in the folder, HDF5 before a bag; None without one."""
        for ending in ENDINGS:
            if files := sorted(self.folder.expanduser().rglob(f'{stem}{ending}')):
                return files[0]
        return None
