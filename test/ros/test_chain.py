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

"""Replay, binner and depth node in a chain: every window of a recording gives depth."""

from pathlib import Path

import pytest
from sensor_msgs.msg import Image

from spike_depth_ros.ros.conversions import to_ns
from testing.nodes import NodeProcess, is_quiet
from testing.probe import Probe
from testing.stripes import TOPICS, WINDOW_US, write_recording

DURATION_US = 1_000_000
WINDOWS = DURATION_US // WINDOW_US


def reliable(entity: str) -> dict[str, object]:
    """Return parameters for RELIABLE events: a busy machine would lose BEST_EFFORT packets."""
    return {f'qos_overrides.{topic}.{entity}.reliability': 'reliable' for topic in TOPICS}


@pytest.mark.parametrize('cameras', [1, 2])
def test_every_window_gives_depth(
    probe: Probe, tmp_path: Path, stereo_model: Path, mono_model: Path, cameras: int
) -> None:
    recording = write_recording(tmp_path / 'recording', DURATION_US, cameras)
    depths = probe.collect(Image, '/depth/image_rect')
    spikes = probe.collect(Image, '/spikes')
    stereo = {'stereo': 'true' if cameras == 2 else 'false', 'max_wait_ms': 1000.0}
    stereo |= {'calibration': 'rectified'}
    model = {'model': stereo_model if cameras == 2 else mono_model, 'queue': 100}
    # A busy machine may not take a window before the eleventh after it is published.
    model |= {'qos_overrides./spikes.subscription.depth': 100}
    stereo |= {'qos_overrides./spikes.publisher.depth': 100}
    with (
        NodeProcess('binner', stereo | reliable('subscription')) as binner,
        NodeProcess('depth', model) as depth,
    ):
        probe.until_value('binner: spike frames', 'subscribers', 2)
        probe.until(lambda: 'depth: depth' in probe.status, 'the depth node')
        with NodeProcess('replay', {'recording': recording, **reliable('publisher')}) as replay:
            probe.until(lambda: len(depths) == WINDOWS, f'depth for {WINDOWS} windows')
            probe.until(lambda: replay.process.poll() is not None, 'the end')
            assert is_quiet(replay.wait())
        for name, value in {'in': WINDOWS, 'out': WINDOWS, 'dropped': 0, 'unfit': 0}.items():
            probe.until_value('depth: depth', f'windows {name}', value)
        probe.until_value('binner: spike frames', 'windows closed', WINDOWS)
        assert is_quiet(binner.interrupt())
        assert is_quiet(depth.interrupt())

    stamps = [to_ns(depth.header.stamp) for depth in depths]
    assert stamps == [to_ns(frame.header.stamp) for frame in spikes]
