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

"""Rerun recordings of events, depth and measurements over time, to a file or a viewer."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import rerun as rr

from spike_depth_ros.frames.event_picture import COLOURS, LABELS, event_kinds
from spike_depth_ros.frames.spike_frame import CAMERAS, CHANNELS_PER_CAMERA, LEFT
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.units import MS_NS, SECOND_NS
from spike_depth_ros.views import paths

APPLICATION = 'spike_depth'
TIMELINE = 'time'
DEPTH_COLOURS: Final = 'turbo'
COUNT_COLOURS: Final = 'viridis'
MOST_COUNTS = 8.0  # events of a pixel in a window that have the brightest colour
OLDEST_S = 2.0  # age of events that has the brightest colour, seconds
CONE_M = 0.3  # drawn length of the cameras

Depth = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """Camera, number of event cameras and range of colours of all windows of a view.

    Args:
        camera: camera of the spike frames and of depth.
        cameras: number of event cameras.
        range_m: nearest and farthest depth of the colours, metres.
        start_ns: time that is shown as 0, nanoseconds; None shows times as dates.
    """

    camera: PinholeCamera
    cameras: int
    range_m: tuple[float, float]
    start_ns: int | None


class RerunLog:
    """Logs windows and true depth of one recording or one set of nodes.

    Depth is stored as float16, metres, whose rounding of 0.05 % is below every network's error.
    """

    def __init__(self, stream: rr.RecordingStream, scene: Scene) -> None:
        """Log what does not change.

        Args:
            stream: recording stream of Rerun, whose output is set.
            scene: see Scene.
        """
        self._stream, self._scene = stream, scene
        camera = scene.camera
        pinhole = rr.Pinhole(
            focal_length=camera.f,
            principal_point=[camera.cx, camera.cy],
            resolution=[camera.width, camera.height],
            camera_xyz=rr.ViewCoordinates.RDF,
            image_plane_distance=CONE_M,
        )
        for root in (paths.RIG, paths.TRUTH):
            stream.log(root, rr.ViewCoordinates.RDF, static=True)
            stream.log(f'{root}/{paths.LEFT}', pinhole, static=True)
        kinds = [
            rr.AnnotationInfo(id=number, label=label, color=colour)
            for number, (label, colour) in enumerate(zip(LABELS, COLOURS, strict=True))
        ]
        stream.log(paths.EVENTS, rr.AnnotationContext(kinds), static=True)

    def spike_frame(self, t_ns: int, counts: npt.NDArray[np.uint8]) -> None:
        """Log a spike frame, uint8 [h, w, channels], at the end of its window."""
        self._at(t_ns)
        for number, name in enumerate(CAMERAS[: self._scene.cameras]):
            first = CHANNELS_PER_CAMERA * number
            of_camera = counts[..., first : first + CHANNELS_PER_CAMERA]
            kinds = rr.SegmentationImage(event_kinds(of_camera))
            self._stream.log(f'{paths.EVENTS}/{name}', kinds)
        total = counts[..., LEFT].sum(-1, dtype=np.uint16)
        shown = rr.DepthImage(total, depth_range=(0.0, MOST_COUNTS), colormap=COUNT_COLOURS)
        self._stream.log(f'{paths.COUNTS}/{paths.LEFT}', shown)
        self._scalar(paths.EVENT_COUNT, float(counts.sum(dtype=np.int64)))

    def depth(self, t_ns: int, depth: Depth) -> None:
        """Log depth, float32 [h, w], metres; not finite where there is none."""
        self._at(t_ns)
        self._stream.log(paths.DEPTH, self._depth_image(depth))

    def true_depth(self, t_ns: int, depth: Depth) -> None:
        """Log true depth in the image of the spike frames, as `depth`."""
        self._at(t_ns)
        self._stream.log(paths.TRUE_DEPTH, self._depth_image(depth))

    def confidence(self, t_ns: int, confidence: npt.NDArray[np.float32]) -> None:
        """Log confidence, float32 [h, w], in (0, 1]; NaN where unknown. Log its mean too."""
        self._at(t_ns)
        image = rr.DepthImage(
            confidence.astype(np.float16), depth_range=(0.0, 1.0), colormap=COUNT_COLOURS
        )
        self._stream.log(paths.CONFIDENCE, image)
        known = confidence[np.isfinite(confidence)]
        if known.size:
            self._scalar(paths.MEAN_CONFIDENCE, float(known.mean()))

    def event_age(self, t_ns: int, age_s: npt.NDArray[np.float32]) -> None:
        """Log the time since the last event of each pixel, float32 [h, w], seconds; NaN: never."""
        self._at(t_ns)
        image = rr.DepthImage(
            age_s.astype(np.float16), depth_range=(0.0, OLDEST_S), colormap=COUNT_COLOURS
        )
        self._stream.log(paths.EVENT_AGE, image)

    def image(self, t_ns: int, name: str, image: npt.NDArray[np.uint8]) -> None:
        """Log an intensity image, uint8 [h, w] or [h, w, 3] (RGB), of a stream by its name."""
        self._at(t_ns)
        self._stream.log(f'{paths.IMAGES}/{paths.part(name)}', rr.Image(image))

    def firing_rates(self, t_ns: int, rates: dict[str, float]) -> None:
        """Log the firing rate of each layer by name, 0 to 1."""
        self._at(t_ns)
        for layer, rate in rates.items():
            self._scalar(f'{paths.FIRING_RATES}/{paths.part(layer)}', rate)

    def duration(self, t_ns: int, path: str, duration_ns: int) -> None:
        """Log a duration as milliseconds under one of paths' names."""
        self._at(t_ns)
        self._scalar(path, duration_ns / MS_NS)

    def _at(self, t_ns: int) -> None:
        start_ns = self._scene.start_ns
        if start_ns is None:
            self._stream.set_time(TIMELINE, timestamp=np.datetime64(t_ns, 'ns'))
        else:
            self._stream.set_time(TIMELINE, duration=(t_ns - start_ns) / SECOND_NS)

    def _scalar(self, path: str, value: float) -> None:
        self._stream.log(path, rr.Scalars([value]))

    def _depth_image(self, depth: Depth) -> rr.DepthImage:
        metres = np.where(np.isfinite(depth), depth, np.float32(np.nan)).astype(np.float16)
        return rr.DepthImage(
            metres, meter=1.0, depth_range=self._scene.range_m, colormap=DEPTH_COLOURS
        )
