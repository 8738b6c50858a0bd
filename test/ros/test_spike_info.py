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

"""Message of spikes/info."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from spike_depth_msgs.msg import SpikeInfo
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_stream import SpikeStream, is_same
from spike_depth_ros.frames.synchroniser import HOST, SENSOR
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.ros.conversions import to_time
from spike_depth_ros.ros.spike_info import SpikeInfoError, to_spike_info, to_stream

TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
HEADER = Header(stamp=to_time(1_234_567_890), frame_id='left_camera')


def rig(height: int = 3, width: int = 5, seed: int = 0, f: float = 199.65) -> SpikeStream:
    mapped = np.random.default_rng(seed).random((height, width)) < 0.5
    camera = PinholeCamera(width, height, f, 2.5, 1.5)
    return SpikeStream(50_000_000, 10_000_000, 4, camera, 0.0999, 'sensor', mapped)


def changed(field: str, value: object) -> SpikeInfo:
    """Return a message with one invalid field; camera.x is a field of the camera."""
    info = to_spike_info(rig(), HEADER)
    owner = info.camera if field.startswith('camera.') else info
    setattr(owner, field.removeprefix('camera.'), value)
    return info


def test_fields() -> None:
    mapped = np.zeros((3, 5), bool)
    mapped[0, :2] = mapped[2, 4] = True  # bits 0, 1 and 14
    info = to_spike_info(replace(rig(), mapped=mapped), HEADER)
    assert info.ready
    assert info.header == info.camera.header == HEADER
    assert (info.camera.width, info.camera.height) == (5, 3)
    assert list(info.camera.k) == [199.65, 0, 2.5, 0, 199.65, 1.5, 0, 0, 1]
    assert list(info.camera.p) == [199.65, 0, 2.5, 0, 0, 199.65, 1.5, 0, 0, 0, 1, 0]
    assert (info.window.sec, info.window.nanosec, info.hop.nanosec) == (0, 50_000_000, 10_000_000)
    assert (info.baseline, info.channels, info.sync) == (0.0999, 4, SpikeInfo.SYNC_SENSOR)
    assert list(info.mapped) == [0b11000000, 0b00000010]


def test_rotations() -> None:
    info = to_spike_info(rig(), HEADER)
    assert list(info.rectification) == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert not info.imu_rotation.any()
    assert to_stream(info).imu_rotation is None
    turned = replace(rig(), rectification=TURN, imu_rotation=TURN.T)
    info = to_spike_info(turned, HEADER)
    assert list(info.rectification) == [0, -1, 0, 1, 0, 0, 0, 0, 1]
    assert is_same(to_stream(info), turned)
    assert not is_same(turned, rig())


def test_the_message_names_the_clocks_of_the_binner() -> None:
    assert (SpikeInfo.SYNC_SENSOR, SpikeInfo.SYNC_HOST) == (SENSOR, HOST)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 9), st.floats(1e-9, 1e9))
def test_a_message_over_the_wire_gives_the_same_rig(
    height: int, width: int, seed: int, f: float
) -> None:
    sent = rig(height, width, seed, f)
    received = deserialize_message(serialize_message(to_spike_info(sent, HEADER)), SpikeInfo)
    assert is_same(to_stream(received), sent)


@pytest.mark.parametrize(
    'other',
    [rig(seed=1), replace(rig(), sync='host'), rig(f=200.0), rig(height=4), None],
)
def test_rigs_that_differ(other: SpikeStream | None) -> None:
    assert is_same(rig(), rig())
    assert not is_same(rig(), other)


@pytest.mark.parametrize(
    ('field', 'value', 'reason'),
    [
        ('camera.width', 0, 'the size is 0 x 3, but must be 1 to 8192 pixels each way'),
        ('camera.height', 100_000, 'the size is 5 x 100000, but must be 1 to 8192'),
        ('camera.width', 6, 'mapped = 2 bytes, but it must be 3 bytes'),
        ('camera.k', [float('nan'), 0, 2, 0, 9, 1, 0, 0, 1], 'camera.k = .nan'),
        ('camera.k', [9.0, 0, 2, 0, 8, 1, 0, 0, 1], 'it must be .f, 0, cx, 0, f, cy, 0, 0, 1.'),
        ('camera.k', [-9.0, 0, 2, 0, -9, 1, 0, 0, 1], 'fx and fy above 0'),
        ('camera.d', [0.1, 0, 0, 0, 0], 'camera.d = .0.1, 0.0, .* but it must be all zero'),
        ('window', SpikeInfo().window, 'window = 0 ns, but it must be above 0 ns'),
        ('hop', SpikeInfo().hop, 'hop = 0 ns, but it must be above 0 ns'),
        ('channels', 3, 'channels = 3, but it must be 2 or 4'),
        ('baseline', float('inf'), 'baseline = inf m, but it must be 0 m or more'),
        ('baseline', -0.1, 'baseline = -0.1 m, but it must be 0 m or more'),
        ('sync', 'none', "sync = 'none', but it must be 'sensor' or 'host'"),
        ('rectification', np.zeros(9), 'rectification = .*, but it must be a rotation'),
        ('imu_rotation', np.ones(9), 'imu_rotation = .*, but it must be a rotation'),
        ('mapped', [], 'mapped = 0 bytes, but it must be 2 bytes'),
    ],
)
def test_an_invalid_field_is_named(field: str, value: object, reason: str) -> None:
    with pytest.raises(SpikeInfoError, match=f'{reason}.*: run a binner of the same version$'):
        to_stream(changed(field, value))
