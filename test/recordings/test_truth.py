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

"""Choice of the true depth's topic among compressed images."""

from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.recordings.rosbag2 import Recording
from spike_depth_ros.recordings.rosbag2_writer import RecordingWriter
from spike_depth_ros.recordings.truth import Truth, choose_truth, find_truth
from testing.stripes import TRUTH_TOPIC, write_recording


@pytest.mark.parametrize(
    ('image_format', 'found'),
    [(depth_codec.FORMAT, (TRUTH_TOPIC,)), ('rgb8; jpeg compressed bgr8', ())],
)
def test_only_compressed_depth_is_truth(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, image_format: str, found: tuple[str, ...]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(depth_codec, 'FORMAT', image_format)
        path = write_recording(tmp_path / 'images', 50_000)

    with Recording(path) as recording:
        assert find_truth(recording) == found


@pytest.mark.parametrize(
    ('depths', 'chosen'),
    [
        ([('/a/depth', 'left', (4, 6))], Truth('/a/depth')),
        ([('/a/depth', 'left_rectified', (4, 6))], Truth('/a/depth')),
        ([('/a/depth', '', (4, 6))], Truth('/a/depth')),
        ([('/a/depth', 'right', (4, 6)), ('/b/depth', 'left', (4, 6))], Truth('/b/depth')),
        ([('/a/depth', 'left', (9, 8)), ('/b/depth', 'left', (4, 6))], Truth('/b/depth')),
        (
            [('/a/depth', 'left', (9, 8)), ('/b/depth', 'lidar', (4, 6))],
            Truth(
                '',
                "'/a/depth' has 8 x 9 pixels, but windows have 6 x 4; '/b/depth' is of the frame "
                "'lidar', but the left camera's is 'left'",
            ),
        ),
        ([], Truth('')),
    ],
)
def test_depth_of_another_camera_is_no_truth(
    tmp_path: Path, depths: list[tuple[str, str, tuple[int, int]]], chosen: Truth
) -> None:
    path = write_recording(tmp_path / 'events', 50_000, truth=False)
    if depths:
        path = tmp_path / 'depths'
        with RecordingWriter(path, {}) as writer:
            for topic, frame_id, shape in depths:
                writer.write_depth(topic, 1, 1, np.full(shape, 2.0, np.float32), frame_id)

    with Recording(path) as recording:
        assert choose_truth(recording, 'left', width=6, height=4) == chosen
