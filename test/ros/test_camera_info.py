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

"""Calibration by CameraInfo, before and after the first spike frame."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CameraInfo
from spike_depth_msgs.msg import SpikeInfo
from std_msgs.msg import Header

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.geometry.files import camera_info
from spike_depth_ros.geometry.rig_map import RigMap
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_time
from testing.binner_io import (
    PATIENT,
    STATUS,
    assert_frames,
    event_publishers,
    expected_frames,
    frames,
    send,
    send_both,
)
from testing.nodes import NodeProcess
from testing.probe import Probe
from testing.stripes import HEIGHT, WIDTH, packets

NETWORK = MVSEC_RIG.camera


def info(right_by_m: float, cx: float = 171.0, width: int = WIDTH) -> CameraInfo:
    """Return the CameraInfo of a lens with distortion, right_by_m right of the left camera."""
    f = 210.0
    return CameraInfo(
        width=width,
        height=HEIGHT,
        distortion_model='plumb_bob',
        d=[-0.1, 0.02, 0.0, 0.0, 0.0],
        k=[f, 0.0, cx, 0.0, f, 131.0, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[f, 0.0, cx, -f * right_by_m, 0.0, f, 131.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


class Cameras:
    """Two cameras that repeat their CameraInfo, as cameras do."""

    def __init__(self, probe: Probe) -> None:
        self.infos: dict[int, CameraInfo] = {}
        self._probe = probe
        self._sent = 0
        topics = ('/left/camera_info', '/right/camera_info')
        self._publishers = [probe.node.create_publisher(CameraInfo, name, 10) for name in topics]
        probe.until_subscribed(*topics)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Publish the CameraInfo until a condition holds."""

        def sent_and_true() -> object:
            self._sent += 1
            for camera, message in self.infos.items():
                message.header = Header(stamp=to_time(self._sent), frame_id='any')
                self._publishers[camera].publish(message)
            return condition()

        self._probe.until(sent_and_true, what)

    def until_calibrated(self) -> None:
        self.until(lambda: 'no message' not in self._probe.text(STATUS), 'calibrations')

    def until_resets(self, resets: int) -> None:
        self.until(lambda: self._probe.values(STATUS)['resets'] == str(resets), 'a reset')

    def expected_frames(self, streams: list[list[Packet]]) -> dict[int, np.ndarray]:
        """Return the spike frames of two streams with the current calibration."""
        rig = camera_info.rig(self.infos[0], self.infos[1])
        return expected_frames(streams, make_table=RigMap(NETWORK, rig).table)


@pytest.fixture
def cameras(probe: Probe) -> Iterator[Cameras]:
    with NodeProcess('binner', {**PATIENT, 'calibration': 'camera_info'}):
        yield Cameras(probe)


def test_nothing_is_counted_before_both_calibrations(probe: Probe, cameras: Cameras) -> None:
    senders = event_publishers(probe)
    images = frames(probe)
    streams = [packets(camera, 300_000) for camera in (0, 1)]

    def is_reported() -> bool:
        send(senders[0], streams[0][:1])  # a silent camera would be reported as STALE
        status = probe.status.get(STATUS)
        return status is not None and status.level == DiagnosticStatus.ERROR

    probe.until(is_reported, 'the missing calibration')
    missing = (
        'no message on /left/camera_info (/probe publishes it) and /right/camera_info (/probe '
        'publishes it)'
    )
    assert missing in probe.text(STATUS)
    cameras.infos[0] = info(0.0)
    part = 'no message on /right/camera_info (/probe publishes it)'
    cameras.until(lambda: part in probe.text(STATUS), part)
    assert int(probe.values(STATUS)['left packets uncalibrated']) > 0

    cameras.infos[1] = info(0.2)
    cameras.until_calibrated()
    expected = cameras.expected_frames(streams)
    send_both(senders, streams)
    probe.until(lambda: len(images) == len(expected), 'frames')
    assert_frames(images, expected)
    assert {image.header.frame_id for image in images} == {'camera0_rectified'}


def test_a_change_is_a_reset_and_one_of_another_size_is_reported(
    probe: Probe, cameras: Cameras
) -> None:
    senders = event_publishers(probe)
    images = frames(probe)
    rigs = probe.collect(SpikeInfo, '/spikes/info', qos.latched())
    streams = [packets(camera, 600_000) for camera in (0, 1)]
    cameras.infos = {0: info(0.0), 1: info(0.2)}
    probe.until(lambda: probe.text(STATUS), 'a report')
    cameras.until_calibrated()
    begin, end = ([stream[part] for stream in streams] for part in (slice(60), slice(60, None)))

    expected = cameras.expected_frames(begin)
    send_both(senders, begin)
    cameras.until(lambda: len(images) == len(expected), 'frames')
    probe.until(lambda: rigs and rigs[-1].baseline == pytest.approx(0.2), 'the baseline')

    cameras.infos[1] = info(0.25, cx=160.0)
    cameras.until_resets(1)
    expected |= cameras.expected_frames(end)
    send_both(senders, end)
    cameras.until(lambda: len(images) == len(expected), 'frames after the reset')
    probe.until(lambda: rigs[-1].baseline == pytest.approx(0.25), 'the new baseline')
    assert_frames(images, expected)

    cameras.infos[1] = info(0.25, width=640)
    cameras.until_resets(2)
    send(senders[1], end[1][-1:])
    probe.until_text(STATUS, 'the right sensor has 346 x 260 pixels, but its calibration is for')
    probe.until_value(STATUS, 'right packets uncalibrated', 1)


def test_alternating_calibrations_reset_nothing_and_are_reported(
    probe: Probe, cameras: Cameras
) -> None:
    event_publishers(probe)
    cameras.infos = {0: info(0.0), 1: info(0.2)}
    probe.until(lambda: probe.text(STATUS), 'a report')
    cameras.until_calibrated()

    def is_reported() -> bool:
        cameras.infos[1] = info(0.25 if cameras.infos[1].p[3] == info(0.2).p[3] else 0.2)
        return '/right/camera_info carries different calibrations in turn' in probe.text(STATUS)

    cameras.until(is_reported, 'both calibrations')
    assert probe.values(STATUS)['resets'] == '0'
