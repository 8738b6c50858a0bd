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

"""Conversion of messages, by cv_bridge where it is installed."""

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.ros.conversions import (
    from_image,
    to_camera_info,
    to_image,
    to_ns,
    to_rotation,
    to_time,
)


@pytest.mark.parametrize(
    ('encoding', 'dtype', 'channels'),
    [
        ('32FC1', np.float32, 1),
        ('16UC1', np.uint16, 1),
        ('rgb8', np.uint8, 3),
        ('8UC2', np.uint8, 2),
        ('8UC4', np.uint8, 4),
    ],
)
def test_pixels_survive(encoding: str, dtype: type, channels: int) -> None:
    shape = (5, 7) if channels == 1 else (5, 7, channels)
    pixels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    header = Header(stamp=to_time(1_500_000_007), frame_id='left')

    message = to_image(pixels, encoding, header)

    assert (message.height, message.width, message.encoding) == (5, 7, encoding)
    assert message.step * 5 == len(message.data) == pixels.nbytes
    assert message.header == header
    np.testing.assert_array_equal(from_image(message), pixels)
    assert from_image(message).dtype == dtype


def test_not_finite_depth_survives() -> None:
    pixels = np.array([[np.nan, np.inf, 1.5]], np.float32)

    np.testing.assert_array_equal(from_image(to_image(pixels, '32FC1', Header())), pixels)


@pytest.mark.parametrize(
    ('pixels', 'encoding', 'sentence'),
    [
        (np.zeros((2, 2), np.float64), '32FC1', 'float64'),
        (np.zeros((2, 2, 3), np.uint8), '8UC4', '(2, 2, 3)'),
        (np.zeros((2, 2), np.uint8), 'mono8', "'mono8' is unknown"),
    ],
)
def test_wrong_pixels_are_refused(pixels: np.ndarray, encoding: str, sentence: str) -> None:
    with pytest.raises(ValueError) as error:
        to_image(pixels, encoding, Header())

    assert sentence in str(error.value)


def test_malformed_images_are_refused() -> None:
    message = Image(height=2, width=2, encoding='8UC2', step=4, data=[0] * 7)

    with pytest.raises(ValueError, match='7 bytes'):
        from_image(message)


@pytest.mark.parametrize('ns', [0, 1, -1, 1_500_000_007, 2**31 * 10**9 - 1])
def test_times_survive(ns: int) -> None:
    assert to_ns(to_time(ns)) == ns


def test_a_rectified_frame_is_turned_and_stays_in_place() -> None:
    # A quarter turn about z takes x to y: the child's axes are the parent's turned back.
    rotation = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])

    transform = to_rotation(rotation, 'left', 'left_rectified', Time(sec=5))

    assert (transform.header.frame_id, transform.child_frame_id) == ('left', 'left_rectified')
    turn = transform.transform.rotation
    half = np.sqrt(0.5)
    assert [turn.x, turn.y, turn.z, turn.w] == pytest.approx([0, 0, -half, half])
    assert transform.transform.translation.x == 0


def test_frames_that_are_not_turned() -> None:
    turn = to_rotation(np.eye(3), 'left', 'left_rectified', Time()).transform.rotation

    assert [turn.x, turn.y, turn.z, turn.w] == [0, 0, 0, 1]


def test_camera_info_is_of_the_rectified_camera() -> None:
    camera = PinholeCamera(346, 260, 200.0, 170.0, 130.0)

    info = to_camera_info(camera, Header(frame_id='left'))

    assert list(info.k) == [200, 0, 170, 0, 200, 130, 0, 0, 1]
    assert list(info.p) == [200, 0, 170, 0, 0, 200, 130, 0, 0, 0, 1, 0]
    assert list(info.d) == [0] * 5
    assert info.distortion_model == 'plumb_bob'
    assert (info.width, info.height, info.header.frame_id) == (346, 260, 'left')
