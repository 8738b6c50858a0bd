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

"""ROS time of windows' ends."""

from spike_depth_ros.frames.stamps import Stamps


def test_a_slot_keeps_the_offset_at_which_it_was_passed() -> None:
    stamps = Stamps()
    for slot, offset_ns in ((3, 10), (3, 11), (5, 12), (6, 13), (6, 14)):
        stamps.follow(slot, offset_ns)
    assert [stamps.offset_ns(slot) for slot in (2, 3, 4, 5)] == [10, 12, 12, 13]
    assert stamps.offset_ns(6) == 14  # not passed yet: the latest


def test_nothing_is_left_after_a_reset() -> None:
    stamps = Stamps()
    stamps.follow(3, 10)
    stamps.clear()
    assert stamps.offset_ns(2) == 0
    stamps.follow(1, 20)
    assert stamps.offset_ns(0) == 20
