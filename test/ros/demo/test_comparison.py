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


"""Depth of a run compared with the true depth."""

import numpy as np
import numpy.typing as npt
import pytest

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.depth_view import RectifiedView
from spike_depth_ros.recordings.recording import DepthStream
from spike_depth_ros.recordings.truth_view import TrueDepth
from spike_depth_ros.ros.demo.comparison import MOST_WAITING, Comparison, DepthError

NETWORK = PinholeCamera(8, 8, 8.0, 3.5, 3.5)


def comparison(
    dataset: str = '', view: PinholeCamera = NETWORK, disparity: float | None = None
) -> Comparison:
    stream = DepthStream(
        'depth',
        'left',
        'rectified',
        view.width,
        view.height,
        view,
        disparity_focal_baseline=disparity,
    )
    truth = TrueDepth(stream, RectifiedView(view, NETWORK))
    return Comparison(truth, dataset, focal_baseline=8.0, tolerance_ns=10)


def compared(comparison: Comparison, truth: npt.NDArray[np.float32]) -> DepthError:
    """Return the error of a depth of 3 m, unknown in the first row, with events in column 0."""
    depth = np.full((8, 8), 3.0, np.float32)
    depth[0] = np.nan
    events = np.zeros((8, 8), np.bool_)
    events[:, 0] = True
    for stamp_ns, truth_ns in ((100, 105), (200, 215)):  # the second is too far off
        comparison.add_events(stamp_ns, events)
        comparison.add_depth(stamp_ns, depth)
        comparison.add_truth(truth_ns, truth)
    error = comparison.result()
    assert error is not None
    return error


TRUTH = np.full((8, 8), 2.0, np.float32)
TRUTH[:, 4:] = 4.0


def test_depth_error_of_matching_windows() -> None:
    error = compared(comparison(), TRUTH)

    assert error.windows == 1
    assert error.mean_m == pytest.approx(1.0)
    assert error.coverage == pytest.approx(7 / 8)
    assert error.constant_m == pytest.approx(1.0, rel=2e-3)
    assert error.protocol == {}


def test_mvsec_counts_centimetres_over_all_and_over_event_pixels() -> None:
    truth = TRUTH.copy()
    truth[:, 0] = 2.5
    error = compared(comparison('MVSEC'), truth)

    assert error.protocol['at event pixels (cm)'] == pytest.approx(50.0)
    assert error.protocol['mean depth error (cm)'] == pytest.approx(100 * 52.5 / 56)


def test_dsec_counts_disparities_in_its_own_image() -> None:
    view = PinholeCamera(16, 16, 16.0, 7.5, 7.5)
    truth = np.full((16, 16), 2.0, np.float32)
    error = compared(comparison('DSEC', view, disparity=12.0), truth)

    assert error.protocol['MAE (px)'] == pytest.approx(12 / 2 - 12 / 3)
    assert error.protocol['2PE (%)'] == 0


def test_true_depth_that_comes_after_the_depth_is_compared() -> None:
    late = comparison()
    late.add_depth(100, np.full((8, 8), 3.0, np.float32))
    late.add_depth(150, np.full((8, 8), 3.0, np.float32))
    late.add_truth(98, TRUTH)
    error = late.result()
    assert error is not None and error.windows == 1


def test_only_few_images_wait() -> None:
    waiting = comparison()
    for stamp_ns in range(0, 1000 * MOST_WAITING, 1000):
        waiting.add_depth(stamp_ns, TRUTH)
        waiting.add_truth(stamp_ns + 500, TRUTH)
    assert waiting.result() is None


def test_only_the_frames_of_the_split_count() -> None:
    truth = comparison()._truth
    ranged = Comparison(truth, 'MVSEC', 8.0, 10, frames=range(1, 3))
    for stamp_ns in (100, 200, 300, 400):
        ranged.add_depth(stamp_ns, TRUTH)
        ranged.add_truth(stamp_ns, TRUTH)
    error = ranged.result()
    assert error is not None and error.windows == 2


def test_the_hood_of_the_car_does_not_count() -> None:
    truth = comparison()._truth
    outdoor = Comparison(truth, 'MVSEC', 8.0, 10, nearest_valid_m=3.0)
    outdoor.add_depth(100, np.full((8, 8), 3.0, np.float32))
    outdoor.add_truth(100, TRUTH)  # 2 m in one half, 4 m in the other
    error = outdoor.result()
    assert error is not None and error.mean_m == pytest.approx(1.0)
    assert error.constant_m == pytest.approx(0.0, abs=1e-6)
