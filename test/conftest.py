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

"""Recordings, and the tests that need ROS."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

FOLDER = Path(__file__).parent
HAS_ROS = find_spec('rclpy') is not None
# Tests that import rclpy or messages, or start a process that does.
NEED_ROS = ('ros', 'test_installation.py', 'test_launch.py')
collect_ignore = [] if HAS_ROS else list(NEED_ROS)

# A property holds on a busy machine too: neither an example nor their making has a time limit.
settings.register_profile('untimed', deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile('untimed')

if 'PYTEST_XDIST_WORKER' in os.environ:
    # The workers share the cores: threads of torch in each of them would take turns.
    os.environ.setdefault('OMP_NUM_THREADS', '1')


def pytest_report_header() -> str | None:
    """Name the tests that are not collected where ROS is missing."""
    return None if HAS_ROS else f'rclpy is not installed: no tests of {", ".join(NEED_ROS)}'


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need ROS as `ros`, and put the files that take long first.

    A long file that begins last would keep one worker busy while the others have ended.
    """
    for item in items:
        if FOLDER in item.path.parents and item.path.relative_to(FOLDER).parts[0] in NEED_ROS:
            item.add_marker('ros')
    long = {
        item.path for item in items for mark in ('slow', 'ros') if item.get_closest_marker(mark)
    }
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope='session')
def data() -> Path:
    """Return the folder of real recordings; skip the test where it is absent."""
    root = Path(__file__).parents[1]
    folder = (root / os.environ.get('SPIKE_DEPTH_DATA', '../shared/data')).resolve()
    if not folder.is_dir():
        pytest.skip(f'no recordings at {folder}: set SPIKE_DEPTH_DATA to their folder')
    return folder
