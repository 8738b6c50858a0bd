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

"""Choice of the true depth that fits the left camera."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.geometry.calibration import CameraCalibration, RigCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.depth_view import RawView, RectifiedView
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import (
    DepthStream,
    EventCamera,
    EventChunk,
    EventRecording,
)
from spike_depth_ros.recordings.truth_view import true_depth

NETWORK = PinholeCamera(346, 260, 199.65, 173.0, 130.0)
LEFT = EventCamera('left', 640, 480, frame_id='cam')
MATRIX = np.array([[560.0, 0, 320], [0, 560, 240], [0, 0, 1]])
LENS = CameraCalibration(640, 480, MATRIX, 'plumb_bob', np.zeros(4), np.eye(3))
MONO = RigCalibration((LENS,), 0.0)
RECTIFIED = DepthStream('rect', 'left', 'rectified', 640, 480, PinholeCamera(640, 480, 580, 0, 0))
RAW = DepthStream('raw', 'left', 'raw', 640, 480)


class DepthOnly(EventRecording):
    """Recording of some depth streams, which are not read."""

    start_ns = end_ns = 0

    def __init__(self, *streams: DepthStream) -> None:
        super().__init__(Path('depth_only'), 'streams')
        self.depth_streams = streams

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        yield from ()


def test_a_rectified_view_comes_before_a_raw_one() -> None:
    found = true_depth(DepthOnly(RAW, RECTIFIED), LEFT, MONO, NETWORK)
    assert found.stream == RECTIFIED and isinstance(found.view, RectifiedView)


def test_a_raw_view_needs_the_calibration_of_its_camera() -> None:
    found = true_depth(DepthOnly(RAW), LEFT, MONO, NETWORK)
    assert isinstance(found.view, RawView)
    with pytest.raises(RecordingError, match=r"'raw' is a raw view of 640 x 480 without"):
        true_depth(DepthOnly(RAW), LEFT, None, NETWORK)


def test_a_rectified_view_of_unknown_camera_is_the_networks_image() -> None:
    stream = DepthStream('depth', 'left', 'rectified', 346, 260, frame_id='cam_rect')
    found = true_depth(DepthOnly(stream), LEFT, None, NETWORK)
    depth = np.full((260, 346), 2, np.float32)
    np.testing.assert_array_equal(found.view.to_network(depth), depth)
    other = DepthStream('depth', 'left', 'rectified', 320, 240)
    with pytest.raises(
        RecordingError, match='view of 320 x 240 of an unknown camera, but the net'
    ):
        true_depth(DepthOnly(other), LEFT, None, NETWORK)


def test_depth_of_another_camera_is_not_taken() -> None:
    right = DepthStream('right', 'right', 'rectified', 640, 480, RECTIFIED.camera)
    other = DepthStream('kinect', 'left', 'rectified', 640, 480, RECTIFIED.camera, 'kinect')
    with pytest.raises(
        RecordingError, match=r"'right' is of the right camera, not of 'left'; 'ki"
    ):
        true_depth(DepthOnly(right, other), LEFT, MONO, NETWORK)
    with pytest.raises(RecordingError, match=r'has no true depth: give its file too \(--truth\)'):
        true_depth(DepthOnly(), LEFT, MONO, NETWORK)


def test_a_right_camera_alone_is_not_compared_with_the_left_view() -> None:
    camera = EventCamera('davis/right', 640, 480)
    with pytest.raises(RecordingError, match="'rect' is of the left camera, not of 'davis/right'"):
        true_depth(DepthOnly(RECTIFIED), camera, MONO, NETWORK)
    own = DepthStream('own', 'right', 'rectified', 640, 480, RECTIFIED.camera)
    assert true_depth(DepthOnly(RECTIFIED, own), camera, MONO, NETWORK).stream == own
