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

"""Check of stereo windows: do left and right come from a rectified rig?

On a rectified rig disparity is never negative: a point lies further left in the right camera's
image, or in the same column if it is far away. If nearly all patches of events match at negative
disparities, the cameras are exchanged. If some do, the rows are not aligned. If next to none
match, the cameras do not see the same scene.
"""

import cv2
import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import LEFT, OFF, ON, RIGHT

ROWS, COLUMNS = 16, 32  # size of a patch, pixels
MAX_DISPARITY = 64  # searched to both sides, pixels
PATCHES = 24  # patches per window, those with the most events
MIN_EVENT_PIXELS = 30
MIN_CORRELATION = 0.6
# Another peak further away than this, nearly as high, makes the match ambiguous.
PEAK_WIDTH, RUNNER_UP = 4, 0.9
# Smaller disparities may come from a rig that is not quite rectified.
MIN_DISPARITY = 2
MIN_MATCHES, MIN_PATCHES, MAX_PATCHES = 60, 300, 1200
# Of the matches of a rectified rig about 1 % are negative, of rows 5 pixels apart 10 %.
EXCHANGED_SHARE, CONFUSED_SHARE = 0.9, 0.1
# Of the patches of a real, raw pair 7 % match, of noise none.
MIN_MATCHED_SHARE = 0.01
MIN_SAME = 6
# Matching the patches of a window takes some milliseconds.
PERIOD_NS, SILENCE_NS = 500_000_000, 3_000_000_000

Image = npt.NDArray[np.float32]


class StereoCheck:
    """Counts of patches that match, and of the sign of their disparity, over the latest windows.

    One thread adds windows; another may read the problem. now_ns: monotonic nanoseconds.
    """

    def __init__(self) -> None:
        self._problem = ''
        self._checked_ns = 0
        self.clear()

    def clear(self) -> None:
        """Drop all counts, after a change of the rig or a silence."""
        self._problem = ''
        self._patches = 0
        self._matched = 0
        self._positive = 0
        self._negative = 0
        self._same = 0  # consecutive windows with equal left and right counts

    def add(self, counts: npt.NDArray[np.uint8], now_ns: int) -> None:
        """Match patches of a spike frame, uint8 [h, w, 4], at most every PERIOD_NS."""
        if now_ns - self._checked_ns < PERIOD_NS:
            return
        if now_ns - self._checked_ns > SILENCE_NS:
            self.clear()
        self._checked_ns = now_ns
        self._match(counts)
        self._problem = self._judge()

    def problem(self, now_ns: int) -> str:
        """Return a sentence if the windows do not look like those of a rectified rig, else ''."""
        return self._problem if now_ns - self._checked_ns <= SILENCE_NS else ''

    def _match(self, counts: npt.NDArray[np.uint8]) -> None:
        """Add the matches of one spike frame."""
        is_same = counts[..., 0].any() and np.array_equal(counts[..., LEFT], counts[..., RIGHT])
        self._same = self._same + 1 if is_same else 0
        left, right = _polarity(counts[..., LEFT]), _polarity(counts[..., RIGHT])
        for row, column in _patches(counts[..., LEFT]):
            disparity = _disparity(left, right, row, column)
            self._patches += 1
            if disparity is not None:
                self._matched += 1
                self._positive += disparity >= MIN_DISPARITY
                self._negative += disparity <= -MIN_DISPARITY
        if self._patches > MAX_PATCHES:
            self._patches //= 2
            self._matched //= 2
            self._positive //= 2
            self._negative //= 2

    def _judge(self) -> str:
        """Return the problem that the counts show, one sentence, or ''."""
        if self._same >= MIN_SAME:
            return 'left and right events are the same: both topics carry one camera'
        matches = self._positive + self._negative
        negative = self._negative / max(matches, 1)
        if matches >= MIN_MATCHES and negative >= EXCHANGED_SHARE:
            return (
                f'{negative:.0%} of {matches} matches have negative disparity, which no rectified '
                'rig has: exchange the topics left/events and right/events or the cameras of the '
                'calibration, or, if they are in order, calibrate the cameras'
            )
        if matches >= MIN_MATCHES and negative >= CONFUSED_SHARE:
            return (
                f'{negative:.0%} of {matches} matches have negative disparity, which no rectified '
                'rig has: are the cameras calibrated, upright, and is the calibration theirs?'
            )
        matched = self._matched / max(self._patches, 1)
        if self._patches >= MIN_PATCHES and matched < MIN_MATCHED_SHARE:
            return (
                f'{matched:.0%} of {self._patches} patches of events match in the other image: is '
                'a lens covered, is there noise only, or do the cameras see different scenes?'
            )
        return ''


def _polarity(counts: npt.NDArray[np.uint8]) -> Image:
    """Return the polarity, +1 ON and -1 OFF, blurred over 3 x 3 pixels: float32 [h, w]."""
    on, off = counts[..., ON], counts[..., OFF]
    sign = (on > off).astype(np.float32) - (off > on).astype(np.float32)
    return np.asarray(cv2.blur(sign, (3, 3)), np.float32)


def _patches(counts: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return the top left corners of the patches with the most event pixels."""
    has_events: npt.NDArray[np.bool_] = np.asarray(counts.any(axis=2))
    rows, columns = has_events.shape[0] // ROWS, has_events.shape[1] // COLUMNS
    tiles = has_events[: rows * ROWS, : columns * COLUMNS].reshape(rows, ROWS, columns, COLUMNS)
    pixels = tiles.sum(axis=(1, 3))
    order = np.argsort(pixels, axis=None)[::-1][:PATCHES]
    chosen = [divmod(int(tile), columns) for tile in order]
    return [(r * ROWS, c * COLUMNS) for r, c in chosen if pixels[r, c] >= MIN_EVENT_PIXELS]


def _disparity(left: Image, right: Image, row: int, column: int) -> int | None:
    """Return the disparity of the patch's best match, pixels, None without a clear match."""
    first = max(0, column - MAX_DISPARITY)
    patch = left[row : row + ROWS, column : column + COLUMNS]
    strip = right[row : row + ROWS, first : column + COLUMNS + MAX_DISPARITY]
    scores = cv2.matchTemplate(strip, patch, cv2.TM_CCORR_NORMED)[0]
    best = int(scores.argmax())
    others = np.delete(scores, np.s_[max(0, best - PEAK_WIDTH) : best + PEAK_WIDTH + 1])
    if scores[best] < MIN_CORRELATION or others.max(initial=0.0) > RUNNER_UP * scores[best]:
        return None
    return column - (first + best)
