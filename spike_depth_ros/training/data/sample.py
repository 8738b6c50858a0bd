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

"""Sample: one simulated window as it is stored, and its conversion to a DepthWindow."""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spike_depth_ros.frames.count import count_events
from spike_depth_ros.frames.spike_frame import left_event_pixels
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pixel_table import UNMAPPED, PixelTable, nearest_pixels, pixel_table
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.data.dataset import Depth, DepthWindow
from spike_depth_ros.training.simulator.sensor import Events
from spike_depth_ros.training.simulator.simulation import Window

FRAME = MVSEC_RIG.camera  # of the spike frames
OPTICS = np.ones((3, 3), np.uint8)  # the reach of renderer.blur
# Least ratio of the depths on both sides of an edge; on a floor, neighbours differ by less.
EDGE = np.float32(1.1)
WHITE = 0.99  # quantile of intensity that is shown as white


class Sample(NamedTuple):
    """Simulated window in the image of the spike frame, as it is stored.

    Args:
        spikes: uint8 [h, w, 4], counts as the binner publishes them.
        depth: float16 [h, w], metres of the rig at the window's end; NaN where unmapped.
        nearest: float16 [h, w], least depth of the pixel within the window; NaN where unmapped.
        image: uint8 [h, w], square root of the intensity that the left camera sees at the
            window's end; 0 where unmapped.
        right_image: uint8 [h, w], that of the right camera; None in windows that were stored
            before 2026-11-27.
    """

    spikes: NDArray[np.uint8]
    depth: NDArray[np.float16]
    nearest: NDArray[np.float16]
    image: NDArray[np.uint8]
    right_image: NDArray[np.uint8] | None = None

    def to_window(self) -> DepthWindow:
        """Return the window with the depth of its events."""
        return DepthWindow(
            self.spikes,
            self.depth.astype(np.float32),
            event_depth(self),
            self.image,
            right_image=self.right_image,
        )


def to_sample(window: Window, sensor: PinholeCamera) -> Sample:
    """Map a simulated window from the sensors to the image of the spike frame.

    Args:
        window: events, depth and intensity of the sensors.
        sensor: rectified camera of either sensor.
    """
    pixels = sensor_pixels(sensor)
    images = (
        mapped(grey(view).cpu(), pixels, 0).numpy().astype(np.uint8)
        for view in window.log_intensity
    )
    return Sample(
        count_stereo_events(window.left, window.right, pixel_table(sensor, FRAME)),
        mapped_depth(window.depth, pixels),
        mapped_depth(window.nearest, pixels),
        *images,
    )


def event_depth(sample: Sample) -> Depth:
    """Return the depth [h, w] of the surface that caused a pixel's events, metres.

    That surface is the nearest one that the pixel saw in the window, or a nearer one that a
    neighbouring pixel saw: optics blur an edge by a pixel, and most events there come from the
    nearer surface. Pixels of the left camera without events have `sample.depth`; NaN where
    unmapped.
    """
    nearest = sample.nearest.astype(np.float32)
    # The image repeats at the border. OpenCV's default border is the largest number, which
    # overflows when it is multiplied by EDGE.
    known = np.where(np.isnan(nearest), np.inf, nearest)
    neighbour = cv2.erode(known, OPTICS, borderType=cv2.BORDER_REPLICATE)
    cause = np.where(neighbour * EDGE < nearest, neighbour, nearest)
    has_events = left_event_pixels(sample.spikes)
    return np.where(has_events, cause, sample.depth.astype(np.float32))


def count_stereo_events(left: Events, right: Events, table: PixelTable) -> NDArray[np.uint8]:
    """Count the events of two cameras as the binner does, uint8 [h, w, 4]."""
    frames = [count_events(events.x, events.y, events.polarity, table) for events in (left, right)]
    return np.concatenate(frames, axis=2)


def sensor_pixels(sensor: PinholeCamera) -> Tensor:
    """Return the sensor pixel that each pixel of the spike frame sees, int64 [h, w]; UNMAPPED."""
    return torch.from_numpy(nearest_pixels(sensor, FRAME)).long()


def mapped(values: Tensor, pixels: Tensor, unmapped: float) -> Tensor:
    """Return a sensor's map in the image of the spike frame, [h, w].

    Args:
        values: map of the sensor, [sensor height, sensor width].
        pixels: sensor pixel of each pixel of the spike frame; see `sensor_pixels`.
        unmapped: value of unmapped pixels.
    """
    found = values.reshape(-1)[pixels.clamp(min=0)]
    return torch.where(pixels == UNMAPPED, torch.tensor(unmapped, dtype=values.dtype), found)


def mapped_depth(depth: Tensor, pixels: Tensor) -> NDArray[np.float16]:
    """Return a sensor's depth in the image of the spike frame, NaN where unmapped."""
    return mapped(depth.cpu(), pixels, float('nan')).numpy().astype(np.float16)


def grey(log_intensity: Tensor) -> Tensor:
    """Return the square root of intensity, 0 to 255, the brightest per cent saturated."""
    root = torch.exp(0.5 * (log_intensity - log_intensity.mean()))
    white = torch.quantile(root[::4, ::4].reshape(-1), WHITE)
    return (255 * root / white).clamp(0, 255).round()
