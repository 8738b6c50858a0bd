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

"""Sequence of consecutive windows of one scene, with the rig's pose and the true motion."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.temporal_metrics import at_earlier_place
from spike_depth_ros.training.data.dataset import Depth, DepthWindow, Preparation, Split
from spike_depth_ros.training.data.sample import FRAME, Sample
from spike_depth_ros.units import US_NS


class Motion(NamedTuple):
    """True motion of the surface points that the pixels of a window see, since an earlier window.

    Args:
        flow: float32 [h, w, 2], the point's column and row in the earlier window less those now,
            pixels; NaN where the earlier window did not see the point, or depth is unknown.
        earlier: float32 [h, w], the point's depth in the earlier window, metres; NaN likewise.
    """

    flow: NDArray[np.float32]
    earlier: Depth


class WindowSequence(NamedTuple):
    """Consecutive windows of one scene.

    Args:
        windows: windows with their true depth.
        ends_ns: ends of the windows, nanoseconds.
        motions: true motion since the window before, None for the first window; None where it is
            unknown, as in recordings.
        stands_still: whether the rig stands still; None where it is unknown.
        centre: float32 [windows, 3], place of the left camera at the windows' ends, metres; None
            where it is unknown.
        rotation: float32 [windows, 3, 3], its rotation, camera (x right, y down, z forward) to
            world; None likewise.
    """

    windows: Sequence[DepthWindow]
    ends_ns: Sequence[int]
    motions: Sequence[Motion | None] | None = None
    stands_still: bool | None = None
    centre: NDArray[np.float32] | None = None
    rotation: NDArray[np.float32] | None = None


class WindowSequences(Protocol):
    """Sequences by their numbers."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> WindowSequence: ...


class DepthSequences(Protocol):
    """Sequences of consecutive windows of a data set, in its splits."""

    @property
    def extent(self) -> str:
        """Return the length of the sequences in words."""
        ...

    def prepare(self, split: Split, count: int, preparation: Preparation) -> None:
        """Make the missing sequences; shows progress, and resumes.

        Raises SettingsError for a split that has fewer, and OutputError.

        Args:
            split: 'train', 'validation' or 'test', which share no scene.
            count: number of sequences.
            preparation: folder, processes and device.
        """
        ...

    def window_sequences(
        self, split: Split, count: int, preparation: Preparation
    ) -> WindowSequences:
        """Return the first sequences of a split, after `prepare`; each is read when indexed."""
        ...


class SimulatedSequence(NamedTuple):
    """Simulated windows of one scene in the image of the spike frame, as they are stored.

    Args:
        spikes: uint8 [windows, h, w, 4], counts as the binner publishes them.
        depth: float16 [windows, h, w], metres of the rig at the windows' ends; NaN where unmapped.
        nearest: float16 [windows, h, w], least depth of the pixel within the window; NaN where
            unmapped.
        surface: int16 [windows, h, w], number of the surface at the windows' ends; -1 where
            unmapped.
        place: float32 [windows, p, 3], centres of the surfaces at the windows' ends, metres.
        centre: float32 [windows, 3], place of the left camera at the windows' ends, metres.
        rotation: float32 [windows, 3, 3], its rotation, camera (x right, y down, z forward) to
            world.
        end_us: int64 [windows], ends of the windows, microseconds.
    """

    spikes: NDArray[np.uint8]
    depth: NDArray[np.float16]
    nearest: NDArray[np.float16]
    surface: NDArray[np.int16]
    place: NDArray[np.float32]
    centre: NDArray[np.float32]
    rotation: NDArray[np.float32]
    end_us: NDArray[np.int64]

    @property
    def stands_still(self) -> bool:
        """Return whether the rig stands still."""
        moves = np.ptp(self.centre, axis=0).any() or np.ptp(self.rotation, axis=0).any()
        return not moves

    def window(self, index: int) -> DepthWindow:
        """Return one window, with the depth of its events."""
        image = np.zeros(self.depth.shape[1:], np.uint8)
        sample = Sample(self.spikes[index], self.depth[index], self.nearest[index], image)
        return sample.to_window()._replace(image=None)

    def motion(self, index: int, earlier: int) -> Motion:
        """Return the true motion of what a window sees, since an earlier window.

        Surfaces are moved, never turned. The earlier window saw a point if the point's pixel there
        saw the same surface.

        Args:
            index: number of the window.
            earlier: number of the earlier window.
        """
        surface = self.surface[index].astype(np.int64)
        rows, columns = np.indices(surface.shape, np.float64)
        pixels = np.stack([columns.ravel(), rows.ravel()], -1)
        rays = FRAME.to_rays(pixels).reshape(*surface.shape, 3)
        points = self.depth[index].astype(np.float32)[..., None] * rays @ self.rotation[index].T
        moved = (self.place[earlier] - self.place[index])[surface]
        points += self.centre[index] - self.centre[earlier] + moved
        points = points @ self.rotation[earlier]
        flow = (FRAME.to_pixels(points.reshape(-1, 3)) - pixels).reshape(*surface.shape, 2)
        there = at_earlier_place(self.surface[earlier].astype(np.float32), flow)
        known = (surface >= 0) & (there == surface)
        nan = np.float32(np.nan)
        return Motion(
            np.where(known[..., None], flow.astype(np.float32), nan),
            np.where(known, points[..., 2].astype(np.float32), nan),
        )

    def to_sequence(self) -> WindowSequence:
        """Return the sequence with the motion between consecutive windows."""
        count = len(self.spikes)
        return WindowSequence(
            [self.window(index) for index in range(count)],
            [US_NS * int(end) for end in self.end_us],
            [None, *(self.motion(index, index - 1) for index in range(1, count))],
            self.stands_still,
            self.centre,
            self.rotation,
        )
