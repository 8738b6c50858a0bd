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

"""Windows of recordings on disk: counted once by several processes, and read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info
from tqdm import tqdm

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.outputs import OutputError
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.training.data.clip import Clip
from spike_depth_ros.training.data.dataset import Depth, DepthWindow, TrueView
from spike_depth_ros.training.settings import SettingsError

Part = tuple[Clip, Mapping[int, int]]
Store = Callable[[Clip, Mapping[int, int]], Iterator[int]]
SENTENCES = (RecordingError, CalibrationError, SettingsError, OutputError)


def store(stored: Store, parts: Sequence[Part], workers: int, name: str) -> None:
    """Count and write windows of clips, with a progress bar.

    Raises SettingsError with the sentence of an error in any process.

    Args:
        stored: writes the windows of a clip, and yields something for each.
        parts: clips with the numbers of their windows by time; see RecordedDataset.stored.
        workers: largest number of processes; each takes whole clips.
        name: heading of the progress bar.
    """
    processes = min(workers, len(parts)) if len(parts) > 1 else 0
    loader = DataLoader(_Parts(stored, parts), batch_size=None, num_workers=processes)
    total = sum(len(indices) for _, indices in parts)
    for problem in tqdm(loader, desc=name, total=total, unit='window', disable=not total):
        if problem:
            raise SettingsError(problem)


class _Parts(IterableDataset[str]):
    """Windows of clips, written by the loader's workers.

    An item is the reason why the windows of a clip cannot be written, or '' for a written window:
    an error raised in a worker would be reported with its traceback.
    """

    def __init__(self, stored: Store, parts: Sequence[Part]) -> None:
        self._stored, self._parts = stored, parts

    def __iter__(self) -> Iterator[str]:
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for clip, indices in self._parts[first::step]:
            try:
                for _ in self._stored(clip, indices):
                    yield ''
            except SENTENCES as error:
                yield str(error)
                return


class RecordedWindows(Dataset[DepthWindow]):
    """Stored windows of recordings."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> DepthWindow:
        with np.load(self._paths[index]) as arrays:
            view = None
            if 'view' in arrays:
                width, height, *numbers = arrays['camera'].tolist()
                camera = PinholeCamera(int(width), int(height), *numbers)
                view = TrueView(camera, arrays['view'])
            return DepthWindow(arrays['spikes'], arrays['depth'], arrays['depth'], view=view)


def without_near(window: DepthWindow, nearest_m: float) -> DepthWindow:
    """Return a window whose true depth up to nearest_m, metres, is NaN."""

    def valid(depth: Depth) -> Depth:
        return np.where(depth > nearest_m, depth, np.float32(np.nan))

    depth, view = valid(window.depth), window.view
    if view is not None:
        view = view._replace(depth=valid(view.depth))
    return window._replace(depth=depth, event_depth=depth, view=view)


def arrays_of(window: DepthWindow, scale: float) -> dict[str, Any]:
    """Return a window as stored.

    Args:
        window: window of a recording.
        scale: factor on its depth.
    """
    factor = np.float32(scale)
    arrays: dict[str, Any] = {'spikes': window.spikes, 'depth': window.depth * factor}
    if window.view is None:
        return arrays
    camera = window.view.camera
    numbers = [camera.width, camera.height, camera.f, camera.cx, camera.cy]
    return {**arrays, 'view': window.view.depth * factor, 'camera': np.array(numbers, np.float64)}
