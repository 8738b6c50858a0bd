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

"""Animation of events and depth: each window alone, with memory, and the truth, side by side."""

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from spike_depth_ros.frames.event_picture import event_picture
from spike_depth_ros.frames.spike_frame import LEFT
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.preview import colour
from spike_depth_ros.outputs import check_output_file, whole_file
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import DepthFrame
from spike_depth_ros.units import MS_NS
from spike_depth_ros.views.panels import Panels
from spike_depth_ros.views.source import Source, opened
from spike_depth_ros.views.windows import WindowReader

EVENTS, ALONE, MEMORY, DEPTH, TRUTH = (
    'events',
    'depth, each window alone',
    'depth with memory',
    'depth',
    'true depth',
)
# All pictures of an animation are in memory while it is written.
MAX_WINDOWS = 400
WEBP_QUALITY = 40
PERCENTILES = (2, 98)  # of all depths, which get the colours of near and far

Depth = npt.NDArray[np.float16]


class Frame(NamedTuple):
    """Left events, uint8 [h, w, 2], and depths in metres, float16 [h, w], of one window."""

    counts: npt.NDArray[np.uint8]
    depths: list[Depth]


def animate(arguments: argparse.Namespace, path: Path) -> int:
    """Write an animation of a recording in the recording's speed; return the exit code.

    Args:
        arguments: arguments of `spike-depth view`.
        path: file of an animation format that Pillow writes.

    Raises:
        ValueError: one sentence, of this package, for what cannot be read or written.
    """
    check_output_file(path)
    with opened(arguments) as source:
        for sentence in source.about:
            print(sentence, flush=True)
        names = _names(source)
        frames = list(islice(_frames(source), MAX_WINDOWS + 1))
        hop_ms = source.engine.contract.window_ns / MS_NS
    if not frames:
        raise RecordingError(
            f"The recording '{source.recording.path}' gives no window: give another part of it, "
            'or its calibration.'
        )
    if len(frames) > MAX_WINDOWS:
        frames.pop()
        print(
            f'the animation covers the first {MAX_WINDOWS} windows: choose a part by --start and '
            '--duration'
        )
    with whole_file(path) as unfinished:
        _write(unfinished, names, frames, hop_ms)
    print(f'wrote {path}: {len(frames)} windows, {path.stat().st_size / 1e6:.1f} MB')
    return 0


def _names(source: Source) -> list[str]:
    """Return the names of the panels."""
    inferred = [ALONE, MEMORY] if source.engine.contract.states else [DEPTH]
    return [EVENTS, *inferred, *([TRUTH] if source.truth else [])]


def _frames(source: Source) -> Iterator[Frame]:
    """Yield the windows; those of both readers are the same."""
    of_reader = source.recording, source.cameras, source.rig
    readers = [WindowReader(*of_reader, source.engine)]
    if source.engine.contract.states:
        alone = DepthEngine(source.model)
        readers.insert(0, WindowReader(*of_reader, alone, remembers=False))
    part = source.start_ns, source.end_ns
    truths = Truths(source)
    for windows in zip(*(reader.read(*part) for reader in readers), strict=True):
        counts = windows[0].counts
        depths = [window.depth for window in windows]
        if source.truth:
            depths.append(truths.at(windows[0].stamp_ns + source.clock_error_ns))
        missing = np.full(counts.shape[:2], np.nan, np.float16)
        found = [missing if depth is None else depth.astype(np.float16) for depth in depths]
        yield Frame(counts[..., LEFT].copy(), found)


class Truths:
    """True depth in the network's image, for increasing times."""

    def __init__(self, source: Source) -> None:
        self._truth, self._frames = source.truth, iter(tuple[DepthFrame]())
        if source.truth:
            part = source.start_ns, source.end_ns
            self._frames = source.recording.depth(source.truth.stream, *part)
        self._tolerance_ns = source.engine.contract.window_ns // 2
        self._before: DepthFrame | None = None
        self._after = next(self._frames, None)

    def at(self, t_ns: int) -> npt.NDArray[np.float32] | None:
        """Return the one nearest to a time, None if all are half a window away or more."""
        while self._after is not None and self._after.t_ns <= t_ns:
            self._before, self._after = self._after, next(self._frames, None)
        near = [frame for frame in (self._before, self._after) if frame is not None]
        nearest = min(near, key=lambda frame: abs(frame.t_ns - t_ns), default=None)
        if nearest is None or abs(nearest.t_ns - t_ns) >= self._tolerance_ns:
            return None
        assert self._truth is not None
        return self._truth.view.to_network(nearest.depth)


def _write(path: Path, names: list[str], frames: list[Frame], hop_ms: float) -> None:
    height, width = frames[0].counts.shape[:2]
    panels, range_m = Panels(names, (width, height)), _range_m(frames)

    def picture(frame: Frame) -> Image.Image:
        depths = [colour(depth.astype(np.float32), *range_m) for depth in frame.depths]
        return panels.draw([event_picture(frame.counts), *depths])

    first, *others = frames
    picture(first).save(
        path,
        save_all=True,
        append_images=[picture(frame) for frame in others],
        duration=round(hop_ms),
        loop=0,
        quality=WEBP_QUALITY,
    )


def _range_m(frames: list[Frame]) -> tuple[float, float]:
    """Return nearest and farthest depth of the colours, metres."""
    samples = np.concatenate([d[::8, ::8].ravel() for frame in frames for d in frame.depths])
    known = samples[np.isfinite(samples) & (samples > 0)].astype(np.float32)
    if not known.size:
        return 0.5, 10.0
    near_m, far_m = np.percentile(known, PERCENTILES)
    return float(near_m), float(max(far_m, near_m * 1.1))
