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

"""Wait of windows for a silent camera."""

from spike_depth_ros.frames.deadline import MAX_STEP_NS, Deadline


def test_slots_are_overdue_when_the_leader_passed_them_long_enough_ago() -> None:
    deadline = Deadline(100)
    for now_ns, slot in ((0, 3), (40, 5), (90, 5)):
        deadline.tick(now_ns)
        deadline.lead(slot, deadline.waited_ns)
    assert deadline.overdue(0) == 0
    deadline.tick(100)
    assert deadline.overdue(0) == 3
    deadline.tick(139)
    assert deadline.overdue(3) == 3
    deadline.tick(140)
    assert deadline.overdue(3) == 5


def test_a_long_step_and_a_step_back_wait_no_longer_than_they_may() -> None:
    deadline = Deadline(10 * MAX_STEP_NS)
    for now_ns in (10**12, 10**12 + 1, 0, 10**15):
        deadline.tick(now_ns)
    assert deadline.waited_ns == 1 + MAX_STEP_NS


def test_closed_slots_are_forgotten() -> None:
    deadline = Deadline(100)
    deadline.tick(0)
    for slot in range(1000):
        deadline.lead(slot, since_ns=0)
    assert deadline.overdue(998) == 998
    deadline.tick(100)
    assert deadline.overdue(998) == 999
