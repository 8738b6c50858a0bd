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

"""Files that belong together by their names."""

from pathlib import Path

import pytest

from spike_depth_ros.recordings.beside import files_of_one_recording, truth_beside
from spike_depth_ros.recordings.errors import RecordingError


@pytest.mark.parametrize(
    ('events', 'truth'),
    [
        ('indoor_flying1_data.bag', 'indoor_flying1_gt.bag'),
        ('outdoor_day1_data.hdf5', 'outdoor_day1_gt.hdf5'),
        ('car_urban_data.h5', 'car_urban_depth_gt.h5'),
    ],
)
def test_the_truth_beside_mvsec_and_m3ed(tmp_path: Path, events: str, truth: str) -> None:
    assert truth_beside(tmp_path / events) is None
    (tmp_path / truth).touch()
    assert truth_beside(tmp_path / events) == tmp_path / truth
    assert truth_beside(tmp_path / 'drive.bag') is None


@pytest.mark.parametrize(
    ('names', 'chosen'),
    [
        (['a.raw'], ['a.raw']),
        (['a_left.raw', 'a_right.raw'], ['a_left.raw', 'a_right.raw']),
        (['x_data.bag', 'x_gt.bag'], ['x_data.bag']),
        (['x_data.h5', 'x_depth_gt.h5', 'x_pose_gt.h5'], ['x_data.h5']),
        (['x_gt.bag'], ['x_gt.bag']),
    ],
)
def test_the_files_of_one_recording(names: list[str], chosen: list[str]) -> None:
    files = [Path(name) for name in names]
    assert files_of_one_recording(Path(), files) == tuple(Path(name) for name in chosen)


@pytest.mark.parametrize('names', [[], ['a.raw', 'b.raw'], ['left.raw', 'right.raw', 'a.raw']])
def test_files_that_do_not_belong_together(names: list[str]) -> None:
    with pytest.raises(RecordingError, match='holds'):
        files_of_one_recording(Path(), [Path(name) for name in names])
