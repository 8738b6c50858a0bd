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

"""Scene of the test files, and arrays of many events."""

import numpy as np
import pytest

from testing.recordings.scene import HEIGHT, WIDTH, many_events, scene


def test_the_scene_is_a_second_of_both_cameras_with_depth_every_50_ms() -> None:
    cut = scene()
    assert [len(events.t_ns) for events in cut.cameras] == [148_044, 144_791]
    for events in cut.cameras:
        assert np.all(np.diff(events.t_ns) >= 0)
        assert np.all(events.t_ns % 1000 == 0)
        assert cut.start_ns <= events.t_ns[0]
        assert events.t_ns[-1] < cut.end_ns == cut.start_ns + 10**9
        assert (events.x.max(), events.y.max()) == (WIDTH - 1, HEIGHT - 1)
    times_ms = [(frame.t_ns - cut.start_ns) // 10**6 for frame in cut.depth]
    assert times_ms == list(range(50, 1000, 50))
    assert all(frame.depth.shape == (HEIGHT, WIDTH) for frame in cut.depth)


@pytest.mark.parametrize('size', [(640, 480), (1, 1)])
@pytest.mark.parametrize('n', [1, 100, 100_000])
def test_many_events_are_on_the_sensor_in_order_of_time(n: int, size: tuple[int, int]) -> None:
    events = many_events(n, *size, seed=3, start_ns=5)
    assert [len(column) for column in events] == [n] * 4
    assert events.t_ns[0] == 5
    assert np.all(np.diff(events.t_ns) >= 0)
    assert events.x.max() < size[0]
    assert events.y.max() < size[1]
    assert set(np.unique(events.polarity)) <= {0, 1}


def test_many_events_come_at_two_million_a_second() -> None:
    events = many_events(500_000, 640, 480)
    assert events.t_ns[-1] == pytest.approx(250_000_000, rel=0.02)
