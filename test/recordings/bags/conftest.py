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

"""Fixtures: a recording in sqlite3, one that is compressed, and one in mcap."""

from pathlib import Path

import pytest
from recordings.bags.storage import write
from rosbags.rosbag2 import CompressionMode, StoragePlugin


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return write(tmp_path / 'drive')


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    return write(tmp_path / 'packed', compression=CompressionMode.FILE)


@pytest.fixture
def mcap(tmp_path: Path) -> Path:
    return write(tmp_path / 'chunks', StoragePlugin.MCAP)
