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

"""Files that are no recordings: the sentence names what they are, and the remedy."""

from pathlib import Path

import pytest

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording


@pytest.mark.parametrize(
    ('name', 'content', 'words'),
    [
        ('a.zip', b'PK\3\4' + bytes(40), 'is a damaged zip archive: download'),
        ('a.dat', b'\1' + bytes(12_499), 'a spike camera .Vidar.: its spikes are samples of'),
        ('a.dat', b'\1' + bytes(2 * 128_000 - 1), 'a spike camera .Vidar.: its spikes'),
        ('a.dat', b'\1' + bytes(12_400), 'is of no format that is read: give one of rosbag2'),
        ('a.es', b'Event Stream\2\0\0', 'is an Event Stream file .*: convert it'),
        ('a.bag', b'version https://git-lfs.github.com/spec/v1\n', 'run `git lfs pull`'),
        ('a.bag', b'', 'is empty: copy or record it again'),
    ],
)
def test_other_files(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingError, match=words) as caught:
        open_recording(tmp_path / name)
    assert '\n' not in str(caught.value)
