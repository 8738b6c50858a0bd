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

"""libcaer: words made by hand."""

import numpy as np
from events.counting import BASE_NS, Counting, libcaer, packet

from spike_depth_ros.events import encodings, event_counts

INVALID = np.array([(0, 7), (1, 2**31 + 8), (1, 9)], '<u4').tobytes()  # but for the last


def test_time_wraps_within_a_packet() -> None:
    counting = Counting('libcaer')
    counting.read(libcaer((2**31 - 1, 1, 2, 1), (4, 3, 4, 0)))
    assert counting.events() == [(1, 2, 1), (3, 4, 0)]
    assert counting.decoder.time_ns == BASE_NS + (2**31 + 4) * 1000


def test_invalid_events_count_as_unknown_words() -> None:
    counting = Counting('libcaer')
    counting.read(INVALID)
    assert counting.count(event_counts.UNKNOWN_WORDS) == 2
    assert counting.count(event_counts.EVENTS) == 1
    assert counting.events() == [(0, 0, 0)]


def test_a_packet_starts_at_its_first_valid_event() -> None:
    decoder = encodings.new_decoder('libcaer')
    assert decoder.parse(packet('libcaer', INVALID)).first_ns == BASE_NS + 9000
    assert decoder.parse(packet('libcaer', INVALID[:16])).first_ns is None
