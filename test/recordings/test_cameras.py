"""Which topics are the cameras."""

import pytest

from spike_depth_ros.recordings.cameras import find_cameras
from spike_depth_ros.recordings.rosbag2 import RecordingError, Topic

EVENTS = 'event_camera_msgs/msg/EventPacket'


def topics(*names: str) -> dict[str, Topic]:
    """Return event topics of these names, beside an image topic and an event topic without any."""
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
    ('left', 'right', 'says'),
    [
        ('', '', r'has 3 event topics \(/a, /b, /c\): name the left and the right one'),
        ('', '/a', r"Only the right topic is given \('/a'\): give the left one too"),
        ('/a', '/a', "both '/a': give two different topics"),
        ('/d', '', "no topic '/d'; it has /a, /b, /c, /image, /silent: give one of these"),
        ('/a', '/image', "'/image' carries sensor_msgs/msg/Image, but events are read from event"),
        ('/a', '/silent', "'/silent' holds no message: give another topic"),
    ],
)
def test_unclear(left: str, right: str, says: str) -> None:
    with pytest.raises(RecordingError, match=says):
        find_cameras(topics('/a', '/b', '/c'), left, right)


def test_no_camera() -> None:
    with pytest.raises(RecordingError, match=f'has no messages of type {EVENTS}: give one of'):
        find_cameras(topics())
