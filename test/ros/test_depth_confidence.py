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

"""Depth node with a model that outputs confidence, and with a model that does not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import Image

from spike_depth_ros.ros.conversions import from_image, to_ns
from testing.depth_input import HEIGHT, STATUS, WIDTH, Source, counts, stereo_rig
from testing.nodes import NodeProcess, is_quiet
from testing.probe import Probe

TOPIC = '/depth/confidence'


def half_sure() -> np.ndarray:
    """Return a spike frame of depth 3 m, with confidence 1 above and 0.25 below."""
    frame = counts()
    frame[HEIGHT // 2 :, :, 1] = 3
    return frame


def test_confidence_and_report(probe: Probe, confident_model: Path) -> None:
    with NodeProcess('depth', {'model': confident_model, 'min_confidence': 0.5}):
        source = Source(probe)
        depths = probe.collect(Image, '/depth/image_rect')
        images = probe.collect(Image, TOPIC)
        probe.until(lambda: probe.node.count_publishers(TOPIC), TOPIC)
        source.fit()
        source.spikes(half_sure(), stamp_ns=1_234_567_890)
        probe.until(lambda: depths and images, 'depth and confidence')
        probe.until(lambda: 'mean confidence' in probe.values(STATUS), 'the report')
        values = probe.values(STATUS)

    assert images[0].encoding == '32FC1'
    assert images[0].header == depths[0].header
    confidence, depth = from_image(images[0]), from_image(depths[0])
    assert np.isnan(confidence[:, 0]).all()  # no sensor pixel looks there
    assert (confidence[: HEIGHT // 2, 1:] == 1).all()
    assert (confidence[HEIGHT // 2 :, 1:] == 0.25).all()
    np.testing.assert_allclose(depth[: HEIGHT // 2, 1:], 6.0)
    assert np.isnan(depth[HEIGHT // 2 :]).all()
    assert float(values['mean confidence']) == pytest.approx(0.625)
    assert float(values['share under min_confidence']) == 0.5


def test_millimetres(probe: Probe, confident_model: Path) -> None:
    parameters = {
        'model': confident_model,
        'min_confidence': 0.5,
        'depth_encoding': '16UC1',
    }
    with NodeProcess('depth', parameters):
        source = Source(probe)
        depths = probe.collect(Image, '/depth/image_rect')
        source.fit()
        source.spikes(half_sure(), stamp_ns=1)
        probe.until(lambda: depths, 'depth')

    depth = from_image(depths[0])
    assert (depth[: HEIGHT // 2, 1:] == 6000).all()
    assert not depth[HEIGHT // 2 :].any()


def test_the_least_confidence_changes_while_running(probe: Probe, confident_model: Path) -> None:
    with NodeProcess('depth', {'model': confident_model}):
        source = Source(probe)
        depths = probe.collect(Image, '/depth/image_rect')
        source.fit()
        source.spikes(half_sure(), stamp_ns=10**12)
        probe.until(lambda: len(depths) == 1, 'depth of all')
        assert probe.set_parameter('/depth', 'min_confidence', 0.5) == (True, '')
        source.spikes(half_sure(), stamp_ns=2 * 10**12)
        probe.until(lambda: len(depths) == 2, 'depth of half')
        successful, reason = probe.set_parameter('/depth', 'min_confidence', 1.5)

    pixels = [np.count_nonzero(np.isfinite(from_image(depth))) for depth in depths]
    assert pixels == [HEIGHT * (WIDTH - 1), HEIGHT // 2 * (WIDTH - 1)]
    assert not successful
    assert 'out of range' in reason


def test_windows_that_overlap_have_confidence_where_it_is_read(
    probe: Probe, confident_model: Path
) -> None:
    with NodeProcess('depth', {'model': confident_model}):
        source = Source(probe)
        depths = probe.collect(Image, '/depth/image_rect')
        source.fit()
        source.info(replace(stereo_rig(), hop_ns=10_000_000))

        def window(number: int) -> Image:
            source.spikes(half_sure(), stamp_ns=10**12 + number * 10_000_000)
            probe.until(lambda: len(depths) == number + 1, f'depth {number}')
            return depths[-1]

        whole = [window(number) for number in range(7)]
        assert probe.set_parameter('/depth', 'min_confidence', 0.5) == (True, '')
        halves = [window(number) for number in range(7, 14)]
        assert probe.set_parameter('/depth', 'min_confidence', 0.0) == (True, '')
        images = probe.collect(Image, TOPIC)
        probe.until(lambda: probe.node.count_subscribers(TOPIC), 'the subscriber')
        numbers = iter(range(14, 1000))
        while len(images) < 7:
            window(next(numbers))

    pixels = HEIGHT * (WIDTH - 1)
    assert {np.count_nonzero(np.isfinite(from_image(depth))) for depth in whole} == {pixels}
    assert {np.count_nonzero(np.isfinite(from_image(depth))) for depth in halves} == {pixels // 2}
    stamps = [to_ns(image.header.stamp) for image in images]
    assert set(np.diff(stamps)) == {10_000_000}  # each window from the first on


def test_a_model_without_confidence(probe: Probe, stereo_model: Path) -> None:
    with NodeProcess('depth', {'model': stereo_model}):
        source = Source(probe)
        source.fit()
        source.spikes(counts(), stamp_ns=1)
        probe.until(lambda: 'firing rate' in probe.values(STATUS), 'the report')
        assert 'mean confidence' not in probe.values(STATUS)
        assert not probe.node.count_publishers(TOPIC)

        successful, reason = probe.set_parameter('/depth', 'min_confidence', 0.5)
        assert not successful
        assert reason == (
            f"parameter 'min_confidence' is 0.5, but the model '{stereo_model}' gives no "
            'confidence: set it to 0.0, or load a model that gives it'
        )
        assert probe.set_parameter('/depth', 'min_confidence', 0.0) == (True, '')


def test_in_one_process_with_the_binner(probe: Probe, confident_model: Path) -> None:
    parameters = {'model': confident_model, 'min_confidence': 0.5, 'calibration': 'rectified'}
    with NodeProcess('pipeline', parameters) as process:
        probe.until(lambda: probe.node.count_publishers(TOPIC), TOPIC)
        probe.until(lambda: STATUS in probe.status, 'the report')
        assert probe.set_parameter('/depth', 'min_confidence', 0.25) == (True, '')
        assert is_quiet(process.interrupt())
