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

"""Picture of events, predicted depth and true depth side by side, with a colour bar."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spike_depth_ros.frames.event_picture import NO_EVENT_COLOUR, OFF_COLOUR, ON_COLOUR
from spike_depth_ros.inference.preview import colour, colour_table
from spike_depth_ros.ros.demo.window_store import NONE, StoredWindow, WindowStore

DPI = 100
MARGIN, TOP, BAR, LABELS = 12, 58, 18, 64  # pixels at scale 1
EVENT_COLOURS = np.array([OFF_COLOUR, NO_EVENT_COLOUR, ON_COLOUR], np.uint8)
TICKS = 6
PERCENTILES = (1, 99)

Pixels = npt.NDArray[np.uint8]


class Picture:
    """Drawing of windows of one size; title and colour bar are drawn once."""

    def __init__(
        self,
        shape: tuple[int, int],
        scale: int,
        range_m: tuple[float, float],
        title: str,
        truth: bool,
    ) -> None:
        """Draw title and colour bar.

        Args:
            shape: height and width of a window.
            scale: pixels of the picture per pixel of a window, in each direction.
            range_m: nearest and farthest depth of the colours, metres.
            title: title of the picture.
            truth: whether there is a third panel, for the true depth.
        """
        self._range_m = range_m
        self._scale = scale
        self._truth = truth
        self._size = shape[0] * scale, shape[1] * scale
        self._top = TOP * scale
        self._lefts = [
            MARGIN * scale + panel * (self._size[1] + MARGIN * scale)
            for panel in range(3 if truth else 2)
        ]
        self._frame = self._lay_out(title)

    def draw(self, window: StoredWindow) -> Pixels:
        """Return the picture of a window: rgb, uint8 [height, width, 3], even height and width."""
        frame = self._frame.copy()
        panels = [EVENT_COLOURS[window.events], self._colour(window.depth, window)]
        if self._truth:
            panels.append(self._colour(window.truth, window))
        for left, panel in zip(self._lefts, panels, strict=True):
            enlarged = panel.repeat(self._scale, axis=0).repeat(self._scale, axis=1)
            height, width = self._size
            frame[self._top : self._top + height, left : left + width] = enlarged
        return frame

    def _colour(self, depth: npt.NDArray[np.floating] | None, window: StoredWindow) -> Pixels:
        if depth is None:
            depth = np.full(window.events.shape, np.nan)
        return colour(depth.astype(np.float32), *self._range_m)

    def _lay_out(self, title: str) -> Pixels:
        """Return the picture without the contents of the panels."""
        scale, (panel_height, panel_width) = self._scale, self._size
        bar_left = self._lefts[-1] + panel_width + MARGIN * scale
        width = _even(bar_left + (BAR + LABELS) * scale)
        height = _even(self._top + panel_height + MARGIN * scale)
        figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
        canvas = FigureCanvasAgg(figure)
        figure.text(0.5, 1 - 18 * scale / height, title, ha='center', va='center', size=9 * scale)
        names = ('events', 'predicted depth', 'true depth')
        for left, name in zip(self._lefts, names, strict=False):
            centre = (left + panel_width / 2) / width
            level = 1 - (TOP - 14) * scale / height
            figure.text(centre, level, name, ha='center', va='center', size=8 * scale)
        bottom = (height - self._top - panel_height) / height
        bar = (bar_left / width, bottom, BAR * scale / width, panel_height / height)
        self._draw_bar(figure, bar)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()

    def _draw_bar(self, figure: Figure, place: tuple[float, float, float, float]) -> None:
        near_m, far_m = self._range_m
        axes = figure.add_axes(place)
        axes.imshow(colour_table()[:, None], aspect='auto', extent=(0, 1, 0, 1), origin='lower')
        labels = [f'{tick:.3g} m' for tick in np.geomspace(near_m, far_m, TICKS)]
        axes.set_xticks([])
        axes.yaxis.tick_right()
        axes.set_yticks(np.linspace(0, 1, TICKS), labels, size=7 * self._scale)


def depth_range(windows: Iterable[StoredWindow]) -> tuple[float, float]:
    """Return the 1st and 99th percentile of predicted and true depth, metres."""
    samples = []
    for window in windows:
        for depth in (window.depth, window.truth):
            if depth is not None:
                sample = depth[::8, ::8].astype(np.float32)
                samples.append(sample[np.isfinite(sample) & (sample > 0)])
    values = np.concatenate(samples) if samples else np.zeros(0)
    if not values.size:
        return 0.5, 10.0
    near_m, far_m = np.percentile(values, PERCENTILES)
    return float(near_m), float(max(far_m, near_m * 1.1))


def typical(store: WindowStore) -> StoredWindow | None:
    """Return the window with the median number of event pixels among those with depth.

    Windows without true depth are left out if others have some.
    """
    sizes = [
        (window.truth is not None, int((window.events != NONE).sum()), window.stamp_ns)
        for window in store.windows()
        if window.depth is not None
    ]
    has_truth = any(truth for truth, *_ in sizes)
    rows = sorted(row for row in sizes if row[0] == has_truth)
    return store.window(rows[len(rows) // 2][2]) if rows else None


def _even(pixels: int) -> int:
    return pixels + pixels % 2
