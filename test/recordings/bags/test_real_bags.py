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

"""Real recordings: the same camera in a ROS 1 bag and in rosbag2; golden numbers."""

from pathlib import Path

import pytest

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.array_decoder import ArrayDecoder
from spike_depth_ros.recordings.open import open_recording


def packets(path: Path) -> list[tuple[int, Packet]]:
    with open_recording(path) as recording:
        chunks = list(recording.events(recording.cameras))
        assert not recording.losses
        assert recording.start_ns == chunks[0].t_ns
        assert recording.end_ns == chunks[-1].t_ns
    return [(chunk.t_ns, chunk.events) for chunk in chunks if isinstance(chunk.events, Packet)]


def test_a_ros_1_bag_and_rosbag2_of_one_camera_are_alike(data: Path) -> None:
    """Trap 13: ROS 1 packs the fields that CDR aligns; every packet must be the same."""
    ros1 = packets(data / 'ros1_evt3_640x480' / 'test_events_1.bag')
    ros2 = packets(data / 'evt3_640x480')

    assert len(ros1) == len(ros2) == 517
    for (one_ns, one), (two_ns, two) in zip(ros1, ros2, strict=True):
        assert one_ns == two_ns
        assert (one.seq, one.stamp_ns, one.frame_id) == (two.seq, two.stamp_ns, two.frame_id)
        assert one.data.tobytes() == two.data.tobytes()


@pytest.mark.parametrize(
    ('name', 'off', 'on'),
    [
        ('ros1_evt3_640x480/test_events_1.bag', 218_291, 125_183),
        ('evt3_640x480', 218_291, 125_183),
        ('mcap_empty_storage_identifier', 360_223, 211_043),
        ('mcap_empty_storage_identifier/test_events_2_0.mcap', 360_223, 211_043),
    ],
)
def test_golden_numbers(data: Path, name: str, off: int, on: int) -> None:
    found = [packet for _, packet in packets(data / name)]
    decoder = ArrayDecoder(found[0].encoding, found[0].width, found[0].height)
    polarity = [decoder.decode(packet).polarity for packet in found]
    counts = sum(int((part > 0).sum()) for part in polarity)
    assert (sum(map(len, polarity)) - counts, counts) == (off, on)
