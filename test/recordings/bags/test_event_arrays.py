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

"""EventArrays of ROS 1 and ROS 2: every event of the scene, whatever package, size or packing."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import BACKWARD
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import EventRecording
from spike_depth_ros.units import SECOND_NS
from testing.recordings import ros1, rosbag2
from testing.recordings.read_back import assert_same_events, read_events
from testing.recordings.scene import HEIGHT, WIDTH, many_events, scene

SIZE = (WIDTH, HEIGHT)
TOPICS = ('/dvs/left/events', '/dvs/right/events')
PACKAGES = ('dvs_msgs', 'prophesee_event_msgs', 'dv_ros_msgs')
SECONDS = 0.3


def cameras() -> dict[str, EventArrays]:
    return dict(zip(TOPICS, scene(SECONDS).cameras, strict=True))


def in_order(
    recording: EventRecording, start_ns: int | None = None, end_ns: int | None = None
) -> list[EventArrays]:
    """Return the events of the left and of the right camera."""
    named = {camera.name: camera for camera in recording.cameras}
    return read_events(recording, [named[topic] for topic in TOPICS], start_ns, end_ns)


def check(path: Path) -> None:
    """Compare every event of both cameras with the scene."""
    with open_recording(path) as recording:
        assert {camera.name for camera in recording.cameras} == set(TOPICS)
        assert {(c.width, c.height, c.encoding) for c in recording.cameras} == {(*SIZE, '')}
        events = cameras().values()
        assert recording.start_ns == min(int(each.t_ns[0]) for each in events)
        assert recording.end_ns == max(int(each.t_ns[-1]) for each in events)
        for found, expected in zip(in_order(recording), events, strict=True):
            assert_same_events(found, expected)
        assert not recording.losses


@pytest.mark.parametrize('package', [*PACKAGES, 'our_own_msgs'])
def test_trap_13_the_type_is_known_by_its_fields(tmp_path: Path, package: str) -> None:
    """Trap 13: several packages have one message with one md5; names decide nothing."""
    check(ros1.write_event_arrays(tmp_path / 'a.bag', cameras(), SIZE, package=package))
    check(rosbag2.write_event_arrays(tmp_path / 'a', cameras(), SIZE, package))


@pytest.mark.parametrize('compression', ['bz2', 'lz4'])
def test_compressed_chunks(tmp_path: Path, compression: str) -> None:
    check(ros1.write_event_arrays(tmp_path / 'a.bag', cameras(), SIZE, compression=compression))


def test_mcap(tmp_path: Path) -> None:
    check(rosbag2.write_event_arrays(tmp_path / 'a', cameras(), SIZE, storage=StoragePlugin.MCAP))


@pytest.mark.parametrize('message_ns', [SECOND_NS // 1000, SECOND_NS // 7, 100 * SECOND_NS])
def test_messages_of_any_size(tmp_path: Path, message_ns: int) -> None:
    """ESVO's copies of MVSEC have 1000 messages a second, and others one alone."""
    check(ros1.write_event_arrays(tmp_path / 'a.bag', cameras(), SIZE, message_ns))


def test_a_type_of_other_fields_is_refused(tmp_path: Path) -> None:
    types = get_typestore(Stores.ROS1_NOETIC)
    types.register(get_types_from_msg('uint16 x\nuint16 y\n', 'dvs_msgs/msg/Event'))
    fields = 'std_msgs/Header header\nEvent[] events\n'
    types.register(get_types_from_msg(fields, 'dvs_msgs/msg/EventArray'))
    with ros1.Ros1Writer(tmp_path / 'a.bag') as writer:
        writer.types = types
        writer.write('/e', 'dvs_msgs/msg/EventArray', 1, bytes(40))
    with pytest.raises(RecordingError, match=r'has /e \(dvs_msgs/msg/EventArray\), whose fields'):
        open_recording(tmp_path / 'a.bag')


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ros1.write_event_arrays(tmp_path_factory.mktemp('bag') / 'a.bag', cameras(), SIZE)


@settings(max_examples=12)
@given(first_s=st.floats(-0.1, SECONDS), length_s=st.floats(0, SECONDS + 0.1))
def test_trap_4_a_range_of_time_is_that_of_the_events(
    bag: Path, first_s: float, length_s: float
) -> None:
    """Trap 4: an event is up to 53 ms older than the record time of its message."""
    start_ns = scene(SECONDS).start_ns + round(first_s * SECOND_NS)
    end_ns = start_ns + round(length_s * SECOND_NS)
    with open_recording(bag) as recording:
        found = in_order(recording, start_ns, end_ns)
    for each, events in zip(found, cameras().values(), strict=True):
        inside = (events.t_ns >= start_ns) & (events.t_ns < end_ns)
        assert_same_events(each, events.select(inside))


