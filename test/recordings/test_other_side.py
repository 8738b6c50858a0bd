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

"""Left and right in paths of files of one camera."""

from pathlib import Path

import pytest

from spike_depth_ros.recordings.other_side import file_side


@pytest.mark.parametrize(
    ('left', 'right'),
    [
        ('seq/events/left/events.h5', 'seq/events/right/events.h5'),
        ('desk-events_left.h5', 'desk-events_right.h5'),
        ('desk.synced.left_event.hdf5', 'desk.synced.right_event.hdf5'),
        ('a_events_left/events_left.h5', 'a_events_right/events_right.h5'),
        ('LEFT.h5', 'RIGHT.h5'),
        ('CamA-Left.h5', 'CamA-Right.h5'),
    ],
)
def test_each_file_finds_the_other(tmp_path: Path, left: str, right: str) -> None:
    for name in (left, right):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert file_side(tmp_path / left) == ('left', tmp_path / right)
    assert file_side(tmp_path / right) == ('right', tmp_path / left)


@pytest.mark.parametrize('name', ['bright.h5', 'events.h5', 'left_right.h5', 'leftover.h5'])
def test_no_side_without_the_word(tmp_path: Path, name: str) -> None:
    assert file_side(tmp_path / name) == (None, None)


def test_a_side_whose_other_file_is_missing(tmp_path: Path) -> None:
    assert file_side(tmp_path / 'left.h5') == ('left', None)
