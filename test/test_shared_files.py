"""Finding the package's files in every way it is installed."""

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
