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

"""Times of a replay: due times, and header stamps moved to the present."""

import pytest

from spike_depth_ros.recordings.timeline import (
    Stamps,
    Timeline,
    clock_error_ns,
    present_shift_ns,
)

S = 1_000_000_000


def test_messages_are_due_in_the_recordings_time() -> None:
    timeline = Timeline(start_log_ns=1000 * S, start_ns=5 * S, rate=2.0)

    assert timeline.delay_s(1004 * S, now_ns=5 * S) == 2.0
    assert timeline.delay_s(1004 * S, now_ns=6 * S) == 1.0
    assert timeline.delay_s(1004 * S, now_ns=8 * S) == 0.0
    assert timeline.log_time_ns(7 * S) == 1004 * S


@pytest.mark.parametrize(
    ('delays_ns', 'expected'),
    [
        ([S, 2 * S], 0),  # stamped a second before it was logged
        ([1000 * S + 4, 1000 * S, 1000 * S + 7], 1000 * S),  # another clock: the least delayed
        ([-1000 * S, -1001 * S], -1001 * S),
        ([5, -3 * S, 6], -3 * S),  # logged before it was stamped: a clock that is ahead
        ([], 0),
    ],
)
def test_stamps_of_another_clock_count_as_log_times(delays_ns: list[int], expected: int) -> None:
    assert clock_error_ns(delays_ns) == expected


def test_stamps_move_to_the_present_and_never_beyond() -> None:
    stamps = Stamps(clock_error_ns=10, shift_ns=1000)

    assert stamps.of_packet(100, log_time_ns=200) == 1110
    assert stamps.of_packet(195, log_time_ns=200) == 1200
    assert stamps.at(195) == 1195
    recorded = Stamps(clock_error_ns=10)
    assert (recorded.of_packet(300, log_time_ns=200), recorded.at(300)) == (300, 290)


@pytest.mark.parametrize(('rate', 'ahead_ns'), [(1.0, 0), (0.5, 0), (4.0, 3 * S)])
def test_a_fast_replay_ends_in_the_present(rate: float, ahead_ns: int) -> None:
    shift_ns = present_shift_ns(1000 * S, 5000 * S, duration_ns=4 * S, rate=rate)

    assert shift_ns == 4000 * S - ahead_ns
