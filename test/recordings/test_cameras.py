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

"""Choice of the left and the right camera."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from spike_depth_ros.recordings.cameras import choose_cameras, in_words
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import EventCamera, EventChunk, EventRecording


class Cameras(EventRecording):
    """Recording of silent cameras."""

    def __init__(self, *names: str) -> None:
        super().__init__(Path('drive'), 'test recording')
        self.cameras = tuple(EventCamera(name, 346, 260) for name in names)

    start_ns = 0
    end_ns = 1

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        return iter(())


@pytest.mark.parametrize(
    ('names', 'cameras'),
    [
        (['/events'], ['/events']),
        (['right', 'left'], ['left', 'right']),
        (['/a_right/events', '/b_left/events'], ['/b_left/events', '/a_right/events']),
        (
            ['/event_cam_1/events', '/event_cam_0/events'],
            ['/event_cam_0/events', '/event_cam_1/events'],
        ),
        (['DAVIS346_00000124', 'DAVIS346_00000123'], ['DAVIS346_00000123', 'DAVIS346_00000124']),
    ],
)
def test_found(names: list[str], cameras: list[str]) -> None:
    assert [camera.name for camera in choose_cameras(Cameras(*names))] == cameras


def test_named() -> None:
    three = Cameras('/a', '/b', '/c')
    assert [c.name for c in choose_cameras(three, left='/c', right='/a')] == ['/c', '/a']
    assert [c.name for c in choose_cameras(three, left='/b')] == ['/b']


@pytest.mark.parametrize(
    ('left', 'right', 'reason'),
    [
        ('', '', r'has 3 event cameras \(/a, /b, /c\): name the left and the right one'),
        ('', '/a', r"Only the right camera is given \('/a'\): give the left one too"),
        ('/a', '/a', "both '/a': give two different cameras"),
        ('/d', '', "no event camera '/d'; it has /a, /b, /c: give one of these"),
    ],
)
def test_unclear(left: str, right: str, reason: str) -> None:
    with pytest.raises(RecordingError, match=reason):
        choose_cameras(Cameras('/a', '/b', '/c'), left, right)


def test_the_choice_in_words() -> None:
    cameras = Cameras('/a', '/b').cameras
    assert in_words(cameras) == 'left: /a, right: /b'
    assert in_words(cameras[:1]) == 'camera: /a'
