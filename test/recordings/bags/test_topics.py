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

"""Images, true depth, camera_info and packets of both ROS versions, by encoding and topic."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.recordings.bags import topic_names
from spike_depth_ros.recordings.bags.bag_recording import open_file, open_folder
from spike_depth_ros.recordings.bags.images import IMAGES
from spike_depth_ros.recordings.bags.stamped_topic import earlier
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import EventRecording
from testing.recordings.mvsec_bags import image
from testing.recordings.ros1 import Ros1Writer, event_packet
from testing.recordings.rosbag2 import Rosbag2Writer

START_NS = 1_600_000_000_000_000_000
STEP_NS = 100_000_000
METRES = np.array([[1.5, 0.0, 2.25], [np.nan, np.inf, 80.0]], np.float32)
EXPECTED = np.array([[1.5, np.nan, 2.25], [np.nan, np.nan, 80.0]], np.float32)
PACKET = Packet('evt3', 346, 260, 3, START_NS, 0, False, np.arange(64, dtype=np.uint8), 'left')

Writer = Ros1Writer | Rosbag2Writer
Fill = Callable[[Writer], None]
Write = Callable[[Fill], EventRecording]


@pytest.fixture(params=['ROS 1 bag', 'rosbag2 recording'])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Write:
    """Return a function that writes a bag of either ROS version and opens it."""

    def written(fill: Fill) -> EventRecording:
        is_ros1 = request.param == 'ROS 1 bag'
        path = tmp_path / ('drive.bag' if is_ros1 else 'drive')
        with Ros1Writer(path) if is_ros1 else Rosbag2Writer(path) as writer:
            fill(writer)
        recording = open_file(path) if is_ros1 else open_folder(path)
        request.addfinalizer(recording.close)
        assert recording.kind == request.param
        return recording

    return written


def send(topic: str, kind: str, *messages: dict[str, Any]) -> Fill:
    """Return a function that writes messages of a type of sensor_msgs, STEP_NS apart."""

    def fill(writer: Writer) -> None:
        for number, fields in enumerate(messages):
            t_ns = START_NS + number * STEP_NS
            header = writer.header(fields.get('stamp_ns', t_ns), 'left')
            content = {key: value for key, value in fields.items() if key != 'stamp_ns'}
            writer.write_message(
                topic, f'sensor_msgs/msg/{kind}', t_ns + 5_000_000, header=header, **content
            )

    return fill


def compressed(data: bytes, image_format: str) -> dict[str, Any]:
    return {'format': image_format, 'data': np.frombuffer(data, np.uint8)}


def png(pixels: NDArray[Any], kind: str = 'png') -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def millimetres() -> NDArray[np.uint16]:
    finite = np.where(np.isfinite(METRES), METRES, 0)
    return np.where(finite < 65, finite * 1000, 0).astype(np.uint16)


@pytest.mark.parametrize(
    ('kind', 'fields', 'expected'),
    [
        ('Image', image(METRES, '32FC1'), EXPECTED),
        ('Image', image(METRES.astype('>f4'), '32FC1') | {'is_bigendian': 1}, EXPECTED),
        ('Image', image(millimetres(), '16UC1'), np.where(EXPECTED < 65, EXPECTED, np.nan)),
        (
            'CompressedImage',
            compressed(bytes(12) + png(millimetres()), '16UC1; compressedDepth png'),
            np.where(EXPECTED < 65, EXPECTED, np.nan),
        ),
        (
            'CompressedImage',
            compressed(depth_codec.encode(METRES, 100.0), depth_codec.FORMAT),
            EXPECTED,
        ),
    ],
)
def test_depth(write: Write, kind: str, fields: dict[str, Any], expected: Any) -> None:
    """Trap 6: NaN, 0 and infinite depth are unknown; millimetres become metres."""
    recording = write(send('/camera/depth/image_rect_raw', kind, fields, fields))
    (stream,) = recording.depth_streams
    assert (stream.view, stream.side, stream.frame_id) == ('rectified', 'left', 'left')
    assert (stream.width, stream.height, stream.frames) == (3, 2, 2)
    frames = list(recording.depth(stream))
    assert [frame.t_ns for frame in frames] == [START_NS, START_NS + STEP_NS]
    np.testing.assert_allclose(frames[0].depth, expected, rtol=0.01)
    assert (recording.start_ns, recording.end_ns) == (START_NS, START_NS + STEP_NS)


def test_numbers_that_are_no_depth(write: Write) -> None:
    """A thermal camera sends 16UC1 too, and a stereo camera its confidence as 32FC1."""

    def fill(writer: Writer) -> None:
        send('/thermal/image_raw', 'Image', image(millimetres(), '16UC1'))(writer)
        send('/zed/confidence/confidence_map', 'Image', image(METRES, '32FC1'))(writer)
        send('/zed/depth/depth_registered', 'Image', image(METRES, '32FC1'))(writer)

    recording = write(fill)
    assert [stream.name for stream in recording.depth_streams] == ['/zed/depth/depth_registered']


def test_damaged_and_late_depth_is_left_out_and_counted(write: Write) -> None:
    good, other = image(METRES, '32FC1'), image(METRES[:1], '32FC1')
    cut = good | {'data': good['data'][:-4]}
    early = good | {'stamp_ns': START_NS - STEP_NS}
    recording = write(send('/depth/image', 'Image', good, cut, other, early, good))
    (stream,) = recording.depth_streams
    times = [frame.t_ns for frame in recording.depth(stream)]
    assert times == [START_NS, START_NS + 4 * STEP_NS]
    assert dict(recording.losses) == {'damaged messages': 2, earlier(IMAGES): 1}


def test_a_message_without_a_stamp_has_its_log_time(write: Write) -> None:
    recording = write(send('/depth/image', 'Image', image(METRES, '32FC1') | {'stamp_ns': 0}))
    frame = next(recording.depth(recording.depth_streams[0]))
    assert frame.t_ns == START_NS + 5_000_000


RGB = np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10


@pytest.mark.parametrize(
    ('kind', 'fields', 'expected'),
    [
        ('Image', image(RGB[:, :, 0], 'mono8'), RGB[:, :, 0]),
        ('Image', image(RGB[:, :, 0].astype(np.uint16) << 8, 'mono16'), RGB[:, :, 0]),
        ('Image', image(RGB, 'rgb8'), RGB),
        ('Image', image(RGB[:, :, ::-1], 'bgr8'), RGB),
        ('CompressedImage', compressed(png(RGB), 'rgb8; png compressed'), RGB),
        ('CompressedImage', compressed(png(RGB[:, :, 0]), 'png'), RGB[:, :, 0]),
    ],
)
def test_intensity_images(write: Write, kind: str, fields: dict[str, Any], expected: Any) -> None:
    def fill(writer: Writer) -> None:
        send('/camera/image', kind, fields)(writer)
        send('/depth/image', 'Image', image(METRES, '32FC1'))(writer)

    recording = write(fill)
    (stream,) = recording.image_streams
    assert (stream.name, stream.width, stream.height) == ('/camera/image', 4, 2)
    (frame,) = recording.images(stream)
    np.testing.assert_array_equal(frame.image, expected)
    assert frame.t_ns == START_NS


@pytest.mark.parametrize(
    'name', ['event_camera_msgs/msg/EventPacket', 'event_array_msgs/msg/EventArray']
)
def test_packets_under_their_new_and_their_old_name(write: Write, name: str) -> None:
    """Trap 13: M3ED's raw bags carry EventPackets called event_array_msgs/EventArray."""
    cdr = MessageCodec(message_types()).packet_to_cdr(PACKET, PACKET.frame_id)

    def fill(writer: Writer) -> None:
        data = event_packet(PACKET) if isinstance(writer, Ros1Writer) else cdr
        writer.write('/events', name, START_NS + 7, data)
        writer.write('/events', name, START_NS + 8, data[:-9])

    recording = write(fill)
    (camera,) = recording.cameras
    assert (camera.encoding, camera.width, camera.frame_id) == ('evt3', 346, 'left')
    (chunk,) = recording.events(recording.cameras)
    assert chunk.t_ns == START_NS + 7
    assert isinstance(chunk.events, Packet)
    assert (chunk.events.seq, chunk.events.stamp_ns) == (3, START_NS)
    assert chunk.events.data.tolist() == PACKET.data.tolist()
    assert dict(recording.losses) == {'damaged messages': 1}


@pytest.mark.parametrize(
    ('topic', 'side', 'view'),
    [
        ('/davis/left/depth_image_raw', 'left', 'raw'),
        ('/davis/right/depth_image_rect', 'right', 'rectified'),
        ('/camera/depth/image_rect_raw', 'left', 'rectified'),
        ('/kinect/depth_image', 'left', 'rectified'),
        ('/copyright/depth', 'left', 'rectified'),
    ],
)
def test_names_of_topics(topic: str, side: str, view: str) -> None:
    assert (topic_names.side_of(topic), topic_names.view_of(topic)) == (side, view)


def test_the_shipped_recording_has_depth_of_the_left_camera() -> None:
    path = Path(__file__).parents[3] / 'demo' / 'recording'
    with open_recording(path) as recording:
        (stream,) = recording.depth_streams
        assert (stream.side, stream.view) == ('left', 'rectified')
