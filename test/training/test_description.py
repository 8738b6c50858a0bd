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

"""Facts that an exported file states of itself."""

import subprocess
from pathlib import Path

import pytest

from spike_depth_ros.training.export.description import commit


def test_the_commit_is_that_of_the_checkout() -> None:
    root = Path(__file__).parents[2]
    head = subprocess.run(
        ['git', '-C', str(root), 'rev-parse', '--short=4', 'HEAD'], capture_output=True, text=True
    ).stdout.strip()
    if not head:
        pytest.skip('not a checkout of git')
    assert commit().startswith(head)


def test_without_git_the_commit_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('PATH', str(tmp_path))
    assert commit() == 'unknown'
