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
