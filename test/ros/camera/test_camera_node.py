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

"""Camera node over DDS: a server of dv-processing in, EventPackets and spike frames out."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from event_camera_msgs.msg import EventPacket
from sensor_msgs.msg import CameraInfo, Image

from spike_depth_ros.frames.array_decoder import ArrayDecoder
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image
from testing.binner_io import RECTIFIED
from testing.event_server import EventServer
from testing.nodes import NodeProcess, is_quiet, one_sentence, run_to_the_end
from testing.probe import Probe, to_packet
from testing.recordings.aedat import write_aedat4
from testing.recordings.scene import HEIGHT, WIDTH, scene

pytest.importorskip('dv_processing')

STATUS = 'camera: cameras'
LEFT, RIGHT = '/left/events', '/right/events'
NAME = 'DAVIS346_00000009'
PACKET_MS = 4.0


# Reliable delivery: a busy machine loses packets of BEST_EFFORT.
RELIABLE = {f'qos_overrides.{topic}.publisher.reliability': 'reliable' for topic in (LEFT, RIGHT)}


def free_address() -> str:
    """Return an address whose port is free."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return f'tcp://127.0.0.1:{listener.getsockname()[1]}'


@pytest.fixture(scope='module')
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('server') / 'camera.aedat4'
    few = scene(0.2).left.select(slice(0, 20_000))
    return write_aedat4(path, {NAME: few}, (WIDTH, HEIGHT))


@pytest.fixture
def server(recording: Path) -> Iterator[EventServer]:
    with EventServer(recording, free_address()) as server:
        yield server


def decoded(messages: list[EventPacket]) -> EventArrays:
    decoder = ArrayDecoder('evt3', WIDTH, HEIGHT)
    blocks = [decoder.decode(to_packet(message)) for message in messages]
    return EventArrays(*(np.concatenate(column) for column in zip(*blocks, strict=True)))


def test_events_of_a_real_recording_become_spike_frames(
    probe: Probe, data: Path, tmp_path: Path
) -> None:
    address = str(tmp_path / 'socket')
    frames = probe.collect(Image, '/spikes', qos.images())
    binner = {'stereo': 'false', **RECTIFIED}
    with (
        EventServer(data / 'davis346.aedat4', address),
        NodeProcess('binner', binner) as counting,
        NodeProcess('camera', {'left': address, **RELIABLE}) as camera,
    ):
        probe.until(lambda: len(frames) > 8, 'spike frames')
        assert is_quiet(camera.interrupt())
        counting.interrupt()
    counts = [int(from_image(frame).sum()) for frame in frames[2:]]
    # 6,676 events in 170 ms and 20 ms of pause: 50 ms have 1,760 in the mean.
    assert 1000 < np.mean(counts) < 2500


def test_packets_hold_the_served_events(probe: Probe, server: EventServer) -> None:
    messages = probe.collect(EventPacket, LEFT, 1000)
    parameters = {'left': server.address, 'packet_ms': PACKET_MS, 'left_frame': 'dvs', **RELIABLE}
    with NodeProcess('camera', parameters) as node:
        probe.until(lambda: len(messages) > 60, 'packets')
        probe.until_text(STATUS, 'OK')
        values = probe.values(STATUS)
        assert is_quiet(node.interrupt())
    assert values['left camera'] == NAME
    assert values['left size'] == '346 x 260'
    assert [m.seq - messages[0].seq for m in messages[:40]] == list(range(40))
    first = messages[0]
    assert (first.encoding, first.width, first.height) == ('evt3', WIDTH, HEIGHT)
    assert first.header.frame_id == 'dvs'
    one_packet = decoded([first])
    assert one_packet.t_ns[-1] - one_packet.t_ns[0] <= PACKET_MS * 1e6
    served = scene(0.2).left.select(slice(0, 20_000))
    sent = set(zip(served.x.tolist(), served.y.tolist(), served.polarity.tolist(), strict=True))
    found = decoded(messages)
    columns = (column.tolist() for column in (found.x, found.y, found.polarity))
    assert set(zip(*columns, strict=True)) <= sent


def test_a_server_that_starts_again_is_found_again(probe: Probe, recording: Path) -> None:
    address = free_address()
    messages = probe.collect(EventPacket, LEFT, qos.events(1000))
    with NodeProcess('camera', {'left': address, 'wait_s': 60.0}) as node:
        with EventServer(recording, address):
            probe.until(lambda: messages, 'packets')
        probe.until_text(STATUS, 'nothing serves events at')
        messages.clear()
        with EventServer(recording, address):
            probe.until(lambda: messages, 'packets of the second server')
            probe.until_value(STATUS, 'reconnections', 1)
            probe.until_text(STATUS, 'OK')
            code, _ = node.interrupt()
    assert code == 0


def test_two_cameras_and_their_calibration(
    probe: Probe, recording: Path, data: Path, server: EventServer
) -> None:
    left, right = (probe.collect(EventPacket, topic, qos.events(1000)) for topic in (LEFT, RIGHT))
    infos = probe.collect(CameraInfo, '/right/camera_info', qos.calibration())
    parameters = {
        'right': server.address,
        'calibration': data / 'calibration' / 'mvsec_indoor_flying.yaml',
    }
    with (
        EventServer(recording, free_address()) as other,
        NodeProcess('camera', {'left': other.address, **parameters}) as node,
    ):
        probe.until(lambda: left and right and infos, 'both cameras and the calibration')
        assert is_quiet(node.interrupt())
    assert {message.header.frame_id for message in (left[0], right[0])} == {
        'left_camera',
        'right_camera',
    }
    (info,) = {(i.width, i.height, i.header.frame_id) for i in infos}
    assert info == (346, 260, 'right_camera')
    assert -infos[0].p[3] / infos[0].p[0] == pytest.approx(0.0999, abs=1e-3)


def test_a_silent_server_does_not_delay_the_end(probe: Probe, server: EventServer) -> None:
    messages = probe.collect(EventPacket, LEFT, qos.events(1000))
    with NodeProcess('camera', {'left': server.address}) as node:
        probe.until(lambda: messages, 'packets')
        server.suspend()
        assert node.end(signal.SIGTERM)[0] == 0


def test_a_mute_server_is_refused() -> None:
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen()
        address = f'tcp://127.0.0.1:{listener.getsockname()[1]}'
        code, error = run_to_the_end('camera', {'left': address})
    assert code == 1
    assert 'serves no AEDAT4 stream' in one_sentence(error)


@pytest.mark.parametrize(
    ('parameters', 'words'),
    [
        ({}, 'no iniVation camera was found: check the cable'),
        ({'left': 'tcp://127.0.0.1:9'}, 'nothing serves events at tcp://127.0.0.1:9'),
        ({'left': '/none/of/it'}, 'nothing serves events at /none/of/it (No such file'),
        ({'left': '/a', 'right': 'DAVIS'}, 'both be on USB or both on the network'),
        ({'left': '/a', 'right': '/a'}, "left and right are both '/a'"),
        ({'biases': "'On 5'"}, "the bias 'On 5' has not the form Name=coarse/fine"),
    ],
)
def test_cameras_that_are_missing_are_one_sentence(
    parameters: dict[str, object], words: str
) -> None:
    code, error = run_to_the_end('camera', parameters)
    assert code == 1
    assert words in one_sentence(error)
