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
from spike_depth_ros.ros.demo.comparison import Comparison, DepthError
from spike_depth_ros.ros.demo.window_store import StoredWindow

NETWORK = PinholeCamera(8, 8, 8.0, 3.5, 3.5)


def true_depth(view: PinholeCamera = NETWORK, disparity: float | None = None) -> TrueDepth:
    stream = DepthStream(
        'depth',
        'left',
        'rectified',
        view.width,
        view.height,
        view,
        disparity_focal_baseline=disparity,
    )
    return TrueDepth(stream, RectifiedView(view, NETWORK))


def compared(comparison: Comparison, truth: npt.NDArray[np.float32]) -> DepthError:
    """Return the error of a depth of 3 m, unknown in the first row, with events in column 0."""
    depth = np.full((8, 8), 3.0, np.float32)
    depth[0] = np.nan
    counts = np.zeros((8, 8, 2), np.uint8)
    counts[:, 0, 1] = 1
    window = StoredWindow(100, counts, depth, None)
    comparison.add(window, 100, truth, comparison.to_network(truth))
    error = comparison.result()
    assert error is not None
    return error


TRUTH = np.full((8, 8), 2.0, np.float32)
TRUTH[:, 4:] = 4.0


def test_depth_error_of_a_window() -> None:
    error = compared(Comparison(true_depth(), '', 8.0, 50), TRUTH)

    assert error.windows == 1
    assert error.mean_m == pytest.approx(1.0)
    assert error.coverage == pytest.approx(7 / 8)
    assert error.constant_m == pytest.approx(1.0, rel=2e-3)
    assert error.protocol == {}


def test_mvsec_counts_centimetres_over_all_and_over_event_pixels() -> None:
    truth = TRUTH.copy()
    truth[:, 0] = 2.5
    error = compared(Comparison(true_depth(), 'MVSEC', 8.0, 50), truth)

    assert error.protocol['at event pixels (cm)'] == pytest.approx(50.0)
    assert error.protocol['mean depth error (cm)'] == pytest.approx(100 * 52.5 / 56)


def test_dsec_counts_disparities_in_its_own_image() -> None:
    view = PinholeCamera(16, 16, 16.0, 7.5, 7.5)
    truth = np.full((16, 16), 2.0, np.float32)
    error = compared(Comparison(true_depth(view, disparity=12.0), 'DSEC', 8.0, 50), truth)

    assert error.protocol['MAE (px)'] == pytest.approx(12 / 2 - 12 / 3)
    assert error.protocol['2PE (%)'] == 0


def test_the_hood_of_the_car_does_not_count() -> None:
    error = compared(Comparison(true_depth(), 'MVSEC', 8.0, 50, nearest_valid_m=3.0), TRUTH)

    assert error.mean_m == pytest.approx(1.0)  # 2 m in one half, 4 m in the other
    assert error.constant_m == pytest.approx(0.0, abs=1e-6)


def test_without_a_window_there_is_no_error() -> None:
    assert Comparison(true_depth(), '', 8.0, 50).result() is None


def flat(stamp_ns: int, depth_m: float) -> StoredWindow:
    depth = np.full((8, 8), depth_m, np.float32)
    return StoredWindow(stamp_ns, np.zeros((8, 8, 2), np.uint8), depth, None)


def test_flicker_is_the_change_beyond_the_true_one_in_windows_in_a_row() -> None:
    comparison = Comparison(true_depth(), '', 8.0, hop_ns=50)
    # Stamp, depth, true depth: the third is a second truth of one window, a window is absent then.
    rows = ((100, 2.0, 1.0), (150, 3.0, 2.0), (150, 3.0, 9.0), (250, 9.0, 2.0), (300, 9.0, 2.0))
    for stamp_ns, depth_m, true_m in rows:
        truth = np.full((8, 8), true_m, np.float32)
        comparison.add(flat(stamp_ns, depth_m), stamp_ns, truth, comparison.to_network(truth))
    error = comparison.result()
    # log 1.5 less log 2 from the first to the second, nothing from the last but one to the last.
    assert error is not None and error.flicker == pytest.approx(np.log(2 / 1.5) / 2)


def test_windows_of_a_hop_that_does_not_fit_have_no_flicker() -> None:
    comparison = Comparison(true_depth(), '', 8.0, hop_ns=50)
    # Windows end every 33, and true depths come every 50: the nearest windows are 33 or 66 apart.
    for stamp_ns, truth_ns in ((100, 100), (133, 150), (199, 200), (232, 250)):
        comparison.expect()
        comparison.add(flat(stamp_ns, 3.0), truth_ns, TRUTH, comparison.to_network(TRUTH))
    comparison.expect()
    error = comparison.result()
    assert error is not None and np.isnan(error.flicker)
    assert (error.windows, error.truths, error.distance_ms) == (4, 5, 18e-6)


def test_one_window_has_no_flicker() -> None:
    assert np.isnan(compared(Comparison(true_depth(), '', 8.0, 50), TRUTH).flicker)
