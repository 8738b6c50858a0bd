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

"""Point cloud of a depth image."""

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.camera import PinholeCamera

FIELDS = ('x', 'y', 'z', 'rgb')


def point_cloud(
    depth: npt.NDArray[np.float32], camera: PinholeCamera, colours: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float32]:
    """Return the points of the pixels with finite depth, float32 [n, 4], row by row.

    The columns are FIELDS: x to the right, y down and z ahead in metres (REP 103, optical frame),
    and the colour as 0x00RRGGBB, whose 32 bits are stored as a float, as in PCL.

    Args:
        depth: float32 [h, w], metres along z; NaN and infinite where there is no point.
        camera: camera of the depth image.
        colours: rgb, uint8 [h, w, 3].
    """
    rows, columns = np.nonzero(np.isfinite(depth))
    points = np.empty((len(rows), len(FIELDS)), np.float32)
    z = depth[rows, columns]
    points[:, 0] = ((np.arange(camera.width) - camera.cx) / camera.f)[columns] * z
    points[:, 1] = ((np.arange(camera.height) - camera.cy) / camera.f)[rows] * z
    points[:, 2] = z
    red, green, blue = colours[rows, columns].T.astype(np.uint32)
    points[:, 3] = (red << 16 | green << 8 | blue).view(np.float32)
    return points
