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

"""A calibration file: rectified spike frames, and depth in the calibrated rig's metres.

The right camera stands 12 cm to the right of the left one and 3.5 cm ahead, so the rows of the
rectified cameras run along (0.96, 0, 0.28) and the baseline is 12.5 cm.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from spike_depth_msgs.msg import SpikeInfo
from tf2_msgs.msg import TFMessage

from spike_depth_ros.geometry.files import load as files
from spike_depth_ros.geometry.pose import from_quaternion
from spike_depth_ros.geometry.rig_map import RigMap
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image
from spike_depth_ros.ros.spike_info import to_stream
from testing.binner_io import (
    PATIENT,
    STATUS,
    assert_frames,
    event_publishers,
    expected_frames,
    send_both,
)
from testing.nodes import NodeProcess
from testing.probe import Probe
from testing.stripes import packets

BASELINE_M, MODEL_BASELINE_M = 0.125, MVSEC_RIG.baseline_m
CAMCHAIN = """
cam0: &camera
  camera_model: pinhole
  intrinsics: [200.0, 201.0, 170.0, 129.0]
  distortion_model: radtan
  distortion_coeffs: [-0.05, 0.01, 0.0, 0.0]
  resolution: [346, 260]
  T_cam_imu:
  - [0.0, 1.0, 0.0, 0.0]
  - [-1.0, 0.0, 0.0, 0.0]
  - [0.0, 0.0, 1.0, 0.0]
  - [0.0, 0.0, 0.0, 1.0]
cam1:
  <<: *camera
  T_cn_cnm1:
  - [1.0, 0.0, 0.0, -0.12]
  - [0.0, 1.0, 0.0, 0.0]
  - [0.0, 0.0, 1.0, -0.035]
  - [0.0, 0.0, 0.0, 1.0]
"""
IMU_TURN = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


class Rectified:
    """Messages of the nodes for half a second of two calibrated cameras."""

    def __init__(self, probe: Probe, calibration: Path) -> None:
        self.images = probe.collect(Image, '/spikes')
        self.depths = probe.collect(Image, '/depth/image_rect')
        self.camera_infos = probe.collect(CameraInfo, '/depth/camera_info')
        publishers = event_publishers(probe)
        probe.until_value(STATUS, 'subscribers', 2)
        probe.until(lambda: 'depth: depth' in probe.status, 'the depth node')
        streams = [packets(camera, 500_000, stamp_ns=10**18) for camera in (0, 1)]
        network = MVSEC_RIG.camera
        rig_map = RigMap(network, files.load(str(calibration), '', 2))
        self.expected = expected_frames(streams, make_table=rig_map.table)
        send_both(publishers, streams)
        probe.until(lambda: len(self.images) == len(self.expected), 'all frames')
        for messages in (self.depths, self.camera_infos):
            probe.until(lambda found=messages: len(found) == len(self.expected), 'all depth')
        probe.until(lambda: 'left raw pixels on a pixel (median)' in probe.values(STATUS), 'rig')
        self.values = probe.values(STATUS)
        infos = probe.collect(SpikeInfo, '/spikes/info', qos.latched())
        transforms = probe.collect(TFMessage, '/tf_static', qos.latched())
        probe.until(lambda: infos and transforms, 'what is latched')
        self.rig = to_stream(infos[0])
        (self.transform,) = transforms[0].transforms


@pytest.fixture(scope='module')
def rectified(tmp_path_factory: pytest.TempPathFactory, stereo_model: Path) -> Iterator[Rectified]:
    calibration = tmp_path_factory.mktemp('calibration') / 'camchain.yaml'
    calibration.write_text(CAMCHAIN)
    probe = Probe()
    with (
        NodeProcess('binner', {**PATIENT, 'calibration': calibration}),
        NodeProcess('depth', {'model': stereo_model, 'queue': 100}),
    ):
        yield Rectified(probe, calibration)
    probe.close()


def test_frames_are_rectified_as_the_core_rectifies(rectified: Rectified) -> None:
    assert len(rectified.expected) >= 8
    assert_frames(rectified.images, rectified.expected)
    assert {image.header.frame_id for image in rectified.images} == {'camera0_rectified'}


def test_the_rectified_frame_is_turned_from_the_camera_s(rectified: Rectified) -> None:
    transform = rectified.transform
    assert transform.header.frame_id == 'camera0'
    assert transform.child_frame_id == 'camera0_rectified'
    move, turn = transform.transform.translation, transform.transform.rotation
    assert (move.x, move.y, move.z) == (0, 0, 0)
    # About y by the angle that takes x to (0.96, 0, 0.28), which is against the right hand.
    angle = np.arctan2(-0.28, 0.96)
    half_turn = [0, np.sin(angle / 2), 0, np.cos(angle / 2)]
    assert [turn.x, turn.y, turn.z, turn.w] == pytest.approx(half_turn, abs=1e-9)


def test_the_rig_has_the_calibrated_baseline(rectified: Rectified) -> None:
    assert rectified.rig.baseline_m == pytest.approx(BASELINE_M)
    assert rectified.rig.camera == MVSEC_RIG.camera
    assert 0.5 < rectified.rig.mapped.mean() < 0.99
    # the transform turns from the rectified frame to the camera's
    turn = rectified.transform.transform.rotation
    rotation = from_quaternion(turn.x, turn.y, turn.z, turn.w)
    np.testing.assert_allclose(rectified.rig.rectification, rotation.T, atol=1e-9)
    np.testing.assert_allclose(rectified.rig.imu_rotation, rotation.T @ IMU_TURN, atol=1e-9)
    assert float(rectified.values['left raw pixels on a pixel (median)']) == 1


def test_depth_is_in_the_metres_of_the_rig(rectified: Rectified) -> None:
    images = {str(image.header.stamp): from_image(image) for image in rectified.images}
    for message, info in zip(rectified.depths, rectified.camera_infos, strict=True):
        assert message.header == info.header
        assert message.header.frame_id == 'camera0_rectified'
        depth, counts = from_image(message), images[str(message.header.stamp)].astype(float)
        network = counts[..., 0] + 2 * counts[..., 3]  # see conftest
        seen = rectified.rig.mapped & (network >= 0.5)
        assert seen.any()
        scale = BASELINE_M / MODEL_BASELINE_M
        np.testing.assert_allclose(depth[seen], network[seen] * scale, rtol=1e-6)
        assert np.isnan(depth[~seen]).all()
    assert list(rectified.camera_infos[0].p)[:4] == [MVSEC_RIG.camera.f, 0, MVSEC_RIG.camera.cx, 0]
