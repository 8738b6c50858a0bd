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

"""Replay node over DDS: a recording in, its packets out."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from event_camera_msgs.msg import EventPacket
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, Imu
from std_srvs.srv import SetBool

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.array_decoder import ArrayDecoder
from spike_depth_ros.geometry.files import camera_info
from spike_depth_ros.geometry.files.load import load
from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, to_ns
from spike_depth_ros.ros.demo.node_status import ReplayStatus
from spike_depth_ros.ros.event_topic import reliable_events
from testing.nodes import NodeProcess, is_quiet, one_sentence, run_to_the_end
from testing.probe import Probe
from testing.recordings import mvsec_bags
from testing.recordings.scene import scene
from testing.stripes import PACKET_US, TOPICS, TRUE_DEPTH_M, TRUTH_TOPIC, packets, write_recording

DURATION_US = 200_000
# Reliable delivery: no message is lost between the node and the test.
RELIABLE = reliable_events('publisher', len(TOPICS))
YEARS_NS = 10**17


@pytest.fixture(scope='module', params=[0, YEARS_NS], ids=['near log time', 'another clock'])
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording whose header stamps are seconds, or years, from sensor time."""
    path = tmp_path_factory.mktemp('recording') / 'stereo'
    return write_recording(path, DURATION_US, stamp_ns=request.param)


@pytest.fixture
def received(probe: Probe) -> Iterator[dict[str, list]]:
    lists = {topic: probe.collect(EventPacket, topic) for topic in TOPICS}
    lists[TRUTH_TOPIC] = probe.collect(CompressedImage, TRUTH_TOPIC, qos.truth())
    lists[IMAGE_TOPIC] = probe.collect(Image, IMAGE_TOPIC, qos.truth())
    yield lists


CHOSEN = 'left: /left/events, right: /right/events'
IMAGE_TOPIC = TRUTH_TOPIC.removesuffix('/compressedDepth')


def finish(probe: Probe, replay: NodeProcess) -> tuple[int, str]:
    """Receive until the replay has ended; return its exit code and log."""
    probe.until(lambda: replay.process.poll() is not None, 'the end')
    code, error = replay.wait()
    one_sentence(error)
    return code, error


def test_messages_are_stamped_with_the_present(
    probe: Probe, received: dict[str, list], recording: Path
) -> None:
    before_ns = time.time_ns()
    with NodeProcess('replay', {'recording': recording, **RELIABLE}) as replay:
        code, log = finish(probe, replay)
    assert code == 0 and CHOSEN in log
    after_ns = time.time_ns()

    for camera, topic in enumerate(TOPICS):
        sent = packets(camera, DURATION_US)
        messages = received[topic]
        assert len(messages) == len(sent) + 1  # one more closes the last window
        stamps = [to_ns(message.header.stamp) for message in messages]
        assert before_ns < stamps[0] < stamps[-2] < after_ns
        for packet, message, stamp_ns in zip(sent, messages, stamps, strict=False):
            assert stamp_ns - stamps[0] == packet.stamp_ns - sent[0].stamp_ns
            assert bytes(message.events) == packet.data.tobytes()
            assert message.header.frame_id == f'camera{camera}'
        closing = messages[-1]
        assert (closing.seq, closing.header.frame_id) == (len(sent), f'camera{camera}')

    truth = received[TRUTH_TOPIC]
    assert len(truth) == DURATION_US // 50_000
    depth = depth_codec.decode(bytes(truth[0].data), truth[0].format)
    assert depth.mean() == pytest.approx(TRUE_DEPTH_M, abs=1e-3)
    window_end_ns = to_ns(received[TOPICS[0]][0].header.stamp) + 50_000_000
    assert to_ns(truth[0].header.stamp) == window_end_ns
    images = received[IMAGE_TOPIC]
    assert [image.header for image in images] == [image.header for image in truth]
    assert from_image(images[0]).mean() == pytest.approx(TRUE_DEPTH_M, abs=1e-3)


def test_true_depth_can_be_left_out_and_found_by_the_last_report(
    probe: Probe, received: dict[str, list], recording: Path
) -> None:
    parameters = {'recording': recording, 'publish_truth': 'false', **RELIABLE}
    with NodeProcess('replay', parameters) as replay:
        code, _ = finish(probe, replay)
    assert code == 0

    assert received[TRUTH_TOPIC] == received[IMAGE_TOPIC] == []
    probe.until_value('replay: replay', 'packets sent', sent_packets())
    probe.until_value('replay: replay', 'true depth sent', 0)
    status = ReplayStatus.from_values(probe.values('replay: replay'))
    assert status.shift_ns is not None and status.paused_s == 0
    with open_recording(recording) as opened:
        times_ns = [frame.t_ns for frame in opened.depth(opened.depth_streams[0])]
    window_end_ns = to_ns(received[TOPICS[0]][0].header.stamp) + 50_000_000
    assert times_ns[0] + status.shift_ns == window_end_ns


