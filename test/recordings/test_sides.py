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

"""Left and right camera, from the names of two topics."""

import pytest

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.sides import left_and_right


@pytest.mark.parametrize(
    ('left', 'right'),
    [
        ('/z_left/events', '/a_other/events'),
        ('/z/events', '/a_right/events'),
        ('/Left/events', '/a/events'),
        ('/stereoLEFT/events', '/stereoRIGHT/events'),
        ('/event_cam_Left', '/event_cam_right'),
        ('/bright_left/events', '/a_right/events'),
        ('/z_left/events', '/bright/events'),
        ('/upright/left', '/upright/right'),
        ('/right/left_eye', '/right/right_eye'),
        ('/left_rig/cam0', '/left_rig/cam1'),
        ('/camleft/events', '/camright/events'),
        ('/brightleft', '/brightright'),
        ('/z_L/events', '/a_R/events'),
        ('/cam_9/events', '/cam_10/events'),
        ('/cam2/events', '/cam10/events'),
        ('/a', '/b'),
    ],
)
def test_found_in_any_order(left: str, right: str) -> None:
    assert left_and_right(left, right) == left_and_right(right, left) == (left, right)


@pytest.mark.parametrize(
    ('first', 'second'),
    [('/left_right/a', '/b'), ('/bright/events', '/dark/events'), ('/aleftright', '/b')],
)
def test_unclear(first: str, second: str) -> None:
    for names in ((first, second), (second, first)):
        with pytest.raises(RecordingError, match=r'not clear which of .*: name the left and the'):
            left_and_right(*names)
