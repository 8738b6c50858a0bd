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

"""DENSE: simulated drives of one camera with dense depth, rendered by CARLA."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from spike_depth_ros.recordings.dense.event_files import event_files
from spike_depth_ros.training.data.clip import Clip
from spike_depth_ros.training.data.dataset import Split
from spike_depth_ros.training.data.recorded import RecordedDataset
from spike_depth_ros.training.settings import SettingsError


@dataclass(frozen=True, kw_only=True)
class DenseDataset(RecordedDataset):
    """DENSE's sequences, a folder each; one camera, so a network for one camera.

    Args:
        folder: folder with the sequences' folders.
        train, validation, test: names of the sequences of each split, or of folders that hold
            them, in `folder`.
        depth_m: nearest and farthest depth over which errors are measured, metres. The far plane
            of 1000 m is invalid.
    """

    folder: Path
    train: tuple[str, ...] = ('train',)
    validation: tuple[str, ...] = ('val', 'validation')
    test: tuple[str, ...] = ('test',)
    depth_m: tuple[float, float] = (1.0, 80.0)

    protocol: ClassVar[str] = 'DENSE'

    @property
    def title(self) -> str:
        """Return the name."""
        return 'DENSE'

    @property
    def range_m(self) -> tuple[float, float]:
        """Return the range of depth, metres."""
        return self.depth_m

    @property
    def provenance(self) -> str:
        """Return the origin of the windows."""
        return 'simulated recordings of DENSE'

    def clips(self, split: Split) -> Sequence[Clip]:
        """Return the sequences of a split. Raises SettingsError where they are missing."""
        names: Sequence[str] = getattr(self, split)
        folders = [self.folder.expanduser() / name for name in names]
        places = [place for folder in folders for place in (folder, *sorted(folder.glob('*')))]
        found = [place for place in places if event_files(place)]
        if not found:
            raise SettingsError(
                f"'{self.folder}' has no sequence of DENSE's {split} split ({', '.join(names)}): "
                'give the folder of the sequences, or name those that are there in the YAML file.'
            )
        return [Clip([place]) for place in found]
