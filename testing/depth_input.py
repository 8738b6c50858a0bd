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

"""Inputs of the depth node: spike frames and their description; its answer to one of them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image
from spike_depth_msgs.msg import SpikeInfo
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, to_image, to_time
from spike_depth_ros.ros.spike_info import to_spike_info
from testing.nodes import NodeProcess
from testing.probe import Probe

STATUS = 'depth: depth'
HEIGHT, WIDTH = MVSEC_RIG.camera.height, MVSEC_RIG.camera.width


def stereo_rig() -> SpikeStream:
    """Return a stream of twice the model's baseline, whose first column is not mapped."""
    mapped = np.ones((HEIGHT, WIDTH), bool)
    mapped[:, 0] = False
    return SpikeStream(
        window_ns=50_000_000,
        hop_ns=50_000_000,
        channels=4,
        camera=MVSEC_RIG.camera,
        baseline_m=2 * MVSEC_RIG.baseline_m,
        sync='sensor',
        mapped=mapped,
    )


def counts(left: int = 1, right: int = 1) -> np.ndarray:
    """Return a spike frame: `left` ON events per left pixel, `right` OFF events per right one."""
    frame = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    frame[..., 0], frame[..., 3] = left, right
    return frame


class Source:
    """Publisher of spikes and spikes/info, in place of a binner."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._info = probe.node.create_publisher(SpikeInfo, '/spikes/info', qos.latched())
        self._spikes: Publisher = probe.node.create_publisher(Image, '/spikes', 100)
        probe.until_subscribed('/spikes', '/spikes/info')

    def info(self, rig: SpikeStream) -> None:
        """Publish the description of a stream."""
        self.send_info(to_spike_info(rig, Header(frame_id='left_camera')))

    def send_info(self, info: SpikeInfo) -> None:
        """Publish a message on spikes/info."""
        self._info.publish(info)

    def fit(self) -> None:
        """Publish a stream that fits the model, and wait until the node accepts it."""
        self.info(stereo_rig())
        self._probe.until(
            lambda: (
                STATUS in self._probe.status
                and not any(word in self._probe.text(STATUS) for word in ('spikes/info', 'needs'))
            ),
            'the rig to fit',
        )

    def spikes(self, frame: np.ndarray, stamp_ns: int) -> None:
        """Publish a spike frame."""
        header = Header(stamp=to_time(stamp_ns), frame_id='left_camera')
        self._spikes.publish(to_image(frame, '8UC4', header))


class Answer(NamedTuple):
    """What the depth node made of a spike frame: depth [h, w], metres, and its diagnostics."""

    frame: np.ndarray
    depth: np.ndarray
    values: dict[str, str]


def answer(probe: Probe, model: Path, value: str) -> Answer:
    """Start a depth node and send it a frame of uneven counts; wait for depth and diagnostics.

    Args:
        probe: receives what the node publishes.
        model: model of the node.
        value: name of a diagnostic value to wait for.
    """
    with NodeProcess('depth', {'model': model}):
        source = Source(probe)
        depths = probe.collect(Image, '/depth/image_rect')
        source.fit()
        frame = counts()
        frame[::3, ::2] = 3
        source.spikes(frame, stamp_ns=1)
        probe.until(lambda: depths and value in probe.values(STATUS), 'depth and diagnostics')
        return Answer(frame, from_image(depths[0]), probe.values(STATUS))
