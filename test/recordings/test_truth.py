"""Telling true depth from other compressed images."""

from pathlib import Path

import pytest
from synthetic_stream import TRUTH_TOPIC, write_recording

from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.recordings.rosbag2 import Recording
from spike_depth_ros.recordings.truth import find_truth


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
