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

"""Schedule of a replay: due times, pauses and lag."""

import time
from threading import Thread

from spike_depth_ros.recordings.schedule import Schedule

MS = 1_000_000


def test_a_pause_delays_what_follows_by_its_length() -> None:
    schedule = Schedule(rate=1.0)
    schedule.start(0)
    schedule.pause()
    before_ns = schedule.log_time_ns()
    time.sleep(0.05)
    assert schedule.log_time_ns() == before_ns
    start_ns = time.monotonic_ns()
    schedule.resume()
    assert schedule.wait_until(before_ns + 20 * MS)
    assert time.monotonic_ns() - start_ns >= 20 * MS
    assert schedule.paused_ns >= 50 * MS


def paused_wait(due_ns: int) -> tuple[Schedule, Thread, list[bool]]:
    """Return a schedule paused before a time is due, the thread that waits, and its answers."""
    while True:
        schedule, answers = Schedule(rate=1.0), []
        schedule.start(0)
        thread = Thread(
            target=lambda schedule, found: found.append(schedule.wait_until(due_ns)),
            args=(schedule, answers),
        )
        thread.start()
        schedule.pause()
        if schedule.log_time_ns() < due_ns:
            return schedule, thread, answers
        thread.join()  # a busy machine was too slow


def test_a_waiting_replay_pauses_resumes_and_stops() -> None:
    schedule, thread, answers = paused_wait(50 * MS)
    thread.join(0.1)
    assert thread.is_alive()  # 50 ms are over, but not of the recording
    schedule.resume()
    thread.join()
    assert answers == [True]
    schedule.stop()
    assert not schedule.wait_until(10_000 * MS)


def test_the_delay_behind_the_schedule_is_measured() -> None:
    schedule = Schedule(rate=1.0)
    schedule.start(0)
    assert schedule.wait_until(-500 * MS)
    assert schedule.lag_ns >= 500 * MS
    assert schedule.wait_until(1 * MS)
    assert schedule.lag_ns < schedule.most_lag_ns
