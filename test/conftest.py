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
