"""The binner node over DDS: packets in, spike frames and the rig out."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from event_camera_msgs.msg import EventPacket
from node_harness import NodeProcess, Probe
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image
from synthetic_stream import HEIGHT, WIDTH, packets

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.rig import Rig
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, from_packet, to_ns

STATUS = '/binner: spike frames'
# Nothing may get lost between a test and its node, so both offer and ask for reliable delivery.
RELIABLE = {
    f'qos_overrides./{camera}/events.subscription.reliability': 'reliable'
    for camera in ('left', 'right')
}


@pytest.fixture
def binner() -> Iterator[NodeProcess]:
    with NodeProcess('binner', {'max_wait_ms': 1000.0, **RELIABLE}) as process:
        yield process


@pytest.fixture
def senders(probe: Probe, binner: NodeProcess) -> list[Publisher]:
    return event_publishers(probe)


def event_publishers(probe: Probe, cameras: int = 2) -> list[Publisher]:
    topics = ('/left/events', '/right/events')[:cameras]
    publishers = [probe.node.create_publisher(EventPacket, topic, 1000) for topic in topics]
    probe.until_subscribed(*topics)
    return publishers


def send(publisher: Publisher, stream: list[Packet], frame_id: str = 'camera0') -> None:
    for packet in stream:
        publisher.publish(from_packet(packet, frame_id))


def frames(probe: Probe) -> list[Image]:
    """Return the list to which spike frames will be added, once the binner is heard."""
    images = probe.collect(Image, '/spikes')
    probe.until_value(STATUS, 'subscribers', 1)
    return images


def expected_frames(streams: list[list[Packet]]) -> dict[int, np.ndarray]:
    """Count with the core what the node counts."""
    binner = Binner(len(streams), 50_000_000, 50_000_000, 1_000_000_000, WIDTH, HEIGHT)
    counted = []
    for together in zip(*streams, strict=True):
        for camera, packet in enumerate(together):
            counted += binner.push(camera, packet, now_ns=0)
    return {frame.stamp_ns: frame.counts for frame in counted}


def test_frames_of_two_cameras(probe: Probe, senders: list[Publisher]) -> None:
    images = frames(probe)
    streams = [packets(camera, 500_000, stamp_ns=10**18) for camera in (0, 1)]
    expected = expected_frames(streams)

    for left, right in zip(*streams, strict=True):
        send(senders[0], [left])
        send(senders[1], [right], 'camera1')
    probe.until(lambda: len(images) == len(expected), f'{len(expected)} frames')

    assert len(expected) >= 9
    for image in images:
        assert (image.encoding, image.header.frame_id) == ('8UC4', 'camera0')
        counts = expected[to_ns(image.header.stamp)]
        np.testing.assert_array_equal(from_image(image), counts)


def test_who_joins_later_gets_the_rig(probe: Probe, senders: list[Publisher]) -> None:
    images = frames(probe)
    for camera in (0, 1):
        send(senders[camera], packets(camera, 200_000))
    probe.until(lambda: images, 'a frame')

    infos = probe.collect(DiagnosticStatus, '/spikes/info', qos.latched())
    probe.until(lambda: infos, 'spikes/info')

    rig = Rig.from_pairs({pair.key: pair.value for pair in infos[0].values})
    assert (rig.window_ns, rig.hop_ns, rig.channels) == (50_000_000, 50_000_000, 4)
    assert (rig.width, rig.height, rig.sync) == (346, 260, 'sensor')
    assert (rig.f, rig.cx, rig.cy, rig.baseline_m) == (199.65, 173.0, 130.0, 0.0999)
    assert rig.mapped.all()


def test_one_camera(probe: Probe) -> None:
    with NodeProcess('binner', {'stereo': 'false', **RELIABLE}):
        (sender,) = event_publishers(probe, cameras=1)
        images = frames(probe)
        stream = packets(0, 300_000)
        expected = expected_frames([stream])
        send(sender, stream)
        probe.until(lambda: len(images) == len(expected), f'{len(expected)} frames')

    for image in images:
        assert image.encoding == '8UC2'
        counts = expected[to_ns(image.header.stamp)]
        np.testing.assert_array_equal(from_image(image), counts)


def test_a_silent_camera_is_told_of(probe: Probe, senders: list[Publisher]) -> None:
    images = frames(probe)
    send(senders[0], packets(0, 500_000))

    probe.until(lambda: images, 'a frame after max_wait_ms')
    probe.until_text(STATUS, 'no packets from the right camera yet')
    probe.until(lambda: int(probe.values(STATUS)['windows incomplete']) > 0, 'incomplete windows')

    assert not from_image(images[0])[..., 2:].any()


def test_bad_packets_are_counted_and_the_stream_goes_on(
    probe: Probe, senders: list[Publisher]
) -> None:
    images = frames(probe)
    stream = packets(0, 1_000_000)
    send(senders[1], packets(1, 1_000_000))
    send(senders[0], stream[:50])
    probe.until(lambda: images, 'a frame')
    before = len(images)

    address = np.frombuffer(b'\xff\x23', np.uint8)  # ADDR_X, x = 1023
    bad = [
        replace(stream[50], encoding='evt99'),
        replace(stream[51], width=640),
        stream[45],
        replace(stream[52], data=stream[52].data[:-1]),
        replace(stream[53], data=np.concatenate([stream[53].data, address])),
    ]
    send(senders[0], [*bad, *stream[54:]])
    probe.until(lambda: len(images) > before + 5, 'frames after the bad packets')

    for key in (
        'packets unknown encoding',
        'packets wrong form',
        'packets out of order',
        'packets truncated',
        'events outside',
    ):
        probe.until_value(STATUS, f'left {key}', 1)


def test_parameters_while_running(probe: Probe, binner: NodeProcess) -> None:
    client = probe.node.create_client(SetParameters, '/binner/set_parameters')
    probe.until(client.service_is_ready, 'the parameter service')

    def change(name: str, value: float) -> tuple[bool, str]:
        parameter = Parameter(name, value=value).to_parameter_msg()
        future = client.call_async(SetParameters.Request(parameters=[parameter]))
        probe.until(future.done, f'an answer about {name}')
        (result,) = future.result().results
        return result.successful, result.reason

    assert change('max_wait_ms', 20.0) == (True, '')
    successful, reason = change('max_wait_ms', -1.0)
    assert not successful
    assert 'Min: 1.0, Max: 1000.0' in reason
    successful, reason = change('window_ms', 20.0)
    assert not successful
    assert 'read-only' in reason


def test_interrupt_ends_it_quietly(probe: Probe, binner: NodeProcess) -> None:
    probe.until(lambda: STATUS in probe.status, 'a report')

    assert binner.interrupt() == (0, '')
