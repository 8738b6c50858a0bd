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

"""Picture and video of the demo on disk."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.outputs import OutputError
from spike_depth_ros.ros.demo.drawing import draw
from spike_depth_ros.ros.demo.window_store import WindowStore


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Make writes beyond a size fail, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def store() -> WindowStore:
    random = np.random.default_rng(0)
    store = WindowStore(tolerance_ns=10)
    for stamp_ns in range(20):
        counts = random.integers(0, 2, (260, 346, 4), np.uint8)
        store.add_events(stamp_ns, counts)
        store.add_depth(stamp_ns, random.random((260, 346), np.float32) + 1)
    return store


@pytest.mark.parametrize(
    ('size', 'name', 'left'), [(20_000, 'depth.png', []), (1_000_000, 'depth.mp4', ['depth.png'])]
)
def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, store: WindowStore, size: int, name: str, left: list[str]
) -> None:
    output = tmp_path / 'out'
    with largest_file(size), pytest.raises(OutputError, match=f"{name}' cannot be written"):
        draw('a name', False, store, output, hop_ns=50_000_000)

    assert [path.name for path in output.iterdir()] == left
