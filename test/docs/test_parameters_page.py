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

"""docs/reference/parameters.md is the page that docs/write_parameters.py writes."""

from pathlib import Path
from runpy import run_path

ROOT = Path(__file__).parents[2]


def test_parameters_page_is_current() -> None:
    script = run_path(str(ROOT / 'docs/write_parameters.py'))
    expected = script['page']()
    assert (ROOT / 'docs/reference/parameters.md').read_text() == expected, (
        'run .venv/bin/python docs/write_parameters.py'
    )


def test_parameters_page_lists_each_launch_argument() -> None:
    arguments = run_path(str(ROOT / 'docs/write_parameters.py'))['launch_arguments']()
    source = (ROOT / 'spike_depth_ros/ros/launch_description.py').read_text()
    assert arguments.keys() >= {'params_file', 'model', 'calibration', 'rviz'}
    assert len(arguments) == source.count('DeclareLaunchArgument(')
