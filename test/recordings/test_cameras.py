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

"""Choice of the cameras' topics."""

import pytest

from spike_depth_ros.recordings.cameras import find_cameras, in_words
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.rosbag2 import Topic

EVENTS = 'event_camera_msgs/msg/EventPacket'


def topics(*names: str) -> dict[str, Topic]:
    """Return event topics of these names, an image topic and an empty event topic."""
    others = [Topic('/image', 'sensor_msgs/msg/Image', 4), Topic('/silent', EVENTS, 0)]
    return {t.name: t for t in [*others, *(Topic(name, EVENTS, 9) for name in names)]}


@pytest.mark.parametrize(
    ('names', 'cameras'),
    [
        (['/events'], ('/events',)),
        (['/right/events', '/left/events'], ('/left/events', '/right/events')),
        (['/a_right/events', '/b_left/events'], ('/b_left/events', '/a_right/events')),
        (
            ['/event_cam_1/events', '/event_cam_0/events'],
            ('/event_cam_0/events', '/event_cam_1/events'),
        ),
    ],
)
def test_found(names: list[str], cameras: tuple[str, ...]) -> None:
    assert find_cameras(topics(*names)) == cameras


def test_named() -> None:
    three = topics('/a', '/b', '/c')
    assert find_cameras(three, left='/c', right='/a') == ('/c', '/a')
    assert find_cameras(three, left='/b') == ('/b',)


@pytest.mark.parametrize(
    ('left', 'right', 'reason'),
    [
        ('', '', r'has 3 event topics \(/a, /b, /c\): name the left and the right one'),
        ('', '/a', r"Only the right topic is given \('/a'\): give the left one too"),
        ('/a', '/a', "both '/a': give two different topics"),
        ('/d', '', "no topic '/d'; it has /a, /b, /c, /image, /silent: give one of these"),
        ('/a', '/image', "'/image' carries sensor_msgs/msg/Image, but events are read from event"),
        ('/a', '/silent', "'/silent' holds no message: give another topic"),
    ],
)
def test_unclear(left: str, right: str, reason: str) -> None:
    with pytest.raises(RecordingError, match=reason):
        find_cameras(topics('/a', '/b', '/c'), left, right)


@pytest.mark.parametrize(
    ('kind', 'reason'),
    [
        (
            'sensor_msgs/msg/Imu',
            r'but /e \(sensor_msgs/msg/Imu\), /image \(sensor_msgs/msg/Image\): give one of an ev',
        ),
        (
            'dvs_msgs/msg/EventArray',
            r'but /e \(dvs_msgs/msg/EventArray\): .*`ros2 bag play` beside',
        ),
        ('prophesee_event_msgs/msg/EventArray', 'but /e .*: convert it with legacy_to_bag'),
        ('event_array_msgs/msg/EventArray', 'but /e .*whose fields are the same'),
        ('dv_ros_msgs/msg/EventArrayMessage', 'but /e .*: convert it to event_camera_msgs'),
    ],
)
def test_no_camera(kind: str, reason: str) -> None:
    present = topics() | {'/e': Topic('/e', kind, 3)}
    del present['/silent']
    with pytest.raises(RecordingError, match=f'has no messages of type {EVENTS}, {reason}'):
        find_cameras(present)


def test_silent_cameras() -> None:
    with pytest.raises(RecordingError, match=r'no message on /silent .*: record it again'):
        find_cameras(topics())


def test_another_definition() -> None:
    other = {'/e': Topic('/e', EVENTS, 3, other_definition='its fields are x, y')}
    with pytest.raises(
        RecordingError, match=r"'/e' carries .* definition \(its fields are x, y\)"
    ):
        find_cameras(other)


def test_the_choice_in_words() -> None:
    assert in_words(('/a', '/b')) == 'left: /a, right: /b'
    assert in_words(('/a',)) == 'camera: /a'
