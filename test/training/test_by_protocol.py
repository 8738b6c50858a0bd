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

"""Evaluation by the protocol of a data set, in the data set's own view."""

from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.dataset import DataDescription, DepthWindow, TrueView
from spike_depth_ros.training.evaluation.by_protocol import OwnView, protocol_rows

MODEL = Path(__file__).parents[2] / 'models' / 'stereospike_binocular.onnx'
NETWORK = MVSEC_RIG.camera
WIDE = PinholeCamera(640, 480, 583.3, 336.8, 220.9)
RIG = StereoRig(NETWORK, 0.6)
DSEC = DataDescription('D', RIG, 50_000_000, (2, 100), 'made by hand', protocol='DSEC')


def window(seed: int, view: TrueView | None) -> DepthWindow:
    random = np.random.default_rng(seed)
    spikes = random.poisson(0.1, (NETWORK.height, NETWORK.width, 4)).astype(np.uint8)
    depth = np.full(spikes.shape[:2], 6, np.float32)
    return DepthWindow(spikes, depth, depth, view=view)


def test_a_plane_has_no_error_in_the_view() -> None:
    truth = np.full((480, 640), 7, np.float32)
    own = OwnView(window(0, TrueView(WIDE, truth)), DSEC, {})
    found = own.depth(np.full((260, 346), 7, np.float32))
    np.testing.assert_allclose(found, truth, rtol=1e-6)
    assert own.focal_baseline == pytest.approx(583.3 * 0.6)
    assert own.has_events.shape == (480, 640) and 0 < own.has_events.mean() < 1


def test_what_the_network_does_not_show_is_filled_from_the_row() -> None:
    # Half of the view's columns, and all of its rows, are in the network's image.
    view = PinholeCamera(692, 260, NETWORK.f, NETWORK.cx, NETWORK.cy)
    own = OwnView(window(0, TrueView(view, np.zeros((260, 692), np.float32))), DSEC, {})
    depth = np.tile(np.linspace(2, 5, 346, dtype=np.float32), (260, 1))
    depth[3, 345] = np.nan  # a hole of the prediction
    found = own.depth(depth)
    np.testing.assert_allclose(found[:3, 346:], 5)
    assert np.isnan(found[3, 345]) and np.isfinite(found[3, 346:]).all()


def test_rows_pool_the_windows_of_all_views() -> None:
    engine = DepthEngine(MODEL)
    views = [None, TrueView(NETWORK, np.full((260, 346), 9, np.float32))]
    windows = [window(seed, view) for seed, view in enumerate(views)]
    rows, costs = protocol_rows([MODEL], windows, DSEC, with_matchers=True)
    assert list(rows) == [
        *('stereospike_binocular', 'constant'),
        *('SGBM, where it matches', 'SGBM, filled'),
        *('SemiDense, where it matches', 'SemiDense, filled'),
    ]
    scale = RIG.baseline_m / engine.contract.baseline_m
    error = []
    for one, true in zip(windows, (6, 9), strict=True):
        depth = engine.infer(one.spikes).depth * scale
        error.append(np.abs(RIG.focal_baseline / depth - RIG.focal_baseline / true))
    model = rows['stereospike_binocular']
    assert model['MAE (px)'] == pytest.approx(np.mean(error), rel=1e-4)
    assert model['1PE (%)'] == pytest.approx(100 * np.mean(np.array(error) > 1), abs=0.01)
    assert model['coverage (%)'] == 100
    at_constant = abs(RIG.focal_baseline / 6 - RIG.focal_baseline / 9)
    assert rows['constant']['MAE (px)'] == pytest.approx(at_constant / 2)
    assert costs['stereospike_binocular'].cost.synaptic_operations > 0
