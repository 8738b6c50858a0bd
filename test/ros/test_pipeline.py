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

"""Binner and depth node in one process over DDS: the same results as from two processes."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from spike_depth_msgs.msg import SpikeInfo

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, to_ns
from testing.binner_io import PATIENT, assert_frames, event_publishers, expected_frames, send_both
from testing.nodes import NodeProcess, is_quiet
from testing.probe import Probe
from testing.stripes import packets

BINNER, DEPTH = 'binner: spike frames', 'depth: depth'
CONFIG = Path(__file__).parents[2] / 'config'
DURATION_US = 500_000


@pytest.fixture
def pipeline(stereo_model: Path) -> Iterator[NodeProcess]:
    with NodeProcess('pipeline', PATIENT | {'model': stereo_model, 'queue': 100}) as process:
        yield process


def streams() -> list[list[Packet]]:
    return [packets(camera, DURATION_US, stamp_ns=10**18) for camera in (0, 1)]


def depth_of(probe: Probe, windows: int) -> dict[int, np.ndarray]:
    """Send the packets; return the depth images by stamp."""
    depths = probe.collect(Image, '/depth/image_rect')
    probe.until(lambda: {BINNER, DEPTH} <= set(probe.status), 'both reports')
    probe.until(lambda: probe.node.count_publishers('/depth/image_rect') == 1, 'the depth node')
    send_both(event_publishers(probe), streams())
    probe.until(lambda: len(depths) == windows, f'{windows} depth images')
    return {to_ns(depth.header.stamp): from_image(depth) for depth in depths}


def test_depth_as_through_separate_nodes(stereo_model: Path) -> None:
    expected = expected_frames(streams())
    model = {'model': stereo_model, 'queue': 100}
    found = []
    for commands in (
        {'binner': PATIENT, 'depth': model},
        {'pipeline': PATIENT | model},
    ):
        with ExitStack() as stack:
            for name, parameters in commands.items():
                stack.enter_context(NodeProcess(name, parameters))
            probe = Probe()
            stack.callback(probe.close)
            if 'depth' in commands:
                probe.until_value(BINNER, 'subscribers', 1)
            found.append(depth_of(probe, len(expected)))

    separate, joined = found
    assert list(separate) == list(joined) == list(expected)
    for stamp_ns, counts in expected.items():
        metres = counts[..., 0] + 2.0 * counts[..., 3]
        metres[(metres < 0.5) | (metres > 10)] = np.nan
        np.testing.assert_array_equal(joined[stamp_ns], separate[stamp_ns])
        np.testing.assert_array_equal(joined[stamp_ns], metres)


def test_topics_and_reports(probe: Probe, pipeline: NodeProcess) -> None:
    cameras = probe.collect(CameraInfo, '/depth/camera_info')
    spikes = probe.collect(Image, '/spikes')
    probe.until_value(BINNER, 'subscribers', 1)
    expected = expected_frames(streams())

    depth_of(probe, len(expected))
    probe.until(lambda: len(spikes) == len(cameras) == len(expected), 'frames and cameras')

    assert_frames(spikes, expected)
    assert [to_ns(info.header.stamp) for info in cameras] == list(expected)
    infos = probe.collect(SpikeInfo, '/spikes/info', qos.latched())
    probe.until(lambda: infos, 'spikes/info')
    probe.until_value(BINNER, 'windows closed', len(expected))
    probe.until_value(DEPTH, 'windows out', len(expected))
    assert probe.values(DEPTH)['windows unfit'] == '0'


def test_each_node_has_its_own_parameters(probe: Probe, pipeline: NodeProcess) -> None:
    assert probe.set_parameter('/binner', 'max_wait_ms', 20.0) == (True, '')
    assert probe.set_parameter('/depth', 'min_events', 20) == (True, '')
    assert not probe.set_parameter('/binner', 'min_events', 20)[0]
    assert not probe.set_parameter('/depth', 'max_wait_ms', 20.0)[0]


def test_parameter_files_fit_unchanged(probe: Probe, mono_model: Path) -> None:
    rectified = {'calibration': 'rectified'}
    arguments = ('--params-file', str(CONFIG / 'mono.yaml'), '-r', '__ns:=/rig')
    with NodeProcess('pipeline', rectified | {'model': mono_model}, *arguments) as process:
        probe.until(
            lambda: {'rig/binner: spike frames', 'rig/depth: depth'} <= set(probe.status),
            'both reports',
        )
        assert 'right packets' not in probe.values('rig/binner: spike frames')
        assert is_quiet(process.interrupt())


def test_interrupt_ends_it_quietly(probe: Probe, pipeline: NodeProcess) -> None:
    probe.until(lambda: {BINNER, DEPTH} <= set(probe.status), 'both reports')

    assert is_quiet(pipeline.interrupt())
