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

"""Warp of a volume over disparity, such as the evidence that a readout remembers, by a pose.

A point on the ray of a pixel, at disparity d, has the depth z = f * B / d. After the camera has
moved, the ray of each new pixel crosses the planes z = f * B / d of the old camera at other
columns and rows, and each crossing has another disparity for the new camera. So each channel is
sampled along the new rays (bilinear), then each ray at the new disparities (linear).

Source: plane sweep (Collins 1996), with the planes of the old camera. With X = R X' + t from the
new camera's coordinates to the old one's, r' = (x', y', 1) the new ray and rho = 1 / z the inverse
depth of a plane, the crossing is x = (1 - rho tz) (R r')x / (R r')z + rho tx, and likewise y; its
disparity for the new camera is d' = d (R r')z / (1 - rho tz).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import float32, int32, uint64

from spike_depth_ros.events.compiled import OPTIONS, cached
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pose import Pose

Volume = npt.NDArray[np.float32]

OUTSIDE = 1e6  # column of a ray that the old camera does not see, pixels
# Divisions as in numpy: a check for 0 at each of them would take three times as long.
_compiled = cached(**OPTIONS, error_model='numpy')


def warm_up() -> None:
    """Compile the warp, or load it from the cache: the first window must not wait for it."""
    warp = VolumeWarp(PinholeCamera(2, 2, 1.0, 0.5, 0.5), 2)
    warp.move(np.zeros((2, 2, 2), np.float32), Pose(np.eye(3), np.ones(3)), 1.0)


class VolumeWarp:
    """Warp of volumes of one shape; it holds the buffers.

    Args:
        camera: camera of the volume's columns and rows.
        disparities: number of channels; channel d holds disparity d, in pixels of any resolution.
    """

    def __init__(self, camera: PinholeCamera, disparities: int) -> None:
        self._camera, self._disparities = camera, disparities
        height, width = camera.height, camera.width
        rows, columns = np.mgrid[:height, :width].reshape(2, -1).astype(np.float64)
        self._rays = camera.to_rays(np.stack([columns, rows]).T)
        # One more, a copy of the last: the rays' interpolation reads it with weight 0.
        self._planes = np.zeros((disparities + 1, height, width), np.float32)
        self._padded = np.zeros((height + 3) * (width + 3), np.float32)
        self._row = np.zeros(width, np.int32), np.zeros((2, width), np.float32)

    def move(self, volume: Volume, pose: Pose, focal_baseline: float) -> None:
        """Move a volume, in place, to the image of the camera after it has moved.

        0 comes from outside of the image, and disparities beyond the channels take the value of
        the nearest one. A pose without motion changes nothing.

        Args:
            volume: float32 [disparities, h, w], C order.
            pose: pose of the camera after the motion in its frame before.
            focal_baseline: disparity times depth, in channels times metres.
        """
        if np.array_equal(pose.rotation, np.eye(3)) and not pose.translation.any():
            return
        columns, rows, stretch = self._rotated(pose)
        factors, forward = self._translated(pose, focal_baseline)
        place, parts = self._row
        _sample_planes(
            volume, self._padded, columns, rows, factors, place, parts[0], parts[1], self._planes
        )
        _sample_rays(self._planes, stretch, forward, place, parts[0], volume)

    def largest_shift(self, pose: Pose, focal_baseline: float) -> float:
        """Return the largest shift of a corner of the volume or of its middle, columns or rows.

        pose, focal_baseline: see `move`.
        """
        camera = self._camera
        across, down = (
            np.array([0, (side - 1) / 2, side - 1]) for side in (camera.width, camera.height)
        )
        pixels = np.stack(np.meshgrid(across, down), -1).reshape(-1, 2)
        rays = camera.to_rays(pixels) @ pose.rotation.T
        nearest = (self._disparities - 1) / focal_baseline * pose.translation
        shifts = [camera.to_pixels(rays + offset) - pixels for offset in (0, nearest)]
        return float(np.nan_to_num(np.abs(shifts), nan=OUTSIDE).max())

    def _rotated(self, pose: Pose) -> tuple[Volume, Volume, Volume]:
        """Return column and row less the principal point, and (R r')z, each float32 [h, w]."""
        # A product of matrices may wake BLAS's threads, which delay the inference.
        x, y, z = np.einsum('ij,nj->in', pose.rotation, self._rays)
        is_ahead = z > 0
        depth = np.where(is_ahead, z, 1.0)
        f, shape = self._camera.f, self._planes.shape[1:]
        columns = np.where(is_ahead, f * x / depth, OUTSIDE)
        rows = np.where(is_ahead, f * y / depth, OUTSIDE)
        return (
            columns.reshape(shape).astype(np.float32),
            rows.reshape(shape).astype(np.float32),
            depth.reshape(shape).astype(np.float32),
        )

    def _translated(self, pose: Pose, focal_baseline: float) -> tuple[Volume, np.float32]:
        """Return scale, column and row to add for each plane, float32 [d, 3]; and tz / (f * B)."""
        tx, ty, tz = pose.translation
        camera = self._camera
        inverse_depth = np.arange(self._disparities) / focal_baseline
        factors = np.stack(
            [
                1 - inverse_depth * tz,
                camera.f * inverse_depth * tx + camera.cx,
                camera.f * inverse_depth * ty + camera.cy,
            ],
            1,
        )
        factors[factors[:, 0] <= 0] = [0, OUTSIDE, OUTSIDE]  # planes that the camera has passed
        return factors.astype(np.float32), np.float32(tz / focal_baseline)


@_compiled
def _sample_planes(
    volume: Any,
    padded: Any,
    columns: Any,
    rows: Any,
    factors: Any,
    place: Any,
    right: Any,
    lower: Any,
    planes: Any,
) -> None:
    """Sample each channel where the new rays cross its plane, bilinearly.

    The first inner loop has no memory access that depends on data: it becomes SIMD code.
    """
    disparities, height, width = volume.shape
    stride = int32(width + 3)
    for d in range(disparities):
        for y in range(height):
            for x in range(width):
                padded[(y + 1) * stride + x + 1] = volume[d, y, x]
        scale, across, down = factors[d, 0], factors[d, 1], factors[d, 2]
        for y in range(height):
            for x in range(width):
                u = scale * columns[y, x] + across
                v = scale * rows[y, x] + down
                u = min(max(u, float32(-1)), float32(width)) + float32(1)
                v = min(max(v, float32(-1)), float32(height)) + float32(1)
                column, row = int32(u), int32(v)
                right[x], lower[x] = u - float32(column), v - float32(row)
                place[x] = row * stride + column
            for x in range(width):
                here = uint64(place[x])
                below = here + uint64(stride)
                top = padded[here] + right[x] * (padded[here + uint64(1)] - padded[here])
                bottom = padded[below] + right[x] * (padded[below + uint64(1)] - padded[below])
                planes[d, y, x] = top + lower[x] * (bottom - top)
    for y in range(height):
        for x in range(width):
            planes[disparities, y, x] = planes[disparities - 1, y, x]


@_compiled
def _sample_rays(
    planes: Any, stretch: Any, forward: Any, place: Any, part: Any, volume: Any
) -> None:
    """Sample each ray at the new disparities, linearly."""
    disparities, height, width = volume.shape
    last = float32(disparities - 1)
    for y in range(height):
        for d in range(disparities):
            new = float32(d)
            for x in range(width):
                old = min(max(new / (stretch[y, x] + forward * new), float32(0)), last)
                below = int32(old)
                part[x] = old - float32(below)
                place[x] = below
            for x in range(width):
                here = uint64(place[x])
                value = planes[here, y, x]
                volume[d, y, x] = value + part[x] * (planes[here + uint64(1), y, x] - value)
