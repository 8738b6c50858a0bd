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

"""Recordings for tests, and what a machine without ROS leaves out."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

HAS_ROS = find_spec('rclpy') is not None
# These import rclpy, messages or parameters, which come with ROS.
collect_ignore = [] if HAS_ROS else ['ros', 'test_launch.py']

if 'PYTEST_XDIST_WORKER' in os.environ:
    # The workers share the cores: threads of torch in each of them would take turns.
    os.environ.setdefault('OMP_NUM_THREADS', '1')


def pytest_report_header() -> str | None:
    """Report that ROS is missing, so tests that need it are not collected."""
    return None if HAS_ROS else 'rclpy is not installed: test/ros is left out'


@pytest.fixture(scope='session')
def data() -> Path:
    """Return the folder of real recordings; skip the test where it is absent."""
    root = Path(__file__).parents[1]
    folder = (root / os.environ.get('SPIKE_DEPTH_DATA', '../shared/data')).resolve()
    if not folder.is_dir():
        pytest.skip(f'no recordings at {folder}: set SPIKE_DEPTH_DATA to their folder')
    return folder
