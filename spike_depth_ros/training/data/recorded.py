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

"""Data sets of recordings: windows that end at the times of true depth images."""

import json
import sys
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from tqdm import tqdm

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.outputs import whole_file
from spike_depth_ros.recordings.recording import EventRecording
from spike_depth_ros.training.data.clip import Clip, OpenClip, opened
from spike_depth_ros.training.data.dataset import (
    DataDescription,
    DepthDataset,
    DepthWindow,
    Preparation,
    Split,
    network_rig,
)
from spike_depth_ros.training.data.recorded_windows import (
    RecordedWindows,
    arrays_of,
    store,
    without_near,
)
from spike_depth_ros.training.data.window_folder import WindowFolder
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.units import MS_NS

LAYOUT = 1  # of the stored files
SEED = 16
INDEX = 'windows.json'


class Entry(NamedTuple):
    """Window of a split: number of its clip, and time of its true depth, nanoseconds."""

    clip: int
    t_ns: int


@dataclass(frozen=True, kw_only=True)
class RecordedDataset(DepthDataset):
    """Base of the data sets of recordings.

    Windows are counted once, in one pass over each recording, and stored. Their order is random
    with a fixed seed: the first ones of a split are from all of its recordings.

    Args:
        window_ms: length of a window, milliseconds.
        camera: camera of the spike frames, to which all cameras are mapped.
    """

    window_ms: float = 50.0
    camera: PinholeCamera = MVSEC_RIG.camera

    protocol: ClassVar[str] = ''

    @property
    @abstractmethod
    def title(self) -> str:
        """Return the name of the data set."""

    @property
    @abstractmethod
    def range_m(self) -> tuple[float, float]:
        """Return the nearest and the farthest depth over which errors are measured, metres."""

    @property
    @abstractmethod
    def provenance(self) -> str:
        """Return the origin of the windows in words."""

    @property
    def given_baseline_m(self) -> float | None:
        """Return the baseline of recordings without a calibration, metres; None without one."""
        return None

    @property
    def nearest_valid_m(self) -> float:
        """Return the depth, metres, up to which true depth is invalid."""
        return 0.0

    @abstractmethod
    def clips(self, split: Split) -> Sequence[Clip]:
        """Return the clips of a split. Raises SettingsError where recordings are missing."""

    @property
    def choice(self) -> str:
        """Return the settings of `chosen`, by which stored windows differ."""
        return ''

    def chosen(self, split: Split, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries of a split's clips that belong to the split."""
        return entries

    @property
    def description(self) -> DataDescription:
        """Return the description of all splits; reads the calibration of the first recording."""
        channels, rig = self._first
        window_ns = round(self.window_ms * MS_NS)
        return DataDescription(
            self.title,
            rig,
            window_ns,
            self.range_m,
            self.provenance,
            channels,
            protocol=self.protocol,
        )

    @cached_property
    def _first(self) -> tuple[int, StereoRig]:
        """Return the channels and the rig by the first clip that there is."""
        with self._opened(self.first_clip) as clip:
            channels = 2 * len(clip.cameras)
            if len(clip.cameras) == 1:
                return channels, network_rig(self.camera)
            return channels, StereoRig(self.camera, self._baseline(clip))

    @property
    def first_clip(self) -> Clip:
        """Return a clip whose calibration stands for all. Raises SettingsError without one."""
        reasons = []
        splits: tuple[Split, ...] = ('train', 'validation', 'test')
        for split in splits:
            try:
                return self.clips(split)[0]
            except SettingsError as error:
                reasons.append(error)
        raise reasons[0]

    def check(self, split: Split, count: int, preparation: Preparation) -> None:
        """Check that the recordings are there, and that the folder can store their windows.

        Args: see DepthDataset.windows.
        """
        if count:
            self.clips(split)
            self._folder(split, preparation).check(range(count))

    def prepare(self, split: Split, count: int, preparation: Preparation) -> None:
        """Count the missing windows; shows progress, and resumes.

        Args: see DepthDataset.windows.
        """
        if not count:
            return
        self._folder(split, preparation).begin(range(count))
        _check_count(self.title, split, count, len(self._entries(split, preparation)))
        self.prepare_some(split, range(count), preparation)

    def prepare_some(self, split: Split, numbers: Iterable[int], preparation: Preparation) -> None:
        """Count those of some windows that are missing; shows progress, and resumes.

        Args:
            split: 'train', 'validation' or 'test'.
            numbers: numbers of windows; see `entries`.
            preparation: folder and number of processes.
        """
        folder, entries = self._folder(split, preparation), self.entries(split, preparation)
        missing: dict[int, dict[int, int]] = {}
        for number in folder.missing(numbers):
            entry = entries[number]
            missing.setdefault(entry.clip, {})[entry.t_ns] = number
        clips = self.clips(split)
        parts = [(clips[number], indices) for number, indices in missing.items()]
        name = f'windows of {self.title} {split}'
        store(partial(self.stored, folder=folder), parts, preparation.workers, name)

    def entries(self, split: Split, preparation: Preparation) -> list[Entry]:
        """Return clip and time of all windows of a split, in the order of their numbers."""
        self._folder(split, preparation).begin(())
        return self._entries(split, preparation)

    def window(self, split: Split, number: int, preparation: Preparation) -> DepthWindow:
        """Return one window, after `prepare_some`."""
        return RecordedWindows([self._folder(split, preparation).path(number)])[0]

    def count(self, split: Split, preparation: Preparation) -> int:
        """Return the number of windows of a split; see DepthDataset.count."""
        return len(self.entries(split, preparation))

    def windows(self, split: Split, count: int, preparation: Preparation) -> RecordedWindows:
        """Return the first windows of a split; see DepthDataset.windows."""
        if count:
            _check_count(self.title, split, count, len(self._entries(split, preparation)))
        folder = self._folder(split, preparation)
        return RecordedWindows([folder.path(index) for index in range(count)])

    def stored(
        self, clip: Clip, indices: Mapping[int, int], folder: WindowFolder
    ) -> Iterator[int]:
        """Count and write windows of a clip; yield the number of each one.

        Args:
            clip: a clip.
            indices: numbers of the windows, by the times of their true depth, nanoseconds.
            folder: folder of the windows.
        """
        with self._opened(clip) as source:
            # Depth is stored in metres of the description's rig: that of equal disparity.
            scale = 1.0
            if len(source.cameras) == 2:
                scale = self.description.rig.baseline_m / self._baseline(source)
            for t_ns, window in source.windows(list(indices), round(self.window_ms * MS_NS)):
                window = without_near(window, self.nearest_valid_m)
                folder.write(indices[t_ns], arrays_of(window, scale))
                yield indices[t_ns]
            _tell(source.recording)

    def _entries(self, split: Split, preparation: Preparation) -> list[Entry]:
        """Return the windows of a split in their order, listed once and stored."""
        file = self._folder(split, preparation).folder / INDEX
        if file.exists():
            return [Entry(*pair) for pair in json.loads(file.read_text())]
        clips = self.clips(split)
        found = [
            Entry(number, t_ns)
            for number, clip in enumerate(tqdm(clips, desc=f'true depth of {self.title} {split}'))
            for t_ns in self._times(clip)
        ]
        entries = list(self.chosen(split, list(dict.fromkeys(found))))
        order = np.random.default_rng(SEED).permutation(len(entries))
        shuffled = [entries[position] for position in order.tolist()]
        with whole_file(file) as unfinished:
            unfinished.write_text(json.dumps(shuffled))
        return shuffled

    def _times(self, clip: Clip) -> list[int]:
        with self._opened(clip) as source:
            return list(source.times())

    @contextmanager
    def _opened(self, clip: Clip) -> Iterator[OpenClip]:
        with opened(clip, self.camera) as source:
            yield source

    def _baseline(self, clip: OpenClip) -> float:
        baseline_m = clip.baseline_m or self.given_baseline_m
        if baseline_m is None:
            raise SettingsError(
                f"'{clip.recording.path}' has no calibration in it or beside it, so its baseline "
                f'is unknown: put its calibration beside it, or give calibration or baseline_m in '
                f'the YAML file of {self.title}.'
            )
        return baseline_m

    def _folder(self, split: Split, preparation: Preparation) -> WindowFolder:
        """Return the folder of a split; another source or setting has another folder."""
        text = self._texts.get(split) or self._texts.setdefault(split, self._described(split))
        key = sha256(text.encode()).hexdigest()[:10]
        folder = preparation.folder / self.title / f'{split}-{key}'
        return WindowFolder(folder, self.title, text)

    @cached_property
    def _texts(self) -> dict[Split, str]:
        """Return the descriptions of the splits so far: a folder may have ten thousand files."""
        return {}

    def _described(self, split: Split) -> str:
        """Return the source and the settings of a split as JSON."""
        described = {
            'layout': LAYOUT,
            'class': type(self).__name__,
            'window_ms': self.window_ms,
            'rig': repr(self.description.rig),
            'split': split,
            'choice': self.choice,
            'clips': [[repr(clip), signature(clip)] for clip in self.clips(split)],
        }
        return json.dumps(described, indent=1)


def _tell(recording: EventRecording) -> None:
    """Print what the reader had to assume, and what it left out."""
    for note in recording.notes:
        tqdm.write(f'{recording.path}: {note}', file=sys.stderr)
    for phrase, number in recording.losses.items():
        if number:
            tqdm.write(f'{recording.path}: left out {number} {phrase}', file=sys.stderr)


def signature(clip: Clip) -> list[list[int]]:
    """Return size in bytes and time of change of the files of a clip, or the sums of a folder."""
    paths = [*clip.paths, *clip.truth, *([clip.calibration] if clip.calibration else [])]
    return [_signature(path.expanduser()) for path in paths]


def _signature(path: Path) -> list[int]:
    files = [path] if path.is_file() else [file for file in path.rglob('*') if file.is_file()]
    states = [file.stat() for file in files]
    size = sum(state.st_size for state in states)
    return [len(files), size, max((state.st_mtime_ns for state in states), default=0)]


def _check_count(title: str, split: Split, count: int, available: int) -> None:
    if count > available:
        raise SettingsError(
            f'{split} of {title} has {available} windows, not {count}: ask for fewer.'
        )
