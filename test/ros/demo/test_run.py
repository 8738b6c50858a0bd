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


"""A run of a recording that is no rosbag2 folder, as a user starts it."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from testing.recordings import mvsec_bags
from testing.recordings.scene import scene
from testing.waiting import LIMIT_S


@pytest.mark.slow
def test_mvsecs_bags_give_the_table_of_their_protocol(stereo_model: Path, tmp_path: Path) -> None:
    (tmp_path / 'flight').mkdir()
    mvsec_bags.write_bags(tmp_path / 'flight', scene())
    command = [sys.executable, '-m', 'spike_depth_ros.cli', 'run', str(tmp_path / 'flight')]
    options = ['--model', str(stereo_model), '--output', str(tmp_path)]
    done = subprocess.run(
        [*command, *options], text=True, capture_output=True, timeout=LIMIT_S, check=False
    )

    assert 'Traceback' not in done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == 'left: /davis/left/events, right: /davis/right/events'
    assert any('indoor_flying1_gt.bag' in line for line in lines)
    assert any(line.startswith('calibration: ') and 'camera_info' in line for line in lines)
    assert 'flight (stereo)' in lines
    if 'no picture and no video' in done.stdout:  # a busy machine may lose all windows
        assert done.returncode == 1
        return
    rows = dict(line.strip().split('  ', 1) for line in lines if '  ' in line.strip())
    assert float(rows['at event pixels (cm)']) > 0
    assert float(rows['coverage (%)']) > 0
    with Image.open(tmp_path / 'depth.png') as picture:
        assert picture.width > 3 * 2 * 346  # with the true depth
