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

"""`spike-depth view --live` beside a real depth node."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import Image

from spike_depth_ros.ros.conversions import from_image
from testing.depth_input import STATUS, Source, counts
from testing.nodes import NodeProcess
from testing.probe import Probe
from testing.waiting import LIMIT_S

pytest.importorskip('rerun', reason='the extra rerun is not installed: run `make views`')

from testing.rrd_file import RrdFile

FIRST_NS, PERIOD_NS = 1_700_000_000_000_000_000, 50_000_000
WINDOWS = 3


def test_topics_of_running_nodes(probe: Probe, confident_model: Path, tmp_path: Path) -> None:
    path = tmp_path / 'live.rrd'
    command = [sys.executable, '-m', 'spike_depth_ros.cli', 'view', '--live', '--output', path]
    with (
        NodeProcess('depth', {'model': confident_model}),
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as view,
    ):
        source = Source(probe)
        depths = probe.collect(Image, '/depth/image_rect')
        topics = {'/spikes': 2, '/depth/image_rect': 2, '/depth/confidence': 1}
        for topic, number in topics.items():
            probe.until(
                lambda topic=topic, number=number: probe.node.count_subscribers(topic) >= number,
                f'the view to subscribe {topic}',
            )
        source.fit()
        frames = [counts(left=number + 1) for number in range(WINDOWS)]
        for number, frame in enumerate(frames):
            source.spikes(frame, FIRST_NS + number * PERIOD_NS)
        probe.until(lambda: len(depths) == WINDOWS, 'all depth images')
        probe.until(lambda: 'firing rate only' in probe.values(STATUS), 'firing rates')
        rate = float(probe.values(STATUS)['firing rate only'])
        view.send_signal(signal.SIGINT)
        output, error = view.communicate(timeout=LIMIT_S)

    assert view.returncode == 0, error
    assert f'wrote {path}' in output
    file = RrdFile(path)
    measured = {'events_of_a_window', 'mean_confidence', 'latency_ms', 'firing_rates/only'}
    images = {'events/left', 'events/right', 'spike_frame/left', 'confidence', 'rig/left/depth'}
    assert file.entities == measured | images
    assert file.blueprints == 1
    times_ns = [FIRST_NS + number * PERIOD_NS for number in range(WINDOWS)]
    for entity in images | {'events_of_a_window', 'latency_ms'}:
        assert file.times_ns(entity) == times_ns, entity
    assert file.scalars('events_of_a_window') == [frame.sum() for frame in frames]
    assert rate in file.scalars('firing_rates/only')
    for image, message in zip(file.images('rig/left/depth'), depths, strict=True):
        np.testing.assert_array_equal(image, from_image(message).astype(np.float16))
