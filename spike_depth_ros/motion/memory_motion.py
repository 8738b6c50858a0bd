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

"""Compensation of a model's memory for the motion of the rig."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pose import Pose

if TYPE_CHECKING:
    from spike_depth_ros.motion.warp import Volume, VolumeWarp

STILL = Pose.turned(np.eye(3))
# Columns and rows of a volume.
LEAST_SHIFT = 0.25


class MemoryMotion:
    """Motion of the volumes over disparity that a model remembers.

    A motion that moves nothing by LEAST_SHIFT waits and is added to the next one: each
    interpolation blurs.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Pose] = {}
        self._warps: dict[tuple[PinholeCamera, tuple[int, ...]], VolumeWarp] = {}

    def forget(self) -> None:
        """Drop the motion that waits; call it where the memory is reset."""
        self._waiting.clear()

    def move(
        self, states: Mapping[str, 'Volume'], pose: Pose, camera: PinholeCamera, baseline_m: float
    ) -> None:
        """Move volumes, in place, to the image of the rig after a motion.

        Args:
            states: float32 [1, disparities, h, w] by name, C order, at a half, a quarter or
                another part of the camera's resolution; channel d is disparity d, in pixels of
                the camera. States of one channel are no volumes, and stay.
            pose: pose of the rectified left camera after the motion in its frame before.
            camera: camera of the spike frames.
            baseline_m: baseline of the rig, metres.
        """
        focal_baseline = camera.f * baseline_m
        for name, state in states.items():
            if state.shape[1] == 1:
                continue
            moved = self._waiting.pop(name, STILL) @ pose
            warp = self._warp(camera, state.shape)
            if warp.largest_shift(moved, focal_baseline) < LEAST_SHIFT:
                self._waiting[name] = moved
            else:
                warp.move(state[0], moved, focal_baseline)

    def _warp(self, camera: PinholeCamera, shape: tuple[int, ...]) -> 'VolumeWarp':
        key = camera, shape
        if key not in self._warps:
            from spike_depth_ros.motion.warp import VolumeWarp  # loads numba

            self._warps[key] = VolumeWarp(coarser(camera, *shape[2:]), shape[1])
        return self._warps[key]


def coarser(camera: PinholeCamera, height: int, width: int) -> PinholeCamera:
    """Return the camera of a map of which each pixel covers a block of the camera's pixels.

    Args:
        camera: camera of the image.
        height, width: size of the map, which may be padded to the right and below.
    """
    block = max(1, round(camera.width / width))
    cx, cy = ((centre - (block - 1) / 2) / block for centre in (camera.cx, camera.cy))
    return PinholeCamera(width, height, camera.f / block, cx, cy)
