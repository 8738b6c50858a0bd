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

"""Counters of all packets, events and windows of a binner."""

from dataclasses import dataclass


@dataclass(slots=True)
class CameraCounters:
    """Count one camera's packets, events and words since the start.

    Of all `packets`, these were dropped whole: `packets_malformed` (no message of their type),
    `packets_unknown_encoding`, `packets_wrong_form` (size or encoding unlike the camera's first,
    or beyond any sensor's), `packets_uncalibrated` (no pixel table for the sensor yet),
    `packets_wrong_time` (no clock goes there, or not so far
    within a packet), `packets_out_of_order` and `packets_stale` (from
    before a reset). `packets_truncated` ended within a word and were read up to it.
    `packets_lost` are missing between those that were read, by gaps in `seq`.
    `packets_unstamped` had a header stamp that was zero or stood still; ROS time at their arrival
    replaced it.

    Of all `events`, `events_unmapped` and `events_outside` (of the sensor) have no place in a
    frame, the noise filters removed `events_hot`, `events_refractory` and `events_background`,
    `events_late` came after their window, `events_stale` after lost packets and before time and
    address were known again, `events_backward` at a time too far back.
    """

    packets: int = 0
    packets_lost: int = 0
    packets_out_of_order: int = 0
    packets_stale: int = 0
    packets_malformed: int = 0
    packets_unknown_encoding: int = 0
    packets_wrong_form: int = 0
    packets_uncalibrated: int = 0
    packets_wrong_time: int = 0
    packets_truncated: int = 0
    packets_unstamped: int = 0
    events: int = 0
    events_unmapped: int = 0
    events_outside: int = 0
    events_hot: int = 0
    events_refractory: int = 0
    events_background: int = 0
    events_late: int = 0
    events_stale: int = 0
    events_backward: int = 0
    words_unknown: int = 0
    triggers_falling: int = 0
    triggers_rising: int = 0


@dataclass(slots=True)
class BinnerCounters:
    """Count windows and resets since the start, beside what each camera sent.

    Of all `windows_closed`, `windows_empty` had no event and gave no frame, and
    `windows_incomplete` gave one without all events of each camera: before it had passed their
    end, or while it joined. `windows_discarded`
    were begun and lost to one of the `resets`. `events_saturated` are missing from published
    frames, whose counts stop at 255.
    """

    cameras: tuple[CameraCounters, ...]
    resets: int = 0
    windows_closed: int = 0
    windows_empty: int = 0
    windows_incomplete: int = 0
    windows_discarded: int = 0
    events_saturated: int = 0
