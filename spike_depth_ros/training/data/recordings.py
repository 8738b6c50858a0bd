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

"""Recordings of any kind with true depth as a data set."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from spike_depth_ros.training.data.clip import Clip
from spike_depth_ros.training.data.dataset import Split
from spike_depth_ros.training.data.recorded import RecordedDataset
from spike_depth_ros.training.settings import SettingsError


@dataclass(frozen=True, kw_only=True)
class RecordingDataset(RecordedDataset):
    """Recordings with true depth; each window ends at a true depth image.

    Args:
        name: name in logs, tables and the model's metadata.
        depth_m: nearest and farthest depth over which errors are measured, metres.
        train, validation, test: clips of each split; splits must share no scene.
        baseline_m: baseline, metres, of recordings without a calibration.
        origin: origin of the recordings in a few words, for the model's metadata.
    """

    name: str
    depth_m: tuple[float, float]
    train: list[Clip] = field(default_factory=list)
    validation: list[Clip] = field(default_factory=list)
    test: list[Clip] = field(default_factory=list)
    baseline_m: float | None = None
    origin: str = 'recordings'

    @property
    def title(self) -> str:
        """Return the name."""
        return self.name

    @property
    def range_m(self) -> tuple[float, float]:
        """Return the nearest and the farthest depth, metres."""
        return self.depth_m

    @property
    def provenance(self) -> str:
        """Return the origin of the recordings."""
        return self.origin

    @property
    def given_baseline_m(self) -> float | None:
        """Return the baseline of recordings without a calibration, metres."""
        return self.baseline_m

    def clips(self, split: Split) -> Sequence[Clip]:
        """Return the clips of a split. Raises SettingsError for a split without any."""
        clips: list[Clip] = getattr(self, split)
        if not clips:
            raise SettingsError(
                f"{self.name} has no recording for its {split} split: name some under '{split}' "
                'in its YAML file.'
            )
        return clips
