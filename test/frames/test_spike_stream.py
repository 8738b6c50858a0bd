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

"""Key-value pairs of a stream of spike frames."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.geometry.camera import PinholeCamera


def stream(height: int = 3, width: int = 5, seed: int = 0, f: float = 199.65) -> SpikeStream:
    mapped = np.random.default_rng(seed).random((height, width)) < 0.5
    camera = PinholeCamera(width, height, f, 2.5, 1.5)
    return SpikeStream(50_000_000, 10_000_000, 4, camera, 0.0999, 'sensor', mapped)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 9), st.floats(1e-9, 1e9))
def test_pairs_read_back_as_written(height: int, width: int, seed: int, f: float) -> None:
    written = stream(height, width, seed, f)
    read = SpikeStream.from_pairs(written.to_pairs() | {'another': 'key'})
    assert np.array_equal(read.mapped, written.mapped)
    assert read.to_pairs() == written.to_pairs()
    assert (read.camera.f, read.window_ns, read.sync) == (f, 50_000_000, 'sensor')


@pytest.mark.parametrize(
    ('key', 'value', 'reason'),
    [
        ('window_ns', '0', 'at least 1'),
        ('channels', '3', '2 or 4'),
        ('width', '100000', '1 to 8192'),
        ('width', '6', 'one bit for each of 18 pixels'),
        ('height', 'tall', 'invalid literal'),
        ('f', 'nan', 'finite'),
        ('sync', 'none', "'sensor' or 'host'"),
        ('mapped', 'äöü', 'base64 of zlib'),
        ('mapped', 'AAAA', 'base64 of zlib'),
    ],
)
def test_a_value_that_does_not_do_is_named(key: str, value: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f'{"mapped" if reason[:3] == "one" else key}=.*{reason}'):
        SpikeStream.from_pairs(stream().to_pairs() | {key: value})


def test_a_missing_pair_is_named() -> None:
    pairs = stream().to_pairs()
    del pairs['baseline_m']
    with pytest.raises(ValueError, match="no 'baseline_m'"):
        SpikeStream.from_pairs(pairs)
