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

"""Inertial measurements in bags: samples, times, and messages that are none."""

import math
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.recordings.bags.imu import IMU_SAMPLES
from spike_depth_ros.recordings.bags.stamped_topic import earlier
from spike_depth_ros.recordings.cameras import choose_cameras, choose_imu
from spike_depth_ros.recordings.joined import JoinedRecording
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import ImuStream
from testing.recordings import mvsec_bags
from testing.recordings.mvsec_bags import IMU_STEP_NS, SIDE_RATES
from testing.recordings.ros1 import event_array
from testing.recordings.rosbag2 import Rosbag2Writer, to_cdr
from testing.recordings.scene import HEIGHT, WIDTH, scene
from testing.stripes import write_recording

SECONDS = 0.2
IMU, ARRAY = 'sensor_msgs/msg/Imu', 'dvs_msgs/msg/EventArray'


@pytest.fixture(scope='module')
def mvsec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mvsec_bags.write_bags(tmp_path_factory.mktemp('imu'), scene(SECONDS))


def test_each_camera_of_a_ros1_bag_has_its_own(mvsec: Path) -> None:
    with open_recording(mvsec) as recording:
        left, right = (ImuStream(f'/davis/{side}/imu', f'davis_{side}') for side in SIDE_RATES)
        assert recording.imu_streams == (left, right)
        assert choose_imu(recording, choose_cameras(recording)[0]) == left
        samples = list(recording.imu(right))
        assert {sample.angular_velocity for sample in samples} == {(0, 0, SIDE_RATES['right'])}
        assert {sample.linear_acceleration for sample in samples} == {(0, 0, 9.81)}
        times = [sample.t_ns for sample in samples]
        assert set(np.diff(times)) == {IMU_STEP_NS}
        part = list(recording.imu(right, times[3], times[6]))
        assert [sample.t_ns for sample in part] == times[3:6]


def test_parts_of_a_recording(mvsec: Path) -> None:
    with open_recording(mvsec) as bag, JoinedRecording([bag]) as recording:
        assert recording.imu_streams == bag.imu_streams
        stream = recording.imu_streams[0]
        assert list(recording.imu(stream)) == list(bag.imu(stream))


def write_bag(folder: Path, samples: list[tuple[int, float]], topic: str = '/imu') -> Path:
    """Write a rosbag2 recording of events and samples: stamp, ms, and rate about z, rad/s."""
    events = scene(SECONDS).left
    start_ns = int(events.t_ns[0])
    with Rosbag2Writer(folder) as writer:
        writer.write('/dvs/events', ARRAY, start_ns, to_cdr(event_array(events, (WIDTH, HEIGHT))))
        for number, (t_ms, rate) in enumerate(samples):
            header = writer.header(start_ns + t_ms * 1_000_000, 'imu_link')
            fields = mvsec_bags.imu(writer, rate)  # type: ignore[arg-type]
            writer.write_message(topic, IMU, start_ns + number * 1000, header=header, **fields)
    return folder


def test_rosbag2(tmp_path: Path) -> None:
    samples = [(0, 0.5), (5, math.nan), (10, 1.5), (8, 2.5), (15, 3.5)]
    with open_recording(write_bag(tmp_path / 'bag', samples)) as recording:
        (stream,) = recording.imu_streams
        assert stream == ImuStream('/imu', 'imu_link')
        rates = [sample.angular_velocity[2] for sample in recording.imu(stream)]
        assert rates == [0.5, 1.5, 3.5]
        assert recording.losses == {'damaged messages': 1, earlier(IMU_SAMPLES): 1}


def test_a_topic_without_angular_velocities_is_none(tmp_path: Path) -> None:
    with open_recording(write_bag(tmp_path / 'bag', [(0, math.nan), (5, math.nan)])) as recording:
        assert recording.imu_streams == ()
        assert choose_imu(recording, recording.cameras[0]) is None


@pytest.mark.parametrize(
    ('topic', 'is_chosen'),
    [('/imu/data', True), ('/dvs/imu', False), ('/other/imu', True), ('/right/imu', False)],
)
def test_the_imu_of_another_camera_is_not_that_of_the_rig(
    tmp_path: Path, topic: str, is_chosen: bool
) -> None:
    write_recording(tmp_path / 'stereo', 100_000)
    bag = write_bag(tmp_path / 'bag', [(0, 1.0)], topic)
    with (
        open_recording(bag) as imu,
        open_recording(tmp_path / 'stereo') as events,
        JoinedRecording([events, imu]) as recording,
    ):
        chosen = choose_imu(recording, choose_cameras(events)[0])
        assert (chosen is not None) == is_chosen
