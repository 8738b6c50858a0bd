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

"""DSEC sequences: the tree that users unpack, or loose files; see camera_hdf5 for the events."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import h5py
import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.recordings.recording import SIDES, DepthFrame
from spike_depth_ros.units import US_NS
from testing.recordings.camera_hdf5 import write_events
from testing.recordings.scene import Scene

WIDTH, HEIGHT = 640, 480
IMAGE_SIZE = (1440, 1080)


def write_tree(root: Path, scene: Scene, images: int = 2) -> Path:
    """Write a sequence as a tree; returns its folder.

    The sensor of 640 x 480 pixels has the scene in its upper left corner, and no distortion.

    Args:
        root: folder to make.
        scene: events and true depth.
        images: number of images of each frame camera.
    """
    for side, events in zip(SIDES, scene.cameras, strict=True):
        folder = root / 'events' / side
        folder.mkdir(parents=True)
        write_events(folder / 'events.h5', events)
        _write_rectify_map(folder / 'rectify_map.h5')
        _write_images(root / 'images' / side / 'rectified', images)
    times = [scene.start_ns // US_NS + 50_000 * number for number in range(images)]
    (root / 'images' / 'timestamps.txt').write_text(''.join(f'{t}\n' for t in times))
    write_disparities(root / 'disparity', scene.depth, scene.rig.focal_baseline)
    (root / 'calibration').mkdir()
    write_calibration(root / 'calibration' / 'cam_to_cam.yaml', scene)
    return root


def write_loose(folder: Path, sequence: str, scene: Scene) -> Path:
    """Write the files of the downloads, unpacked beside each other under their own names."""
    tree = write_tree(folder / 'tree', scene)
    for place, name in (
        ('events/left', 'events_left'),
        ('events/right', 'events_right'),
        ('images/left/rectified', 'images_rectified_left'),
        ('images/timestamps.txt', 'image_timestamps.txt'),
        ('disparity/event', 'disparity_event'),
        ('disparity/timestamps.txt', 'disparity_timestamps.txt'),
        ('calibration', 'calibration'),
    ):
        (tree / place).rename(folder / f'{sequence}_{name}')
    return folder


def write_disparities(folder: Path, depth: Sequence[DepthFrame], focal_baseline: float) -> None:
    """Write event/NNNNNN.png and timestamps.txt; a first disparity comes before the first depth.

    The numbers in the names step by 2. image/ has other disparities, of the frame camera.
    """
    for view in ('event', 'image'):
        (folder / view).mkdir(parents=True)
    first = DepthFrame(depth[0].t_ns - 100_000_000, np.full_like(depth[0].depth, 1.0))
    frames = [first, *depth]
    for number, frame in enumerate(frames):
        disparity = np.zeros((HEIGHT, WIDTH), np.uint16)
        disparity[: frame.depth.shape[0], : frame.depth.shape[1]] = _disparity(
            frame.depth, focal_baseline
        )
        cv2.imwrite(str(folder / 'event' / f'{2 * number:06}.png'), disparity)
        other = np.full(IMAGE_SIZE[::-1], 256, np.uint16)
        cv2.imwrite(str(folder / 'image' / f'{2 * number:06}.png'), other)
    times = ''.join(f'{frame.t_ns // US_NS}\n' for frame in frames)
    (folder / 'timestamps.txt').write_text(times)


def write_calibration(path: Path, scene: Scene) -> None:
    """Write cam_to_cam.yaml with the scene's rectified cameras as the raw event cameras."""
    camera, inverse = scene.rig.camera, 1 / scene.rig.baseline_m
    matrix = [camera.f, camera.f, camera.cx, camera.cy]
    raw = (
        f'camera_matrix: {matrix}, camera_model: pinhole, distortion_coeffs: [0.0, 0.0, 0.0, 0.0],'
        f' distortion_model: radtan, resolution: [{WIDTH}, {HEIGHT}]'
    )
    rectified = f'camera_matrix: {matrix}, camera_model: pinhole, resolution: [{WIDTH}, {HEIGHT}]'
    eye = np.eye(3).tolist()
    lines = ['intrinsics:']
    lines += [f'  cam{number}: {{{raw}}}' for number in (0, 3)]
    lines += [f'  camRect{number}: {{{rectified}}}' for number in (0, 3)]
    lines += ['extrinsics:']
    lines += [f'  R_rect{number}: {eye}' for number in (0, 3)]
    lines += ['disparity_to_depth:', f'  cams_03: {_q(camera.f, camera.cx, camera.cy, inverse)}']
    path.write_text('\n'.join(lines) + '\n')


def _q(f: float, cx: float, cy: float, inverse_baseline: float) -> list[list[float]]:
    rows = [[1.0, 0.0, 0.0, -cx], [0.0, 1.0, 0.0, -cy], [0.0, 0.0, 0.0, f]]
    return [*rows, [0.0, 0.0, inverse_baseline, 0.0]]


def _disparity(depth: NDArray[np.float32], focal_baseline: float) -> NDArray[np.uint16]:
    return np.round(np.nan_to_num(256 * focal_baseline / depth)).astype(np.uint16)


def _write_rectify_map(path: Path) -> None:
    """Write a map that leaves the image at its borders."""
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    places = np.stack([columns, rows], axis=2).astype('f4') * 1.02 - 4
    with h5py.File(path, 'w') as file:
        file.create_dataset('rectify_map', data=places, compression='gzip')


def _write_images(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        image = np.empty((*IMAGE_SIZE[::-1], 3), np.uint8)
        image[:] = (0, 10, number)  # blue, green, red of OpenCV
        cv2.imwrite(str(folder / f'{number:06}.png'), image)