def sent_packets() -> int:
    """Return the number of packets of both cameras, with those that close the last window."""
    return sum(len(packets(camera, DURATION_US)) + 1 for camera in range(len(TOPICS)))


def test_clock_instead_of_the_present(
    probe: Probe, received: dict[str, list], recording: Path
) -> None:
    clock = probe.collect(Clock, '/clock')
    parameters = {'recording': recording, 'publish_clock': 'true', **RELIABLE}
    with NodeProcess('replay', parameters) as replay:
        code, log = finish(probe, replay)
    assert code == 0 and CHOSEN in log

    stamps = [to_ns(message.header.stamp) for message in received[TOPICS[0]]]
    offset_ns = stamps[0] - packets(0, PACKET_US)[0].stamp_ns
    assert offset_ns in (0, YEARS_NS)
    times = [to_ns(message.clock) for message in clock]
    assert times == sorted(times)
    assert times[-1] - times[0] > DURATION_US * 500


def test_topics_can_be_swapped(probe: Probe, received: dict[str, list], recording: Path) -> None:
    parameters = {'recording': recording, 'left': TOPICS[1], 'right': TOPICS[0], **RELIABLE}
    with NodeProcess('replay', parameters) as replay:
        code, log = finish(probe, replay)
    assert code == 0 and 'left: /right/events, right: /left/events' in log

    assert received[TOPICS[0]][0].header.frame_id == 'camera1'


def test_interrupt_ends_it_quietly(
    probe: Probe, received: dict[str, list], recording: Path
) -> None:
    with NodeProcess('replay', {'recording': recording, 'rate': 0.01, **RELIABLE}) as replay:
        probe.until(lambda: received[TOPICS[0]], 'a packet')

        code, error = replay.interrupt()

    assert is_quiet((code, error))
    assert CHOSEN in error


def test_a_damaged_message_does_not_end_it(
    probe: Probe, received: dict[str, list], tmp_path: Path
) -> None:
    path = write_recording(tmp_path / 'damaged', DURATION_US)
    (database,) = path.glob('*.db3')
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE messages SET data = x'00' WHERE id IN (1, 7)")

    with NodeProcess('replay', {'recording': path, **RELIABLE}) as replay:
        code, error = finish(probe, replay)

    assert code == 0
    assert 'left out 2 damaged messages' in error


