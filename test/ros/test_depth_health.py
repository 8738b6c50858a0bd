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

"""Depth reports over DDS: depth that is wrong or missing."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from inference.test_stereo_check import windows
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.spike_info import to_spike_info
from spike_depth_ros.units import SECOND_NS
from testing.depth_input import STATUS, Source, counts, stereo_rig
from testing.nodes import NodeProcess
from testing.probe import Probe


def until_reported(
    probe: Probe, source: Source, rig: SpikeStream, frames: list[np.ndarray], part: str
) -> DiagnosticStatus:
    """Send spike frames until the report holds some words; return it."""
    source.info(rig)
    sent = [0]

    def is_reported() -> bool:
        sent[0] += 1
        source.spikes(frames[sent[0] % len(frames)], 1_000 * SECOND_NS + sent[0] * SECOND_NS // 20)
        return part in probe.text(STATUS)

    probe.until(is_reported, part)
    return probe.status[STATUS]


@pytest.fixture
def source(probe: Probe, stereo_model: Path) -> Source:
    with NodeProcess('depth', {'model': stereo_model}):
        yield Source(probe)


@pytest.mark.parametrize(('baseline_m', 'range_m'), [(9.9, '49.5 to 991 m'), (0.0001, '0.01 m')])
def test_a_depth_range_that_no_robot_has(
    probe: Probe, source: Source, baseline_m: float, range_m: str
) -> None:
    rig = replace(stereo_rig(), baseline_m=baseline_m)
    assert (
        until_reported(probe, source, rig, [counts()], f'{range_m}: is the calibration').level
        >= DiagnosticStatus.WARN
    )


@pytest.mark.parametrize(
    ('left', 'right', 'part'),
    [
        (0, 1, 'incomplete, one camera saw nothing (0 and 89960 in the last window'),
        (0, 0, 'skipped, fewer events than min_events (0 and 0 in the last window'),
    ],
)
def test_why_no_window_yields_depth(
    probe: Probe, source: Source, left: int, right: int, part: str
) -> None:
    assert (
        until_reported(probe, source, stereo_rig(), [counts(left, right)], part).level
        >= DiagnosticStatus.WARN
    )


def test_too_few_events(probe: Probe, source: Source) -> None:
    frame = np.zeros((260, 346, 4), np.uint8)
    frame[:10, :10, ::2] = 1
    part = 'fewer events than min_events (100 and 100 in the last window, min_events is 500)'
    assert (
        until_reported(probe, source, stereo_rig(), [frame], part).level >= DiagnosticStatus.WARN
    )


def test_left_and_right_exchanged(probe: Probe, source: Source) -> None:
    assert (
        until_reported(
            probe, source, stereo_rig(), windows(-20), 'exchange the topics left/events'
        ).level
        >= DiagnosticStatus.WARN
    )


def test_two_binners(probe: Probe, source: Source) -> None:
    probe.until_text(STATUS, 'no spikes/info yet')
    assert probe.status[STATUS].level != DiagnosticStatus.OK
    probe.node.create_publisher(Image, '/spikes', qos.images())
    probe.until_text(STATUS, '/spikes has 2 publishers (/probe, /probe)')
    assert probe.status[STATUS].level != DiagnosticStatus.OK


def test_no_binner_and_one_that_has_no_windows(probe: Probe, stereo_model: Path) -> None:
    calibration = {'calibration': 'camera_info'}
    with NodeProcess('depth', {'model': stereo_model}):
        probe.until_text(STATUS, 'no spikes/info yet: no binner publishes /spikes: start it')
        assert probe.status[STATUS].level != DiagnosticStatus.OK
        with NodeProcess('binner', calibration):
            probe.until_text(STATUS, 'no calibration yet: no message on /left/camera_info')
            assert probe.status[STATUS].level != DiagnosticStatus.OK


def test_a_binner_of_another_version(probe: Probe, source: Source) -> None:
    info = to_spike_info(stereo_rig(), Header())
    info.channels = 3
    source.send_info(info)
    part = 'spikes/info has channels = 3, but it must be 2 or 4: run a binner of the same version'
    probe.until_text(STATUS, part)
    assert probe.status[STATUS].level != DiagnosticStatus.OK


def test_a_binner_with_another_type_of_info(probe: Probe, stereo_model: Path) -> None:
    probe.node.create_publisher(Image, '/spikes', qos.images())
    probe.node.create_publisher(DiagnosticStatus, '/spikes/info', qos.latched())
    with NodeProcess('depth', {'model': stereo_model}):
        probe.until_text(STATUS, '/spikes/info carries diagnostic_msgs/msg/DiagnosticStatus, but')
        assert probe.status[STATUS].level != DiagnosticStatus.OK


def test_millimetres_that_do_not_fit(probe: Probe, stereo_model: Path) -> None:
    with NodeProcess('depth', {'model': stereo_model, 'depth_encoding': '16UC1'}):
        rig = replace(stereo_rig(), baseline_m=2.4)
        part = '100% of the depth is over 65.535 m, which 16UC1 cannot hold'
        assert (
            until_reported(probe, Source(probe), rig, [counts(left=3)], part).level
            >= DiagnosticStatus.WARN
        )


def test_a_confidence_that_no_pixel_has(probe: Probe, confident_model: Path) -> None:
    with NodeProcess('depth', {'model': confident_model, 'min_confidence': 1.0}):
        frame = counts()
        frame[..., 1] = 1
        part = '100% of the pixels have less confidence than min_confidence asks for'
        assert (
            until_reported(probe, Source(probe), stereo_rig(), [frame], part).level
            >= DiagnosticStatus.WARN
        )


def test_depth_nearer_than_the_range_everywhere(probe: Probe, source: Source) -> None:
    frame = counts(0, 0)
    frame[:1, :, ::3] = 255  # as many events as are asked for, in one row
    part = "of the pixels have depth: the others are nearer than the model's range"
    assert (
        until_reported(probe, source, stereo_rig(), [frame], part).level >= DiagnosticStatus.WARN
    )


def test_stamps_of_another_clock(probe: Probe, source: Source) -> None:
    assert (
        until_reported(
            probe, source, stereo_rig(), [counts()], 's after its stamp: set the clocks'
        ).level
        >= DiagnosticStatus.WARN
    )


def test_stamps_in_the_future(probe: Probe, source: Source) -> None:
    source.info(stereo_rig())

    def is_reported() -> bool:
        source.spikes(counts(), time.time_ns() + 5 * SECOND_NS)
        return 's before its stamp: set the clocks' in probe.text(STATUS)

    probe.until(is_reported, 'stamps in the future')
    assert probe.status[STATUS].level != DiagnosticStatus.OK
