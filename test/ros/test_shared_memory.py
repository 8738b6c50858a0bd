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

"""Shared memory: large segments for the nodes, unless the user has a profile."""

import os
import re
from pathlib import Path

import pytest

from spike_depth_ros.ros import shared_memory
from spike_depth_ros.ros.shared_memory import PROFILES, SEGMENT_BYTES, TRANSPORTS, large_segments
from testing.nodes import NodeProcess
from testing.waiting import wait_until

SEGMENT = re.compile(r'^(\w+)-(\w+) .*/dev/shm/fastrtps_(?!port)', re.MULTILINE)


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (PROFILES, TRANSPORTS):
        monkeypatch.delenv(name, raising=False)


def segment_bytes(pid: int) -> int:
    """Return the size of the largest segment of a process, 0 without one."""
    maps = Path(f'/proc/{pid}/maps').read_text()
    return max((int(end, 16) - int(start, 16) for start, end in SEGMENT.findall(maps)), default=0)


@pytest.mark.parametrize('discovery', ['LOCALHOST', 'SUBNET'])
def test_a_node_has_a_segment_that_holds_the_images_of_a_burst(discovery: str) -> None:
    environment = {'ROS_AUTOMATIC_DISCOVERY_RANGE': discovery}
    with NodeProcess('binner', environment=environment) as binner:
        wait_until(lambda: segment_bytes(binner.pid) > 0, 'a segment')
        assert segment_bytes(binner.pid) >= SEGMENT_BYTES


def test_the_profile_exists_only_while_participants_are_created() -> None:
    with large_segments():
        profile = Path(os.environ[PROFILES]).read_text()
    assert 'is_default_profile="true"' in profile
    assert PROFILES not in os.environ


@pytest.mark.parametrize('name', [PROFILES, TRANSPORTS])
def test_a_choice_of_the_user_stays(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, 'mine')
    with large_segments():
        assert os.environ.get(PROFILES) == ('mine' if name == PROFILES else None)


def test_a_profile_in_the_working_folder_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'DEFAULT_FASTRTPS_PROFILES.xml').touch()
    monkeypatch.chdir(tmp_path)
    with large_segments():
        assert PROFILES not in os.environ


def test_a_container_with_little_shared_memory_keeps_small_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_memory, 'FOLDER', str(tmp_path / 'absent'))
    with large_segments():
        assert PROFILES not in os.environ
