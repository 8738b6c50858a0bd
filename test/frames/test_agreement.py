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

"""Difference of the cameras' common times by the arrival of their packets."""

import numpy as np
import pytest

from spike_depth_ros.frames.agreement import (
    ARRIVAL_APART_NS,
    FRESH_NS,
    STALE_NS,
    Agreement,
    disagreement,
)
from spike_depth_ros.units import MS_NS

PERIOD_NS = 10 * MS_NS


def measured(
    apart_ns: int, rate: float = 1.0, jitter_ns: int = 0, silent: int | None = None
) -> int | None:
    """Return the distance that is measured over three seconds of two cameras side by side."""
    agreement, rng, now_ns = Agreement(), np.random.default_rng(1), 0
    arrivals = [
        (round(packet * PERIOD_NS / rate) + int(rng.integers(0, jitter_ns + 1)), camera, packet)
        for packet in range(round(300 * rate))
        for camera in (0, 1)
        if camera != silent or packet % 100 == 0
    ]
    for now_ns, camera, packet in sorted(arrivals):
        common_ns = (packet + 1) * PERIOD_NS + (apart_ns if camera else 0)
        agreement.follow(camera, common_ns, now_ns)
    return agreement.apart_ns(now_ns)


@pytest.mark.parametrize('apart_ns', [700 * MS_NS, -700 * MS_NS, 3600 * 10**9, 60 * MS_NS])
@pytest.mark.parametrize('jitter_ns', [0, 10 * MS_NS])
def test_the_distance_is_found_to_within_a_packet(apart_ns: int, jitter_ns: int) -> None:
    assert measured(apart_ns, jitter_ns=jitter_ns) == pytest.approx(apart_ns, abs=PERIOD_NS)


def test_times_a_camera_is_ahead_of_only_now_and_then_are_not_apart() -> None:
    """Both drivers send in bursts of 300 ms, one after the other."""
    agreement = Agreement()
    for burst in range(10):
        for camera in (0, 1):
            for packet in range(30):
                common_ns = (30 * burst + packet) * PERIOD_NS
                now_ns = 30 * burst * PERIOD_NS + (camera * 30 + packet) * MS_NS
                agreement.follow(camera, common_ns, now_ns)
    assert agreement.apart_ns(now_ns) == 0


@pytest.mark.parametrize('rate', [0.1, 1.0, 20.0])
def test_times_that_agree_are_not_apart_at_any_rate_of_a_replay(rate: float) -> None:
    assert measured(0, rate, jitter_ns=10 * MS_NS) == 0
    assert measured(ARRIVAL_APART_NS // 2, rate) == 0


def test_a_camera_that_seldom_advances_is_measured_all_the_same() -> None:
    assert measured(0, silent=1) == 0
    assert measured(700 * MS_NS, silent=1) == pytest.approx(700 * MS_NS, abs=FRESH_NS / 2)


def test_one_camera_and_two_that_take_turns_give_no_difference() -> None:
    agreement = Agreement()
    assert agreement.apart_ns(0) is None
    for second in range(10):
        agreement.follow(second % 2, second * 10**9, second * 10**9)
    assert FRESH_NS < 10**9
    assert agreement.apart_ns(9 * 10**9) is None


@pytest.mark.parametrize(
    ('sync', 'late', 'words'),
    [
        ('host', False, ['header stamps are 0.70 s apart', 'sync:=sensor']),
        ('sensor', False, ['sensor times are 0.70 s apart', 'sync:=host']),
        ('sensor', True, ["the right camera's packets come 0.70 s later", 'max_wait_ms, now 100']),
    ],
)
def test_the_sentence_gives_the_difference_and_the_parameter(
    sync: str, late: bool, words: list[str]
) -> None:
    sentence = disagreement(-700 * MS_NS, sync, late, 100 * MS_NS)
    assert all(word in sentence for word in words)


def test_packets_that_come_late_but_in_time_are_no_fault() -> None:
    assert disagreement(70 * MS_NS, 'sensor', True, 100 * MS_NS) == ''


def test_cameras_that_stop_give_no_difference() -> None:
    agreement = Agreement()
    for packet in range(300):
        for camera in (0, 1):
            common_ns = packet * PERIOD_NS + camera * 700 * MS_NS
            agreement.follow(camera, common_ns, packet * PERIOD_NS)
    assert agreement.apart_ns(300 * PERIOD_NS)
    assert agreement.apart_ns(300 * PERIOD_NS + STALE_NS) is None
