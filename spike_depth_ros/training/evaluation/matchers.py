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

"""Conventional stereo matching on spike frames of a rectified pair, for comparison.

Both matchers were tuned for the share of event pixels of the left camera whose disparity is within
1 px of the truth; a missing disparity counts as wrong. Semi-global matching was tuned on 30
training windows each of SimFlying and SimDriving (blocks of 5 to 15 px, blur of 0.8 to 2.6 px,
saturation at 3 to 25 events, gradient caps of 7 to 63, specks of up to 200 pixels), SemiDense's
edge maps on 60 windows of an older simulator.
"""

from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.spike_frame import LEFT, RIGHT

if TYPE_CHECKING:
    import dv_processing as dv

Disparity = NDArray[np.float32]

STEPS_PER_PIXEL = 16  # of the disparities that OpenCV returns
RANGE_PX = 64
SATURATION = 5  # counts; higher ones look the same
BLUR_PX = 1.6
BLOCK_PX = 11
GRADIENT_CAP = 15
SPECKLE_PIXELS = 100
SPECKLE_STEP_PX = 1
LIBRARY_RANGE_PX = 48  # fixed in dv-processing
CONTRIBUTION = 0.01  # of full scale by one event; 0.01 is 2 grey levels
NEUTRAL = 0.5


class Matcher(Protocol):
    """Stereo matching of spike frames."""

    def disparity(self, spikes: NDArray[np.uint8]) -> Disparity:
        """Return the disparity of the left camera's pixels.

        spikes: uint8 [h, w, 4], spike frame of a rectified pair. Returns float32 [h, w], pixels
        above 0, NaN without a match. Raises ValueError for a frame of another shape or type.
        """
        ...


class SemiGlobalMatching:
    """Semi-global matching of blurred event images, ON and OFF as two colours.

    Hirschmueller, "Stereo Processing by Semiglobal Matching and Mutual Information", PAMI 2008,
    as OpenCV's StereoSGBM with the penalties that its documentation names.
    """

    def __init__(self) -> None:
        area = 3 * BLOCK_PX**2
        self._matcher = cv2.StereoSGBM.create(
            numDisparities=RANGE_PX,
            blockSize=BLOCK_PX,
            P1=8 * area,
            P2=32 * area,
            preFilterCap=GRADIENT_CAP,
            speckleWindowSize=SPECKLE_PIXELS,
            speckleRange=SPECKLE_STEP_PX,
            mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY,
        )

    def disparity(self, spikes: NDArray[np.uint8]) -> Disparity:
        """Return disparities under 64 px; see Matcher."""
        wide = widened(spikes, RANGE_PX)
        steps = self._matcher.compute(event_image(wide[..., LEFT]), event_image(wide[..., RIGHT]))
        return inside(steps[:, RANGE_PX:])


class SemiDense:
    """iniVation's stereo, dv.SemiDenseStereoMatcher, on edge maps with signed events.

    The library fixes the block matching: disparities under 48 px, blocks of 11 px and strict
    filters. Its edge maps are more accurate with signed events than by default, without polarity.
    See "Depth estimation" in the documentation of dv-processing. Raises ModuleNotFoundError where
    dv-processing, which is optional, is not installed.
    """

    def __init__(self) -> None:
        import dv_processing as dv

        self._dv = dv

    def disparity(self, spikes: NDArray[np.uint8]) -> Disparity:
        """Return disparities under 48 px; see Matcher."""
        dv = self._dv
        wide = widened(spikes, LIBRARY_RANGE_PX)
        height, width, _ = wide.shape
        accumulators = (
            dv.EdgeMapAccumulator((width, height), CONTRIBUTION, False, NEUTRAL) for _ in range(2)
        )
        steps = dv.SemiDenseStereoMatcher(*accumulators).computeDisparity(
            event_store(wide[..., LEFT]), event_store(wide[..., RIGHT])
        )
        return inside(steps[:, LIBRARY_RANGE_PX:])


def widened(spikes: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Return a spike frame with columns without events added on its left.

    OpenCV matches no column that is closer to the left edge than the largest disparity.
    Raises ValueError for a frame that is not uint8 [h, w, 4].
    """
    if spikes.ndim != 3 or spikes.shape[2] != 4 or spikes.dtype != np.uint8:
        raise ValueError(
            f'The spike frame is {spikes.dtype} {spikes.shape}, but stereo takes uint8 [h, w, 4].'
        )
    return np.pad(spikes, ((0, 0), (columns, 0), (0, 0)))


def inside(steps: NDArray[Any]) -> Disparity:
    """Return OpenCV's disparities in pixels, float32 [h, w]; NaN where there is no match.

    No match are: values that OpenCV rejects, matches left of the right image, and 0, which OpenCV
    gives where all disparities cost the same.

    steps: int16 [h, w], sixteenths of a pixel.
    """
    disparity = steps.astype(np.float32) / STEPS_PER_PIXEL
    matched = (disparity > 0) & (disparity <= np.arange(disparity.shape[1]))
    return np.where(matched, disparity, np.float32(np.nan))


def event_image(counts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return one camera's counts [h, w, 2] as an image [h, w, 3]; the third colour is unused."""
    bright = np.minimum(counts, SATURATION).astype(np.float32) * (255 / SATURATION)
    blurred = np.rint(cv2.GaussianBlur(bright, (0, 0), BLUR_PX)).astype(np.uint8)
    return np.pad(blurred, ((0, 0), (0, 0), (0, 1)))  # OpenCV compares one colour or three


def event_store(counts: NDArray[np.uint8]) -> 'dv.EventStore':
    """Return one camera's counts [h, w, 2] as events at time 0."""
    import dv_processing as dv

    store = dv.EventStore()
    for y, x, off in np.repeat(np.argwhere(counts), counts[counts > 0], axis=0).tolist():
        store.push_back(0, x, y, not off)
    return store


def new_matchers() -> dict[str, Matcher]:
    """Return all matchers by their names in tables."""
    return {'SGBM': SemiGlobalMatching(), 'SemiDense': SemiDense()}


def row_names(matcher: str) -> tuple[str, str]:
    """Return the names of a matcher's rows in tables: with holes, and with holes filled."""
    return f'{matcher}, where it matches', f'{matcher}, filled'
