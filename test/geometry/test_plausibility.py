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

"""Plausibility: a sentence for each implausible value, none for usual rigs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from published_lenses import camera

from spike_depth_ros.geometry.calibration import CameraCalibration, RigCalibration
from spike_depth_ros.geometry.files.load import load
from spike_depth_ros.geometry.plausibility import implausible, implausible_baseline, view_deg

PINHOLE = camera('plumb_bob', -0.3, 0.1, 0.0, 0.0, f=226.0)


def scaled(one: CameraCalibration, fx: float = 1, fy: float = 1) -> CameraCalibration:
    """Return a camera with other focal lengths."""
    return replace(
        one,
        camera_matrix=np.diag([fx, fy, 1.0]) @ one.camera_matrix
        + np.array(
            [
                [0, 0, (1 - fx) * one.camera_matrix[0, 2]],
                [0, 0, (1 - fy) * one.camera_matrix[1, 2]],
                [0, 0, 0],
            ]
        ),
    )


@pytest.mark.parametrize('name', ['mvsec_indoor_flying', 'dsec_cam_to_cam'])
def test_real_rigs_are_plausible(data: Path, name: str) -> None:
    assert implausible(load(str(data / f'calibration/{name}.yaml'), '', 2)) == []


@pytest.mark.parametrize(
    'one',
    [
        PINHOLE,
        camera('equidistant', -0.05, 0.01, -0.05, 0.02, f=226.0),
        camera('equidistant', 0.0, 0.0, 0.0, 0.0, f=110.0),  # a fisheye of 180 degrees
        camera('plumb_bob', f=900.0),  # a lens of 22 degrees
    ],
)
def test_usual_lenses_are_plausible(one: CameraCalibration) -> None:
    assert implausible(RigCalibration((one, one), 0.1)) == []
    assert implausible(RigCalibration((one,), 0.0)) == []


def test_the_view_of_a_pinhole_camera() -> None:
    across_deg, down_deg, reach = view_deg(camera('plumb_bob', f=172.5))
    assert across_deg == pytest.approx(90, abs=0.2)
    assert down_deg == pytest.approx(2 * np.degrees(np.arctan(129.5 / 173.5)), abs=0.2)
    assert reach == 1


@pytest.mark.parametrize('factor', [0.1, 10])
@pytest.mark.parametrize(
    'one',
    [
        PINHOLE,
        camera('plumb_bob', f=226.0),
        camera('plumb_bob', -0.1, 0.2, -0.0003, 0.0, -0.1, f=300.0),
        camera('rational_polynomial', 0.5, -2.7, 8e-5, -3e-4, 1.55, 0.38, -2.5, 1.48, f=300.0),
        camera('equidistant', -0.05, 0.01, -0.05, 0.02, f=226.0),
    ],
)
def test_a_focal_length_of_another_magnitude(one: CameraCalibration, factor: float) -> None:
    wrong = scaled(one, factor, factor)
    sentences = implausible(RigCalibration((wrong, wrong), 0.1))
    assert [sentence.split()[1] for sentence in sentences] == ['left', 'right']
    for sentence in sentences:
        assert f'a focal length of {wrong.camera_matrix[0, 0]:g} px' in sentence
        assert '346 x 260 px' in sentence
        assert sentence.endswith('is the focal length in pixels of this sensor?')


@pytest.mark.parametrize(
    ('left', 'right', 'message'),
    [
        (PINHOLE, scaled(PINHOLE, 1.3, 1.3), 'of 226 px and the right one of 293.8 px'),
        (PINHOLE, scaled(PINHOLE, 1.0, 1.2), 'of 226 px across and 272.4 px down'),
        (PINHOLE, replace(PINHOLE, width=640, height=480), '346 x 260 px and the right one 640 x'),
        (
            replace(PINHOLE, camera_matrix=np.array([[226.0, 0, 40], [0, 226, 130], [0, 0, 1]])),
            PINHOLE,
            'the left camera has its principal point at (40, 130) px',
        ),
    ],
)
def test_one_camera_that_does_not_fit(
    left: CameraCalibration, right: CameraCalibration, message: str
) -> None:
    assert message in '; '.join(implausible(RigCalibration((left, right), 0.1)))


@pytest.mark.parametrize(
    ('baseline_m', 'unit'), [(9.99, 'centimetres'), (2.1, 'centimetres'), (0.005, 'than metres')]
)
def test_a_baseline_in_another_unit(baseline_m: float, unit: str) -> None:
    sentence = implausible_baseline(baseline_m)
    assert implausible(RigCalibration((PINHOLE, PINHOLE), baseline_m)) == [sentence]
    assert f'the baseline is {baseline_m:g} m' in sentence
    assert sentence.endswith(f'{unit}?')


@pytest.mark.parametrize('baseline_m', [0.0, 0.01, 0.0999, 0.6, 2.0])
def test_a_usual_baseline(baseline_m: float) -> None:
    assert implausible_baseline(baseline_m) == ''
