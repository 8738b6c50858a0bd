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

"""Binner node over DDS: message types of the event topics."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from event_camera_msgs.msg import EventPacket
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from spike_depth_ros.ros.conversions import to_ns, to_time
from testing.binner_io import (
    PATIENT,
    STATUS,
    TOPICS,
    assert_frames,
    event_publishers,
    frames,
    send,
)
from testing.nodes import NodeProcess
from testing.probe import Probe
from testing.stripes import HEIGHT, WIDTH, packets

dvs_msgs = pytest.importorskip(
    'dvs_msgs.msg', reason='dvs_msgs is not installed: make builds it from interfaces/dvs_msgs'
)

WINDOW_NS = 50_000_000
EVENTS = 2_000
Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def columns(camera: int, start_ns: int, duration_ns: int = 300_000_000) -> Columns:
    """Return time in ns, x, y and polarity of a camera's events."""
    random = np.random.default_rng(camera)
    t_ns = np.sort(random.integers(start_ns, start_ns + duration_ns, EVENTS))
    t_ns[0], t_ns[-1] = start_ns, start_ns + duration_ns
    x, y = random.integers(0, WIDTH, EVENTS), random.integers(0, HEIGHT, EVENTS)
    return t_ns, x, y, random.integers(0, 2, EVENTS)


def arrays(events: Columns) -> list[dvs_msgs.EventArray]:
    """Return a camera's events as 20 EventArrays."""
    edges = np.linspace(0, EVENTS, 21).astype(int).tolist()
    rows = list(zip(*(column.tolist() for column in events), strict=True))
    messages = []
    for begin, end in pairwise(edges):
        array = [
            dvs_msgs.Event(x=x, y=y, ts=to_time(t_ns), polarity=bool(polarity))
            for t_ns, x, y, polarity in rows[begin:end]
        ]
        header = Header(stamp=array[0].ts, frame_id='dvs')
        messages.append(
            dvs_msgs.EventArray(header=header, height=HEIGHT, width=WIDTH, events=array)
        )
    return messages


def retire(probe: Probe, *publishers: Publisher) -> None:
    """Destroy the probe's publishers and wait until they are gone."""
    topics = {publisher.topic_name for publisher in publishers}
    for publisher in publishers:
        probe.node.destroy_publisher(publisher)

    def senders() -> set[str]:
        infos = (probe.node.get_publishers_info_by_topic(topic) for topic in topics)
        return {info.node_name for topic in infos for info in topic}

    probe.until(lambda: probe.node.get_name() not in senders(), f'the end of {topics}')


def counted(cameras: list[Columns]) -> dict[int, np.ndarray]:
    """Count events into the windows that end before the last event, by their end."""
    first_ns, last_ns = cameras[0][0][[0, -1]].tolist()
    windows = {}
    for end_ns in range(first_ns // WINDOW_NS * WINDOW_NS + WINDOW_NS, last_ns + 1, WINDOW_NS):
        counts = np.zeros((HEIGHT, WIDTH, 2 * len(cameras)), np.uint8)
        for camera, (t_ns, x, y, polarity) in enumerate(cameras):
            inside = (end_ns - WINDOW_NS <= t_ns) & (t_ns < end_ns)
            channel = 2 * camera + 1 - polarity[inside]
            np.add.at(counts, (y[inside], x[inside], channel), 1)
        windows[end_ns] = counts
    return windows


@pytest.fixture
def driver() -> Iterator[Probe]:
    """Yield a second driver, as a DDS participant has one type for a topic."""
    driver = Probe('driver')
    yield driver
    driver.close()


@pytest.fixture
def only_left() -> Iterator[NodeProcess]:
    with NodeProcess('binner', {'stereo': 'false', **PATIENT}) as process:
        yield process


def test_a_wrong_type_is_reported_and_the_right_type_found(probe: Probe, driver: Probe) -> None:
    with NodeProcess('binner', PATIENT):
        wrong = probe.node.create_publisher(Image, TOPICS[0], 10)
        right = probe.node.create_publisher(EventPacket, TOPICS[1], 10)
        (packet,) = packets(1, 5_000)

        def is_reported() -> bool:
            send(right, [packet])  # with both silent the report would be STALE
            status = probe.status.get(STATUS)
            return status is not None and status.level == DiagnosticStatus.ERROR

        probe.until(is_reported, 'the wrong type')
        assert (
            '/left/events carries sensor_msgs/msg/Image, but must carry '
            'event_camera_msgs/msg/EventPacket or dvs_msgs/msg/EventArray'
        ) in probe.text(STATUS)

        retire(probe, wrong, right)
        publishers = event_publishers(driver, kind=dvs_msgs.EventArray)
        images = frames(probe)
        cameras = [columns(camera, start_ns=10**18) for camera in (0, 1)]
        # In turn: a window waits 1 s at most for the other camera.
        for messages in zip(*map(arrays, cameras), strict=True):
            for publisher, message in zip(publishers, messages, strict=True):
                publisher.publish(message)
        expected = counted(cameras)
        probe.until(lambda: len(images) >= len(expected), f'{len(expected)} frames')
        probe.until(lambda: 'carries' not in probe.text(STATUS), 'nothing wrong')

    assert len(expected) == 6
    assert_frames(images, expected)
    assert {image.header.frame_id for image in images} == {'dvs'}


def test_a_type_may_change_while_the_node_runs(
    probe: Probe, driver: Probe, only_left: NodeProcess
) -> None:
    (publisher,) = event_publishers(probe, cameras=1)
    images = frames(probe)
    send(publisher, packets(0, 300_000))
    probe.until(lambda: images, 'a frame from EventPackets')
    probe.until_value(STATUS, 'left packets', 60)
    last_ns = to_ns(images[-1].header.stamp)

    other = driver.node.create_publisher(dvs_msgs.EventArray, TOPICS[0], 1000)
    probe.until_text(STATUS, 'only event_camera_msgs/msg/EventPacket is read')
    retire(probe, publisher)
    driver.until_subscribed(TOPICS[0])
    images.clear()
    events = columns(0, start_ns=last_ns + 500_000_000)
    for message in arrays(events):
        other.publish(message)
    expected = counted([events])
    probe.until(lambda: len(images) == len(expected), f'{len(expected)} frames')

    assert_frames(images, expected)
    probe.until_value(STATUS, 'resets', 1)
    assert probe.values(STATUS)['left packets wrong form'] == '0'
