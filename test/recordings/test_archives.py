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

"""Archives and arrays are refused by their content."""

import tarfile
import zipfile
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording


def refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        open_recording(path)
    assert '\n' not in str(caught.value) and str(caught.value).endswith('.')
    return str(caught.value)


def test_npz_of_mvsec(tmp_path: Path) -> None:
    flow, odometry = tmp_path / 'flow.npz', tmp_path / 'odom.npz'
    np.savez(flow, timestamps=[1.0], x_flow_dist=[1.0], y_flow_dist=[1.0])
    np.savez(odometry, timestamps=[1.0], pos=[1.0], quat=[1.0], lin_vel=[1.0], ang_vel=[1.0])
    assert "is MVSEC's optical flow (timestamps, x_flow_dist, y_flow_dist)" in refusal(flow)
    assert "is MVSEC's odometry" in refusal(odometry)


def test_another_npz_lists_its_arrays(data: Path) -> None:
    assert 'npz file with the arrays right, left' in refusal(data / 'stereo_pendulum_128x128.npz')


def test_zip_of_dsec(tmp_path: Path) -> None:
    path = tmp_path / 'interlaken_00_c_events_left.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('events.h5', b'')
        archive.writestr('rectify_map.h5', b'')
    assert 'is a zip archive with events.h5, rectify_map.h5: unpack it' in refusal(path)


def test_other_and_damaged_archives(tmp_path: Path) -> None:
    path = tmp_path / 'a.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        for number in range(9):
            archive.writestr(f'{number}.png', b'')
    assert '0.png, 1.png, 2.png, 3.png, 4.png, 5.png and 3 more: unpack it' in refusal(path)
    path.write_bytes(path.read_bytes()[:50])
    assert 'is a damaged zip archive: download it again' in refusal(path)


def test_array(tmp_path: Path) -> None:
    np.save(tmp_path / 'a.npy', [1])
    assert 'is one array of NumPy: give the folder' in refusal(tmp_path / 'a.npy')


@pytest.mark.parametrize('mode', ['w', 'w:gz'])
def test_tar(tmp_path: Path, mode: Literal['w', 'w:gz']) -> None:
    path = tmp_path / 'a.tar'
    with tarfile.open(path, mode) as archive:
        archive.add(__file__, 'left.raw')
    assert 'is a tar archive: unpack it with `tar -xf`' in refusal(path)
