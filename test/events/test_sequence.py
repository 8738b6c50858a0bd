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

"""The order of packets."""

import pytest

from spike_depth_ros.events.sequence import REORDER_NS, Order, Sequence

STAMP_NS = 10 * REORDER_NS


@pytest.mark.parametrize(
    ('seq', 'stamp_ns', 'order', 'lost'),
    [
        (8, STAMP_NS + 1, Order.NEXT, 0),
        (11, STAMP_NS + 1, Order.NEXT, 3),
        (7, STAMP_NS, Order.LATE, 0),
        (6, STAMP_NS - 1, Order.LATE, 0),
        (6, STAMP_NS - REORDER_NS, Order.RESTART, 0),
        (6, STAMP_NS, Order.RESTART, 0),
        (0, STAMP_NS + 1, Order.RESTART, 0),
    ],
)
def test_a_packet_after_seq_7(seq: int, stamp_ns: int, order: Order, lost: int) -> None:
    sequence = Sequence()
    assert sequence.follow(7, STAMP_NS) is Order.NEXT
    assert sequence.follow(seq, stamp_ns) is order
    assert sequence.lost == lost


@pytest.mark.parametrize('before', [None, 7])
@pytest.mark.parametrize(
    ('stamp_ns', 'order'),
    [
        (STAMP_NS + 10 * REORDER_NS, Order.NEXT),
        (STAMP_NS, Order.NEXT),
        (STAMP_NS - 1, Order.LATE),
        (STAMP_NS - REORDER_NS, Order.RESTART),
    ],
)
def test_packets_without_seq_are_ordered_by_stamp(
    before: int | None, stamp_ns: int, order: Order
) -> None:
    sequence = Sequence()
    assert sequence.follow(before, STAMP_NS) is Order.NEXT
    assert sequence.follow(None, stamp_ns) is order
    assert sequence.lost == 0
