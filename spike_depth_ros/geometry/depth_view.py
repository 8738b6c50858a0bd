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

"""True depth between its own view and the network's image: two cameras at one place."""

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.calibration import CameraCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pixel_table import UNMAPPED, nearest_pixels

Depth = npt.NDArray[np.float32]
Places = npt.NDArray[np.floating]


class RectifiedView:
    """Depth of a rectified camera that differs from the network's in size, f, cx and cy only.

    Both look the same way from the same place, so depth along z is the same in both.

    Attributes:
        camera: camera of the true depth.
        shown: bool [h, w] of the view, True for pixels that the network's image shows.
    """

    def __init__(self, view: PinholeCamera, network: PinholeCamera) -> None:
        """Look up the pixels of one image in the other one.

        Args:
            view: camera of the true depth.
            network: camera of the spike frames.
        """
        self.camera = view
        self._size, self._other = (view.height, view.width), (network.height, network.width)
        self._seen = nearest_pixels(view, network)
        self._back = nearest_pixels(network, view)
        self.shown = self._back != UNMAPPED
        columns, rows = np.arange(view.width), np.arange(view.height)
        scale = network.f / view.f
        self._columns = (columns - view.cx) * scale + network.cx
        self._rows = (rows - view.cy) * scale + network.cy

    def to_network(self, depth: Depth) -> Depth:
        """Return depth of the view, [h, w], in the network's image, NaN outside of the view.

        A pixel gets the depth of the nearest pixel of the view. Raises ValueError for another
        size.
        """
        return _looked_up(_checked(depth, self._size), self._seen)

    def to_view(self, depth: Depth) -> Depth:
        """Return depth of the network's image, [h, w], in the view, NaN outside of the image.

        Inverse depth is interpolated between the four nearest pixels, since disparities are linear
        across a plane; where one of them has no depth, the nearest pixel counts. Raises ValueError
        for another size.
        """
        nearest = _looked_up(_checked(depth, self._other), self._back)
        with np.errstate(divide='ignore', invalid='ignore'):
            smooth = 1 / _interpolated(np.float32(1) / depth, self._rows, self._columns)
        return np.where(np.isfinite(smooth), smooth, nearest).astype(np.float32)

    def mask_to_view(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return a mask of the network's image, [h, w], in the view, False outside of it."""
        return _looked_up(mask.astype(np.float32), self._back) > 0


class RawView:
    """Depth of a raw, distorted camera along its own axis.

    Every pixel is carried through the lens and the rectification: it keeps its place on its ray,
    and its depth becomes the one along the axis of the rectified camera.
    """

    def __init__(self, view: CameraCalibration, network: PinholeCamera) -> None:
        """Find the place of each raw pixel in the network's image.

        Args:
            view: raw camera of the true depth.
            network: camera of the spike frames.
        """
        self._size, self._shape = (view.height, view.width), (network.height, network.width)
        self._index = nearest_pixels(network, view).reshape(-1)
        y, x = np.indices(self._size, np.float64).reshape(2, -1)
        rays = view.to_rays(np.stack([x, y]).T)  # of a depth of 1 along the raw axis
        self._factor = rays[:, 2].astype(np.float32)

    def to_network(self, depth: Depth) -> Depth:
        """Return depth of the raw view, [h, w], in the network's image, NaN where no pixel lands.

        Of several pixels that land on one, the nearest surface counts. Raises ValueError for
        another size.
        """
        found = _checked(depth, self._size).reshape(-1) * self._factor
        lands = (self._index != UNMAPPED) & np.isfinite(found) & (found > 0)
        nearest = np.full(self._shape, np.inf, np.float32)
        np.minimum.at(nearest.reshape(-1), self._index[lands], found[lands])
        return np.where(np.isfinite(nearest), nearest, np.float32(np.nan))


def _looked_up(values: Depth, pixels: npt.NDArray[np.int32]) -> Depth:
    found = values.reshape(-1)[np.maximum(pixels, 0)]
    return np.where(pixels == UNMAPPED, np.float32(np.nan), found)


def _interpolated(values: Depth, rows: Places, columns: Places) -> Depth:
    """Return values at a grid of rows and columns, NaN beside the image or beside a NaN."""
    return _along(_along(values, rows).T, columns).T


def _along(values: Depth, places: Places) -> Depth:
    """Return values interpolated along their first axis, NaN outside."""
    last = len(values) - 1
    lower = np.clip(np.floor(places), 0, max(last - 1, 0)).astype(np.intp)
    upper = np.minimum(lower + 1, last)
    share = (places - lower).astype(np.float32)[:, None]
    mixed = values[lower] * (1 - share) + values[upper] * share
    mixed = np.where(share == 0, values[lower], mixed)
    mixed = np.where(share == 1, values[upper], mixed)
    inside = (places >= 0) & (places <= last)
    return np.where(inside[:, None], mixed, np.float32(np.nan))


def _checked(depth: Depth, size: tuple[int, int]) -> Depth:
    if depth.shape != size:
        raise ValueError(f'The depth has shape {depth.shape}, but its camera has {size}.')
    return depth
