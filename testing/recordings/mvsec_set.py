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

"""MVSEC's folder as it is downloaded: HDF5 files of sequences, and the camchain beside them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spike_depth_ros.recordings.recording import DepthFrame
from testing.recordings import mvsec_hdf5
from testing.recordings.scene import HEIGHT, WIDTH, Scene

DEPTH_STEP_NS = 50_000_000


def write_set(folder: Path, scene: Scene, ranges: Mapping[str, int]) -> Path:
    """Write sequences of one scene; returns the folder.

    Args:
        folder: folder to make.
        scene: events and true depth.
        ranges: number of the true depth image, by sequence, at which the scene's images begin;
            before them nothing moves.
    """
    folder.mkdir(parents=True)
    for sequence, first in ranges.items():
        mvsec_hdf5.write_data(folder / f'{sequence}_data.hdf5', scene.cameras)
        mvsec_hdf5.write_truth(folder / f'{sequence}_gt.hdf5', _depth(scene, first), ['left'])
        scene_name = sequence.rstrip('0123456789')
        write_camchain(folder / f'camchain-imucam-{scene_name}.yaml', scene)
    return folder


def write_camchain(path: Path, scene: Scene) -> None:
    """Write a camchain whose raw cameras are the scene's rectified ones."""
    camera, eye = scene.rig.camera, np.eye(3).tolist()
    lines = []
    for number, offset in enumerate((0.0, -scene.rig.focal_baseline)):
        lines += [
            f'cam{number}:',
            '  camera_model: pinhole',
            '  distortion_model: radtan',
            '  distortion_coeffs: [0.0, 0.0, 0.0, 0.0]',
            f'  intrinsics: [{camera.f}, {camera.f}, {camera.cx}, {camera.cy}]',
            f'  resolution: [{WIDTH}, {HEIGHT}]',
            f'  rectification_matrix: {eye}',
            f'  projection_matrix: [[{camera.f}, 0.0, {camera.cx}, {offset}],'
            f' [0.0, {camera.f}, {camera.cy}, 0.0], [0.0, 0.0, 1.0, 0.0]]',
        ]
    path.write_text('\n'.join(lines) + '\n')


def _depth(scene: Scene, first: int) -> list[DepthFrame]:
    still = np.full((HEIGHT, WIDTH), 3, np.float32)
    start_ns = scene.depth[0].t_ns - first * DEPTH_STEP_NS
    before = [DepthFrame(start_ns + number * DEPTH_STEP_NS, still) for number in range(first)]
    return [*before, *scene.depth]
