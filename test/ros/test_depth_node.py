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

"""Depth node over DDS: spike frames in, metric depth out."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CameraInfo, Image
from spike_depth_msgs.msg import SpikeInfo

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.ros.conversions import from_image, to_time
from testing.depth_input import HEIGHT, STATUS, WIDTH, Source, counts, stereo_rig
from testing.nodes import NodeProcess, is_quiet
from testing.probe import Probe


@pytest.fixture
def depth_node(stereo_model: Path) -> Iterator[NodeProcess]:
    with NodeProcess('depth', {'model': stereo_model}) as process:
        yield process


@pytest.fixture
def source(probe: Probe, depth_node: NodeProcess) -> Source:
    return Source(probe)


def test_depth_camera_info_and_preview(probe: Probe, source: Source) -> None:
    depths = probe.collect(Image, '/depth/image_rect')
    infos = probe.collect(CameraInfo, '/depth/camera_info')
    previews = probe.collect(Image, '/depth/image_color')
    probe.until(lambda: probe.node.count_publishers('/depth/image_color'), 'the preview')
    source.fit()
    frame = counts(left=1, right=1)
    frame[0, 1] = 0  # 0 m, nearer than the model's range
    frame[0, 2, 0] = 200  # 202 m, beyond it

    source.spikes(frame, stamp_ns=1_234_567_890)
    probe.until(lambda: depths and infos and previews, 'all three images')

    depth = from_image(depths[0])
    assert depths[0].encoding == '32FC1'
    # 1 m + 2 m at the model's baseline, and twice that at the rig's
    np.testing.assert_allclose(depth[1:, 1:], 6.0)
    assert np.isnan(depth[:, 0]).all()  # no sensor pixel looks there
    assert np.isnan(depth[0, 1])
    assert depth[0, 2] == np.inf
    assert from_image(previews[0]).shape == (HEIGHT, WIDTH, 3)
    f, cx, cy = MVSEC_RIG.camera.f, MVSEC_RIG.camera.cx, MVSEC_RIG.camera.cy
    assert list(infos[0].k) == [f, 0, cx, 0, f, cy, 0, 0, 1]
    for message in (depths[0], infos[0], previews[0]):
        assert message.header.frame_id == 'left_camera'
        assert message.header.stamp == to_time(1_234_567_890)


def test_a_provider_that_is_missing_is_replaced(probe: Probe, stereo_model: Path) -> None:
    with NodeProcess('depth', {'model': stereo_model, 'provider': 'tensorrt'}) as process:
        probe.until(lambda: 'provider' in probe.values(STATUS), 'the provider in use')
        assert probe.values(STATUS)['provider'] in ('cuda', 'openvino', 'cpu')
        code, error = process.interrupt()
    assert code == 0
    assert "provider 'tensorrt' (this onnxruntime was built without it) cannot be used" in error


def test_energy_is_estimated_from_events_and_mean_spikes(probe: Probe, source: Source) -> None:
    source.fit()
    source.spikes(counts(left=1, right=1), stamp_ns=1)
    key = 'synaptic operations (million a window)'
    probe.until(lambda: key in probe.values(STATUS), key)

    texts = probe.values(STATUS)
    values = {key: float(texts[key]) for key in texts if key != 'provider'}
    events = 2 * HEIGHT * WIDTH
    operations = events * 25 + events * 10  # the only layer passes the counts on
    assert values['events (a window)'] == pytest.approx(events)
    assert values['mean spikes only'] == values['firing rate only'] == 0.5
    assert values[key] == pytest.approx(operations / 1e6, rel=1e-5)
    assert values['energy estimate (mJ a window)'] == pytest.approx(operations * 0.9e-9, rel=1e-5)
    assert values['energy estimate, dense network (mJ a window)'] == pytest.approx(9.2)


def test_millimetres(probe: Probe, stereo_model: Path) -> None:
    with NodeProcess('depth', {'model': stereo_model, 'depth_encoding': '16UC1'}):
        source = Source(probe)
        depths = probe.collect(Image, '/depth/image_rect')
        source.fit()
        source.spikes(counts(), stamp_ns=1)
        probe.until(lambda: depths, 'depth')

    assert depths[0].encoding == '16UC1'
    depth = from_image(depths[0])
    assert (depth[:, 1:] == 6000).all()
    assert not depth[:, 0].any()


def test_depth_is_never_invented(probe: Probe, source: Source) -> None:
    depths = probe.collect(Image, '/depth/image_rect')
    source.fit()
    few = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    few[0, :200, 0] = few[0, :200, 2] = 1

    source.spikes(few, stamp_ns=10**12)
    probe.until_value(STATUS, 'windows skipped', 1)
    source.spikes(counts(right=0), stamp_ns=2 * 10**12)
    probe.until_value(STATUS, 'windows incomplete', 1)

    assert not depths
    assert probe.values(STATUS)['windows out'] == '0'


def test_min_events_changes_while_running(probe: Probe, source: Source) -> None:
    depths = probe.collect(Image, '/depth/image_rect')
    source.fit()
    few = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    few[0, :200, 0] = few[0, :200, 2] = 1

    source.spikes(few, stamp_ns=10**12)
    probe.until_value(STATUS, 'windows skipped', 1)
    assert probe.set_parameter('/depth', 'min_events', 400) == (True, '')
    source.spikes(few, stamp_ns=2 * 10**12)
    probe.until(lambda: depths, 'depth')

    successful, reason = probe.set_parameter('/depth', 'depth_encoding', '16UC1')
    assert not successful
    assert 'read-only' in reason


def test_a_stream_that_does_not_fit_the_model_is_refused(probe: Probe, source: Source) -> None:
    depths = probe.collect(Image, '/depth/image_rect')
    source.info(replace(stereo_rig(), window_ns=20_000_000))
    probe.until_text(STATUS, 'is 20 ms, but the model needs 50 ms')
    source.spikes(counts(), stamp_ns=1)
    probe.until_value(STATUS, 'windows unfit', 1)
    assert not depths
    assert probe.status[STATUS].level == DiagnosticStatus.ERROR

    source.fit()
    source.spikes(counts(), stamp_ns=2)
    probe.until(lambda: depths, 'depth')


def test_no_depth_before_a_new_binner_describes_its_frames(probe: Probe, source: Source) -> None:
    depths = probe.collect(Image, '/depth/image_rect')
    source.fit()
    source.send_info(SpikeInfo(problem='no packet yet'))
    probe.until_text(STATUS, 'no spikes/info yet')
    source.spikes(counts(), stamp_ns=1)
    probe.until_value(STATUS, 'windows unfit', 1)
    assert not depths


def test_malformed_frames_are_counted(probe: Probe, source: Source) -> None:
    depths = probe.collect(Image, '/depth/image_rect')
    source.fit()

    source.spikes(counts()[:100], stamp_ns=1)
    probe.until_value(STATUS, 'windows malformed', 1)
    source.spikes(counts(), stamp_ns=2)
    probe.until(lambda: depths, 'depth')
    assert [depth.header.stamp.nanosec for depth in depths] == [2]


def test_the_oldest_window_is_dropped_and_counted(probe: Probe, stereo_model: Path) -> None:
    parameters = {
        'model': stereo_model,
        'queue': 1,
        'qos_overrides./spikes.subscription.depth': 100,
        'qos_overrides./depth/image_rect.publisher.depth': 100,
    }
    with NodeProcess('depth', parameters):
        source = Source(probe)
        depths = probe.collect(Image, '/depth/image_rect')
        source.fit()
        for stamp_ns in range(1, 101):
            source.spikes(counts(), stamp_ns)

        def all_accounted() -> bool:
            values = probe.values(STATUS)
            names = ('out', 'dropped')
            return sum(int(values.get(f'windows {name}', 0)) for name in names) == 100

        probe.until(all_accounted, 'every window to be accounted for')
        dropped = int(probe.values(STATUS)['windows dropped'])
        probe.until(lambda: len(depths) == 100 - dropped, 'the depth of the others')
        assert dropped > 0
        assert depths[-1].header.stamp.nanosec == 100  # the newest window stays


def test_two_rigs_report_under_their_own_names(probe: Probe, stereo_model: Path) -> None:
    parameters = {'model': stereo_model}
    first = NodeProcess('depth', parameters, '-r', '__ns:=/one')
    second = NodeProcess('depth', parameters, '-r', '__ns:=/two')
    with first, second:
        names = {'one/depth: depth', 'two/depth: depth'}
        probe.until(lambda: names <= set(probe.status), 'both reports')

        assert is_quiet(first.interrupt())
        assert is_quiet(second.interrupt())