def test_one_camera_is_silent(tmp_path: Path) -> None:
    left, right = cameras().values()
    events = {TOPICS[0]: left, TOPICS[1]: right.select(slice(0, 3))}
    path = ros1.write_event_arrays(tmp_path / 'a.bag', events, SIZE)
    with open_recording(path) as recording:
        found = in_order(recording)
        assert recording.end_ns == left.t_ns[-1]
    assert_same_events(found[0], left)
    assert_same_events(found[1], right.select(slice(0, 3)))


@pytest.mark.parametrize('jump_ns', [-99_000_000, -999_000_000, -5 * SECOND_NS])
def test_a_jump_back_is_left_out_and_counted(tmp_path: Path, jump_ns: int) -> None:
    """Trap 15: rpg_dvs_ros#57; single events of a DAVIS346 step back, within messages too."""
    left = scene(SECONDS).left
    t_ns = left.t_ns.copy()
    wrong = len(t_ns) // 2
    t_ns[wrong] += jump_ns
    path = ros1.write_event_arrays(tmp_path / 'a.bag', {'/e': left}, SIZE)
    content = path.read_bytes()
    old, new = (
        np.array([*divmod(int(t), SECOND_NS)], '<u4').tobytes()
        for t in (left.t_ns[wrong], t_ns[wrong])
    )
    place = np.array([left.x[wrong], left.y[wrong]], '<u2').tobytes()
    assert content.count(place + old) == 1
    path.write_bytes(content.replace(place + old, place + new))

    with open_recording(path) as recording:
        (found,) = read_events(recording)
        assert dict(recording.losses) == {BACKWARD: 1}
    keep = np.arange(len(t_ns)) != wrong
    assert_same_events(found, left.select(keep))


def test_memory_is_constant(tmp_path: Path) -> None:
    """A bag of three times the length takes no more memory."""
    peaks = []
    for count in (10_000, 1_000_000, 3_000_000):  # the first one loads compiled functions
        events = many_events(count, *SIZE)
        halves = [events.select(slice(side, None, 2)) for side in (0, 1)]
        path = tmp_path / f'{count}.bag'
        ros1.write_event_arrays(path, dict(zip(TOPICS, halves, strict=True)), SIZE)
        tracemalloc.start()
        with open_recording(path) as recording:
            seen = sum(len(chunk.events.t_ns) for chunk in recording.events(recording.cameras))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert seen == count
    assert peaks[2] < 1.3 * peaks[1] < 20_000_000


def test_an_imu_beside_the_events_takes_no_memory(tmp_path: Path) -> None:
    """MVSEC's bags have a thousand messages of an IMU each second, which nothing reads."""
    count = 20_000
    left = scene(SECONDS).left
    path = tmp_path / 'a.bag'
    with ros1.Ros1Writer(path) as writer:
        data = ros1.event_array(left, SIZE)
        writer.write(TOPICS[0], 'dvs_msgs/msg/EventArray', int(left.t_ns[-1]), data)
        for number in range(count):
            time_ns = int(left.t_ns[-1]) + number
            writer.write('/imu', 'sensor_msgs/msg/Imu', time_ns, bytes(324))
    tracemalloc.start()
    with open_recording(path) as recording:
        (found,) = read_events(recording)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert_same_events(found, left)
    assert peak < 1_000_000 + 10 * len(data)


def test_events_on_another_clock_are_noted(tmp_path: Path) -> None:
    """Sensor time from 0 beside log times of 2017: nothing pairs them with true depth."""
    left = scene(SECONDS).left
    early = left._replace(t_ns=left.t_ns - left.t_ns[0])
    with ros1.Ros1Writer(tmp_path / 'a.bag') as writer:
        data = ros1.event_array(early, SIZE)
        writer.write('/e', 'dvs_msgs/msg/EventArray', int(left.t_ns[-1]), data)
    with open_recording(tmp_path / 'a.bag') as recording:
        assert any('s behind the bag' in note for note in recording.notes)
        assert_same_events(
            read_events(recording, None, 0, 10**8)[0], early.select(early.t_ns < 10**8)
        )


def test_any_polarity_above_zero_is_on(tmp_path: Path) -> None:
    """Trap 14: bool is a byte, and nothing keeps a driver from writing 255."""
    left = scene(SECONDS).left.select(slice(0, 4))
    odd = left._replace(polarity=np.array([0, 1, 255, 0], np.uint8))
    for path in (
        ros1.write_event_arrays(tmp_path / 'a.bag', {'/e': odd}, SIZE),
        rosbag2.write_event_arrays(tmp_path / 'a', {'/e': odd}, SIZE),
    ):
        with open_recording(path) as recording:
            assert read_events(recording)[0].polarity.tolist() == [0, 1, 1, 0]
