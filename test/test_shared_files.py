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

"""Paths of the package's files, in a source tree and in installations."""

import sys
from pathlib import Path

import pytest

from spike_depth_ros.shared_files import shared_file


def test_source_tree_without_ros(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'ament_index_python.packages', None)

    assert shared_file('demo/recording').is_dir()


def test_installed_by_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / 'share/spike_depth_ros/models/some.onnx'
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.setattr(sys, 'prefix', str(tmp_path))

    assert shared_file('models/some.onnx') == file


def test_missing_everywhere() -> None:
    with pytest.raises(FileNotFoundError, match='no/such'):
        shared_file('no/such')
