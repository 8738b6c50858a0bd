"""Sessions that compute with the provider that a benchmark names, or none at all."""

from pathlib import Path
from typing import Any

from spike_depth_ros.inference.session import load


def session_with(path: Path, provider: str) -> Any:
    """Return a session; raises RuntimeError where another provider would stand in."""
    loaded = load(path, 0, provider)
    if loaded.provider != provider:
        raise RuntimeError(loaded.warning)
    return loaded.session
