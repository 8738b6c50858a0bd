"""A training that several tests start from."""

from pathlib import Path

import pytest
from training.runs import train


@pytest.fixture(scope='session')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a training of two steps; not to be changed."""
    folder = tmp_path_factory.mktemp('training')
    train(folder, steps=2)
    return folder
