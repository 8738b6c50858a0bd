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
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import Image

from spike_depth_ros.ros.conversions import from_image, to_ns
from testing.depth_input import STATUS, Source, counts
from testing.nodes import NodeProcess
from testing.probe import RETRY_S, Probe
from testing.processes import ChildProcess, command_line
from testing.waiting import holds_within

pytest.importorskip('rerun', reason='the extra rerun is not installed: run `make views`')

from testing.rrd_file import RrdFile

FIRST_NS, PERIOD_NS = 1_700_000_000_000_000_000, 50_000_000
WINDOWS = 3
BEFORE = 60  # windows at most that are sent before those
IMAGES = {'events/left', 'events/right', 'spike_frame/left', 'confidence', 'event_age'}
IMAGES |= {'rig/left/depth'}
OF_A_WINDOW = IMAGES | {'events_of_a_window', 'latency_ms'}
RATE = 'firing_rates/only'


class Recorded:
    """Windows that are sent one by one, each once the one before is in the view's file.

    A busy depth node drops the older of two waiting windows.
    """

    def __init__(self, probe: Probe, folder: Path) -> None:
        self._probe, self._folder = probe, folder
        self._source = Source(probe)
        self.depths = probe.collect(Image, '/depth/image_rect')
        topics = {'/spikes': 2, '/depth/image_rect': 2, '/depth/confidence': 1, '/depth/age': 1}
        for topic, number in topics.items():
            probe.until(
                lambda topic=topic, number=number: probe.node.count_subscribers(topic) >= number,
                f'the view to subscribe {topic}',
            )
        self._source.fit()
        # The depth node may discover the view and the probe's subscription late.
        for number in range(BEFORE, 0, -1):
            self._source.spikes(counts(), FIRST_NS - number * PERIOD_NS)
            if holds_within(self._is_discovered, RETRY_S, probe.spin):
                break

    def file(self) -> RrdFile:
        """Return the content so far of the file that the view writes."""
        (path,) = self._folder.iterdir()
        return RrdFile(path)

    def send(self, frame: np.ndarray, stamp_ns: int) -> None:
        """Send a window and wait until all of it is in the file."""
        self._source.spikes(frame, stamp_ns)
        self._probe.until(
            lambda: (
                to_ns(self.depths[-1].header.stamp) == stamp_ns
                and all(self.file().times_ns(name)[-1] == stamp_ns for name in OF_A_WINDOW)
            ),
            'the window in the file',
        )

    def _is_discovered(self) -> bool:
        return bool(self.depths) and self.file().entities >= OF_A_WINDOW


@pytest.mark.filterwarnings('ignore:RRD file has no footer')
def test_topics_of_running_nodes(probe: Probe, confident_model: Path, tmp_path: Path) -> None:
    path = tmp_path / 'live.rrd'
    frames = [counts(left=number + 1) for number in range(WINDOWS)]
    times_ns = [FIRST_NS + number * PERIOD_NS for number in range(WINDOWS)]
    with (
        NodeProcess('depth', {'model': confident_model}),
        ChildProcess(command_line('view', '--live', '--output', path)) as view,
    ):
        recorded = Recorded(probe, tmp_path)
        for frame, time_ns in zip(frames, times_ns, strict=True):
            recorded.send(frame, time_ns)
        probe.until(lambda: 'firing rate only' in probe.values(STATUS), 'firing rates')
        rate = float(probe.values(STATUS)['firing rate only'])
        probe.until(lambda: rate in recorded.file().scalars(RATE), 'the firing rate in the file')
        view.send(signal.SIGINT)
        done = view.finish()

    assert done.returncode == 0, done.stderr
    assert f'wrote {path}' in done.stdout
    file = RrdFile(path)
    assert file.entities == OF_A_WINDOW | {'mean_confidence', RATE}
    assert file.blueprints == 1
    for entity in OF_A_WINDOW:
        assert file.times_ns(entity)[-WINDOWS:] == times_ns, entity
    sums = [frame.sum() for frame in frames]
    assert file.scalars('events_of_a_window')[-WINDOWS:] == sums
    images = file.images('rig/left/depth')[-WINDOWS:]
    for image, message in zip(images, recorded.depths[-WINDOWS:], strict=True):
        np.testing.assert_array_equal(image, from_image(message).astype(np.float16))
