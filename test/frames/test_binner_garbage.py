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

"""No packet makes the binner raise, grow or stop."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spike_depth_ros.events import encodings
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.units import MS_NS
from testing.cameras import HEIGHT, WIDTH

FIELDS = 2**64 - 1
near = st.integers(0, 3 * 10**9)
packets = st.builds(
    Packet,
    encoding=st.sampled_from([*encodings.names(), 'other', '']),
    width=st.sampled_from([WIDTH, WIDTH, WIDTH, 0, 2**32 - 1]),
    height=st.just(HEIGHT),
    seq=st.integers(0, 20) | st.integers(0, FIELDS),
    stamp_ns=near | st.integers(-(2**63), 2**63 - 1),
    time_base_ns=near | st.integers(0, FIELDS),
    big_endian=st.booleans(),
    data=st.binary(max_size=300).map(lambda data: np.frombuffer(data, np.uint8)),
)
steps = st.tuples(st.integers(0, 1), packets, st.integers(-(10**9), 10**10))


@settings(deadline=None, max_examples=500)
@given(st.lists(steps, max_size=25))
def test_garbage_is_counted_and_the_stream_goes_on(steps: list) -> None:
    binner = Binner(2, 50 * MS_NS, 10 * MS_NS, 100 * MS_NS, WIDTH, HEIGHT)
    now_ns, frames = 0, []
    for camera, packet, step_ns in steps:
        now_ns += step_ns
        frames += binner.push(camera, packet, now_ns) + binner.poll(now_ns)
    counters = binner.counters
    assert sum(camera.packets for camera in counters.cameras) == len(steps)
    assert counters.windows_closed - counters.windows_empty == len(frames)
    counted = sum(frame.counts.sum() + frame.saturated for frame in frames)
    assert counted <= 5 * sum(camera.events for camera in counters.cameras)

    # After a second of quiet, a clean stream of another round gives its frame.
    binner.reset()
    for step in range(1, 22):
        binner.poll(now_ns + step * 50 * MS_NS)
    clean = b''.join(
        (p << 63 | 1 << 48 | 1 << 32 | dt_ns).to_bytes(8, 'little')
        for dt_ns, p in ((0, 1), (9, 0), (10 * MS_NS, 1))
    )
    data = np.frombuffer(clean, np.uint8)
    packet = Packet('mono', WIDTH, HEIGHT, 7, 10**18, 10**18, False, data)
    frames = binner.push(0, packet, now_ns) + binner.push(1, packet, now_ns)
    assert [frame.counts[1, 1].tolist() for frame in frames] == [[1, 1, 1, 1]]
