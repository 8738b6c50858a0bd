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

"""Let tests import what they share from beside them, and find recordings."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope='session')
def data() -> Path:
    """Return the folder of real recordings; skip where it is absent."""
    root = Path(__file__).parents[1]
    folder = (root / os.environ.get('SPIKE_DEPTH_DATA', '../shared/data')).resolve()
    if not folder.is_dir():
        pytest.skip(f'no recordings at {folder}: set SPIKE_DEPTH_DATA to their folder')
    return folder
