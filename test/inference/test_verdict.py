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

"""Verdict: frames with too few events, or one silent camera, yield no depth."""

import numpy as np
import pytest

from spike_depth_ros.inference.verdict import Verdict, camera_events, judge


@pytest.mark.parametrize(
    ('left', 'right', 'verdict'),
    [
        (300, 200, Verdict.DEPTH),
        (300, 199, Verdict.SKIPPED),
        (5000, 0, Verdict.INCOMPLETE),
        (5000, 49, Verdict.INCOMPLETE),  # the noise of a covered camera
        (5000, 50, Verdict.DEPTH),
        (0, 5000, Verdict.INCOMPLETE),
        (0, 50, Verdict.INCOMPLETE),
        (440, 1, Verdict.INCOMPLETE),
        (400, 10, Verdict.INCOMPLETE),
        (60, 40, Verdict.SKIPPED),
        (0, 49, Verdict.SKIPPED),  # noise, of a rig that stands still
        (0, 0, Verdict.SKIPPED),
    ],
)
def test_two_cameras(left: int, right: int, verdict: Verdict) -> None:
    counts = np.zeros((260, 346, 4), np.uint8)
    counts.reshape(-1, 4)[:left, 1] = 1
    counts.reshape(-1, 4)[:right, 2] = 1

    assert judge(camera_events(counts), min_events=500) is verdict


def test_one_camera_counts_both_polarities() -> None:
    counts = np.full((2, 2, 2), 255, np.uint8)

    assert judge(camera_events(counts), min_events=255 * 8) is Verdict.DEPTH
    assert judge(camera_events(counts), min_events=255 * 8 + 1) is Verdict.SKIPPED