def test_damage_is_reported(probe: Probe, received: dict[str, list], tmp_path: Path) -> None:
    path = write_recording(tmp_path / 'damaged', DURATION_US)
    (database,) = path.glob('*.db3')
    size = database.stat().st_size
    with database.open('r+b') as file:
        file.seek(size // 2)
        file.write(b'\xff' * (size // 2))

    with NodeProcess('replay', {'recording': path, **RELIABLE}) as replay:
        code, error = finish(probe, replay)

    assert code == 1
    assert str(path) in one_sentence(error)


def test_mvsecs_two_bags_as_they_are_downloaded(probe: Probe, tmp_path: Path) -> None:
    mvsec_bags.write_bags(tmp_path, scene(0.5))
    events = [probe.collect(EventPacket, topic) for topic in TOPICS]
    depth = probe.collect(Image, '/davis/left/depth_image_rect', qos.truth())
    info = probe.collect(CameraInfo, 'right/camera_info', qos.latched())
    imu = probe.collect(Imu, 'imu')
    with NodeProcess('replay', {'recording': tmp_path, **RELIABLE}) as replay:
        code, log = finish(probe, replay)

    assert code == 0 and 'left: /davis/left/events, right: /davis/right/events' in log
    for camera, messages in zip(scene(0.5).cameras, events, strict=True):
        counted = sum(count_of(message) for message in messages)
        assert counted == pytest.approx(len(camera.t_ns), rel=0.01)  # damage is left out
        assert {message.encoding for message in messages} == {'evt3'}
    assert len(depth) >= 8
    # The binner's frames, as the packets of EventArrays have none of their own.
    assert depth[0].header.frame_id == 'left_camera_rectified'
    assert info[0].header.frame_id == events[1][0].header.frame_id == 'right_camera'
    first_ns = to_ns(events[0][0].header.stamp)
    assert 0 < to_ns(depth[0].header.stamp) - first_ns < 100_000_000
    assert info[0].p[3] == pytest.approx(-info[0].p[0] * scene().rig.baseline_m, rel=1e-6)
    assert 'imu: /davis/left/imu' in log
    assert len(imu) >= 45
    assert {m.angular_velocity.z for m in imu} == {mvsec_bags.SIDE_RATES['left']}
    assert {m.header.frame_id for m in imu} == {'davis_left'}
    stamps = [to_ns(m.header.stamp) - first_ns for m in imu]
    assert -50_000_000 <= stamps[0] <= stamps[-1] < 500_000_000


def count_of(message: EventPacket) -> int:
    """Return the number of events of an evt3 packet."""
    decoder = ArrayDecoder('evt3', message.width, message.height)
    return len(decoder.decode(to_packet(message)).t_ns)


def to_packet(message: EventPacket) -> Packet:
    data = np.frombuffer(bytes(message.events), np.uint8)
    return Packet('evt3', message.width, message.height, message.seq, 0, 0, False, data)


def test_the_calibration_of_a_file_is_published(
    probe: Probe, received: dict[str, list], recording: Path, data: Path
) -> None:
    names = ('left/camera_info', 'right/camera_info')
    left, right = (probe.collect(CameraInfo, name, qos.latched()) for name in names)
    calibration = data / 'calibration/mvsec_indoor_flying.yaml'
    parameters = {'recording': recording, 'calibration': calibration, **RELIABLE}
    with NodeProcess('replay', parameters) as replay:
        probe.until(lambda: left and right, 'camera_info')
        code, log = finish(probe, replay)

    assert code == 0 and str(calibration) in log
    assert [info[0].header.frame_id for info in (left, right)] == ['camera0', 'camera1']
    rig, given = camera_info.rig(left[0], right[0]), load(str(calibration), '', 2)
    assert rig.baseline_m == pytest.approx(given.baseline_m)
    assert (rig.cameras[1].rectification == given.cameras[1].rectification).all()


def test_a_loop_pauses_resumes_and_starts_again(
    probe: Probe, received: dict[str, list], recording: Path
) -> None:
    pause = probe.node.create_client(SetBool, 'replay/pause')
    parameters = {'recording': f'[{recording}]', 'loop': 'true', 'start': 0.1, 'duration': 0.05}
    events = received[TOPICS[0]]
    with NodeProcess('replay', {**parameters, **RELIABLE}) as replay:
        probe.until(lambda: len(events) > 3 * (50_000 // PACKET_US), 'three rounds')
        stamps = [to_ns(message.header.stamp) for message in events]
        gaps = [later - earlier for earlier, later in pairwise(sorted(stamps))]
        assert sum(gap >= 500_000_000 for gap in gaps) == 2  # models forget in between
        assert {message.seq for message in events} <= set(range(20, 33))

        probe.until(pause.service_is_ready, 'the service')
        assert probe.call(pause, SetBool.Request(data=True)).message == 'paused'
        until_report(probe, paused=True)
        sent = len(events)
        until_report(probe, paused=True)
        assert len(events) == sent
        resumed_ns = time.time_ns()
        assert probe.call(pause, SetBool.Request(data=False)).message == 'playing'
        # A round that begins after the pause has the stamps of the present.
        probe.until(lambda: len(events) > sent + 40, 'two more rounds')
        assert resumed_ns < to_ns(events[-1].header.stamp) < time.time_ns()
        code, _ = replay.interrupt()
    assert code == 0


def until_report(probe: Probe, paused: bool) -> None:
    """Wait for the report after the next one, which the node makes after this call."""
    reports = probe.collect(DiagnosticArray, '/diagnostics')
    probe.until(lambda: len(reports) > 1, 'two reports')
    assert probe.values('replay: replay')['paused'] == str(paused)


@pytest.mark.parametrize(
    ('find', 'replace', 'reason'),
    [
        (b'evt3', b'EVT3', "names are in lower case, so set the driver's parameter encoding to"),
        (b'evt3', b'ev', 'holds no events that can be read'),
    ],
)
def test_packets_that_no_decoder_reads_are_refused(
    tmp_path: Path, find: bytes, replace: bytes, reason: str
) -> None:
    path = write_recording(tmp_path / 'spoilt', 50_000)
    (database,) = path.glob('*.db3')
    with closing(sqlite3.connect(database)) as connection, connection:
        rows = connection.execute('SELECT data, id FROM messages').fetchall()
        changed = [(data.replace(find, replace), row) for data, row in rows]
        connection.executemany('UPDATE messages SET data = ? WHERE id = ?', changed)

    code, error = run_to_the_end('replay', {'recording': path, 'wait_s': 0.0})

    assert code == 1
    assert reason in one_sentence(error)


def test_a_recording_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_recording(tmp_path / 'drive', 50_000)
    monkeypatch.setenv('HOME', str(tmp_path))

    code, error = run_to_the_end('replay', {'recording': '~/drive', 'wait_s': 0.0})
    assert code == 0, error
