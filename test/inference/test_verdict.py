"""Depth is not made up."""

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
        (0, 0, Verdict.INCOMPLETE),
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
