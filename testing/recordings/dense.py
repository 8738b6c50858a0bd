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

"""DENSE sequences: the folders that carla/ of uzh-rpg/rpg_e2depth writes."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.recording import DepthFrame
from spike_depth_ros.units import SECOND_NS

WIDTH, HEIGHT = 346, 260
FAR_M = 1000


def write_sequence(
    folder: Path, events: EventArrays, depth: Sequence[DepthFrame], start_ns: int
) -> Path:
    """Write a sequence; the far plane has 1000 m. Returns its folder.

    Args:
        folder: folder to make.
        events: events of the camera; those after a depth are in the next file.
        depth: true depth; file 0 has no event, as in the data set.
        start_ns: time that becomes 0.
    """
    for place in ('events/data', 'events/voxels', 'depth/data', 'depth/frames', 'rgb/frames'):
        (folder / place).mkdir(parents=True)
    ends = [start_ns, *(frame.t_ns for frame in depth)]
    cuts = [0, *np.searchsorted(events.t_ns, ends)]
    cuts[-1] = len(events.t_ns)
    for number in range(len(ends)):
        part = events.select(slice(cuts[number], cuts[number + 1]))
        rows = np.stack(part._replace(t_ns=part.t_ns - start_ns), axis=1).astype('f8')
        np.save(folder / f'events/data/events_{number:010}.npy', rows)
        image = np.full((HEIGHT, WIDTH, 3), (0, 10, number), np.uint8)  # blue, green, red
        cv2.imwrite(str(folder / f'rgb/frames/frame_{number:010}.png'), image)
        frame = depth[max(number - 1, 0)].depth
        np.save(folder / f'depth/data/depth_{number:010}.npy', np.nan_to_num(frame, nan=FAR_M))
    lines = ''.join(f'{n} {(t - start_ns) / SECOND_NS!r}\n' for n, t in enumerate(ends))
    for place in ('events/data', 'depth/data', 'rgb/frames'):
        (folder / place / 'timestamps.txt').write_text(lines)
    return folder
