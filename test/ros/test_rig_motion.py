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

"""Motion of the depth node's memory with the rig, over DDS.

The model's depth is its potential. A point of 8 m lies 20 pixels right of the principal point; in
the next window half of it is left, 3 m are added, and the rig may have turned.
"""

import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import Vector3
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Image, Imu
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from spike_depth_ros.geometry.pose import from_vector
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, to_rotation, to_time
from spike_depth_ros.ros.diagnostics import Report
from spike_depth_ros.ros.motion_topics import ImuTopic
from spike_depth_ros.ros.rig_motion import RigMotion
from spike_depth_ros.ros.static_frames import StaticFrames
from testing.depth_input import STATUS, Source, counts, stereo_rig
from testing.nodes import NodeProcess
from testing.probe import Probe

MS = 1_000_000
SECOND_MS = 1000
COLUMN, ROW, SHIFT = 173, 130, 20  # principal point
ANGLE = math.atan(SHIFT / MVSEC_RIG.camera.f)  # about y in 50 ms
RATE = ANGLE / 0.05
RELIABLE = {
    f'qos_overrides./{topic}.subscription.reliability': 'reliable' for topic in ('imu', 'odometry')
}
# From the frame of an IMU with x ahead, y left and z up to an optical frame.
OPTICAL = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])


class Rig:
    """Publisher of windows, and of the topics that tell the motion."""

    def __init__(self, probe: Probe) -> None:
        self.probe, self.source = probe, Source(probe)
        self.depths = probe.collect(Image, '/depth/image_rect')
        self._imu = probe.node.create_publisher(Imu, '/imu', 1000)
        self._odometry = probe.node.create_publisher(Odometry, '/odometry', 1000)
        probe.until_subscribed('/imu', '/odometry')
        self.stamp_ms = SECOND_MS
        self.taken = 0  # valid samples
        self.source.fit()

    def look(self) -> None:
        """Send the window with the point."""
        frame = counts()
        frame[ROW, COLUMN + SHIFT, 0] = 6
        self.window(frame)

    def window(self, frame: np.ndarray) -> np.ndarray:
        """Send a window; return its depth, metres of the model."""
        before = len(self.depths)
        self.source.spikes(frame, self.stamp_ms * MS)
        self.stamp_ms += 50
        self.probe.until(lambda: len(self.depths) > before, 'depth')
        scale = stereo_rig().baseline_m / MVSEC_RIG.baseline_m
        return from_image(self.depths[-1])[ROW] / scale

    def turn(self, rate: tuple[float, float, float], frame_id: str = 'imu_link') -> None:
        """Send 200 samples a second, from the newest window to the next one and 20 ms around."""
        times = range(self.stamp_ms - 70, self.stamp_ms + 21, 5)
        for t_ms in times:
            self.sample(t_ms, rate, frame_id)
        self.probe.until_value(STATUS, 'imu messages', self.taken)

    def windows(self) -> tuple[int, int]:
        """Return the numbers of windows moved and not moved in the latest report."""
        values = self.probe.values(STATUS)
        return int(values['windows moved']), int(values['windows not moved'])

    def sample(self, t_ms: int, rate: tuple[float, float, float], frame_id: str) -> None:
        x, y, z = rate
        header = Header(stamp=to_time(t_ms * MS), frame_id=frame_id)
        self._imu.publish(Imu(header=header, angular_velocity=Vector3(x=x, y=y, z=z)))
        self.taken += all(abs(value) <= 70 for value in rate)

    def drive(self, metres: float) -> None:
        """Send odometry at the ends of the newest window and the next, metres apart along x."""
        for t_ms, x in ((self.stamp_ms - 50, 0.0), (self.stamp_ms, metres)):
            header = Header(stamp=to_time(t_ms * MS), frame_id='odom')
            message = Odometry(header=header, child_frame_id='base_link')
            message.pose.pose.position.x = x
            self._odometry.publish(message)
        self.probe.until_value(STATUS, 'odometry messages', 2)


@pytest.fixture
def parameters(volume_model: Path) -> dict[str, object]:
    return {'model': volume_model, **RELIABLE}


@pytest.fixture
def rig(probe: Probe, parameters: dict[str, object]) -> Iterator[Rig]:
    with NodeProcess('depth', parameters):
        yield Rig(probe)


def test_without_a_topic_the_memory_stays_and_nothing_is_wrong(probe: Probe, rig: Rig) -> None:
    rig.look()
    row = rig.window(counts())
    assert row[COLUMN + SHIFT] == pytest.approx(3 + 8 / 2)
    assert row[COLUMN] == pytest.approx(3 + 3 / 2)
    probe.until_value(STATUS, 'windows not moved', 1)
    assert probe.values(STATUS)['motion by'] == 'none'
    assert not any(word in probe.text(STATUS) for word in ('imu', 'odometry', 'memory'))


def test_a_gyroscope_whose_orientation_the_calibration_tells(probe: Probe, rig: Rig) -> None:
    rig.source.info(replace(stereo_rig(), imu_rotation=OPTICAL))
    rig.look()
    rig.turn((0.0, 0.0, -RATE))  # to the right: about the axis up, against the right hand
    row = rig.window(counts())
    assert row[COLUMN] == pytest.approx(3 + 8 / 2, abs=0.02)
    assert row[COLUMN + SHIFT] == pytest.approx(3 + 3 / 2, abs=0.02)
    probe.until_value(STATUS, 'windows moved', 1)
    assert probe.values(STATUS)['motion by'] == 'imu'


def test_static_transforms_tell_the_orientation(probe: Probe, rig: Rig) -> None:
    transforms = probe.node.create_publisher(TFMessage, '/tf_static', qos.latched())
    probe.until(transforms.get_subscription_count, 'the subscription of /tf_static')
    rig.look()
    rig.turn((0.0, 0.0, -RATE))
    row = rig.window(counts())
    assert row[COLUMN + SHIFT] == pytest.approx(3 + 8 / 2)  # its orientation is unknown
    probe.until_value(STATUS, 'motion by', 'none')

    stamp = to_time(0)
    up = to_rotation(np.eye(3), 'base_link', 'imu_link', stamp)
    optical = to_rotation(OPTICAL, 'base_link', 'left_camera', stamp)
    transforms.publish(TFMessage(transforms=[up, optical]))

    def moves() -> bool:
        rig.look()
        rig.turn((0.0, 0.0, -RATE))
        return rig.window(counts())[COLUMN] > 6.9

    probe.until(moves, 'the memory to move')


def test_a_topic_that_falls_silent(probe: Probe, rig: Rig) -> None:
    rig.source.info(replace(stereo_rig(), imu_rotation=OPTICAL))
    rig.look()
    rig.turn((0.0, 0.0, -RATE))
    rig.window(counts())
    rig.stamp_ms += 100
    for _ in range(10):
        rig.window(counts())
    probe.until_text(STATUS, 'no imu for')
    (sentence,) = (part for part in probe.text(STATUS).split('; ') if 'imu' in part)
    assert sentence.startswith('no imu for')  # its clock is not to blame
    values = probe.values(STATUS)
    assert (values['motion by'], values['windows moved']) == ('none', '1')
    assert int(values['windows not moved']) >= 10


def test_wrong_samples_are_counted_and_named(probe: Probe, rig: Rig) -> None:
    rig.source.info(replace(stereo_rig(), imu_rotation=OPTICAL))
    rig.look()
    for rate in (math.nan, math.inf, 1000.0):
        rig.sample(SECOND_MS, (0.0, rate, 0.0), 'imu_link')
    probe.until_value(STATUS, 'imu messages invalid', 3)
    assert 'imu messages invalid: not finite, over 70 rad/s' in probe.text(STATUS)
    assert rig.window(counts())[COLUMN + SHIFT] == pytest.approx(3 + 8 / 2)
    # The clock of the IMU is set back: what follows counts.
    rig.sample(10**6, (0.0, 0.0, 0.0), 'imu_link')
    rig.look()
    rig.turn((0.0, 0.0, -RATE))
    assert rig.window(counts())[COLUMN] > 6.9
    probe.until_value(STATUS, 'imu jumps', 1)


def turn_until(
    rig: Rig, is_reached: Callable[[], object], stamp: Callable[[int], int], subject: str
) -> None:
    """Send windows, and samples of the time around each by another clock, until a condition.

    Args:
        rig: publisher of both.
        is_reached: the condition.
        stamp: stamp of the sample of a time, milliseconds.
        subject: name of the condition.
    """
    rig.source.info(replace(stereo_rig(), imu_rotation=OPTICAL))

    def is_reached_then() -> object:
        for t_ms in range(rig.stamp_ms - 25, rig.stamp_ms + 26, 5):
            rig.sample(stamp(t_ms), (0.0, 0.0, -RATE), 'imu_link')
        rig.window(counts())
        return is_reached()

    rig.probe.until(is_reached_then, subject)


@pytest.mark.parametrize(
    ('stamp', 'sentence'),
    [
        (lambda t_ms: t_ms + 900, r'imu is 0\.9\d\d s ahead of the windows .* by one clock'),
        (lambda t_ms: t_ms - 900, r'imu is 0\.8\d\d s behind the windows .* by one clock'),
        (lambda t_ms: t_ms + 10**9, r'imu is 1000000\.\d+ s ahead of the windows'),
        (lambda t_ms: 0, r'imu messages invalid: .*, or stamped 0'),
    ],
)
def test_wrong_stamps_are_named_and_move_nothing(
    probe: Probe, rig: Rig, stamp: Callable[[int], int], sentence: str
) -> None:
    turn_until(rig, lambda: re.search(sentence, probe.text(STATUS)), stamp, sentence)
    moved, not_moved = rig.windows()
    turn_until(rig, lambda: rig.windows()[1] > not_moved + 1, stamp, 'more windows')
    assert rig.windows()[0] == moved


def test_stamps_that_stand_still_are_named(probe: Probe, rig: Rig) -> None:
    late = 'imu messages late: their stamps stand still'
    turn_until(rig, lambda: late in probe.text(STATUS), lambda t_ms: t_ms // 100 * 100, late)
    assert probe.status[STATUS].level >= DiagnosticStatus.WARN


@pytest.mark.parametrize(
    ('step_ms', 'rate', 'sentence'),
    [
        (100, RATE, r'imu comes every 0\.100 s by its stamps, but must come every 0\.05 s'),
        (5, 45.0, r'not moved with the rig: imu turns at 45 rad/s in the mean .* not degrees'),
    ],
)
def test_rates_that_cannot_be_are_named(
    probe: Probe, rig: Rig, step_ms: int, rate: float, sentence: str
) -> None:
    rig.source.info(replace(stereo_rig(), imu_rotation=OPTICAL))

    def is_named() -> bool:
        for t_ms in range(rig.stamp_ms - 25, rig.stamp_ms + 25, 5):
            if t_ms % step_ms == 0:
                rig.sample(t_ms, (0.0, 0.0, -rate), 'imu_link')
        rig.window(counts())
        return re.search(sentence, probe.text(STATUS)) is not None

    probe.until(is_named, sentence)
    assert probe.status[STATUS].level >= DiagnosticStatus.WARN
    assert rig.windows()[1] > 0


@pytest.mark.parametrize(
    ('ahead_ms', 'reason'),
    [
        (-20, ''),
        (0, ''),
        (100, 'imu is stamped'),
        (250, 'imu is stamped'),
        (-200, 'imu comes'),
    ],
)
def test_stamps_beside_those_of_the_windows_clock(
    probe: Probe, ahead_ms: int, reason: str
) -> None:
    imu = ImuTopic(probe.node, StaticFrames(probe.node), None)
    stream = replace(stereo_rig(), imu_rotation=OPTICAL)
    for _ in range(5):
        now_ns = probe.node.get_clock().now().nanoseconds
        stamp_ns = now_ns + ahead_ms * MS
        # Samples of the latest 100 ms, of which the newest counts for the comparison.
        for t_ns in range(stamp_ns - 100 * MS, stamp_ns + 1, 5 * MS):
            imu._on_imu(Imu(header=Header(stamp=to_time(t_ns), frame_id='imu_link')))
        imu.window_in(now_ns - 30 * MS)
    pose = imu.between(now_ns - 80 * MS, now_ns - 30 * MS, stream, 'left_camera')
    assert (pose is None) == bool(reason)
    assert imu.reason.startswith(reason)


def test_rates_in_degrees_move_nothing(probe: Probe) -> None:
    imu = ImuTopic(probe.node, StaticFrames(probe.node), None)
    stream = replace(stereo_rig(), imu_rotation=OPTICAL)
    span_ns = SECOND_MS * MS, (SECOND_MS + 50) * MS

    def pose(rate: float, times_ms: range) -> object:
        for t_ms in times_ms:
            header = Header(stamp=to_time(t_ms * MS), frame_id='imu_link')
            imu._on_imu(Imu(header=header, angular_velocity=Vector3(z=rate)))
        return imu.between(*span_ns, stream, 'left_camera')

    assert pose(16.9, range(900, 1001, 5)) is not None
    assert pose(45.0, range(1005, 1101, 5)) is None
    assert imu.reason.startswith('imu turns at 31 rad/s')  # 21 samples of 16.9, 20 of 45
    report = Report()
    imu.add_to(report, time.monotonic_ns(), is_failing=False)
    assert [sentence for _, sentence in report.problems] == [
        f'the memory is not moved with the rig: {imu.reason}'
    ]


def test_a_topic_that_comes_and_goes_is_logged_once(probe: Probe) -> None:
    said: list[str] = []
    motion = RigMotion(probe.node, None, None, said.append)
    publisher = probe.node.create_publisher(Imu, '/imu', 10)
    message = Imu(header=Header(stamp=to_time(1025 * MS), frame_id='imu_link'))

    def has_come() -> bool:
        publisher.publish(message)
        report = Report()
        motion.add_to(report, time.monotonic_ns())
        return report.values.get('imu messages') == 1

    probe.until(has_come, 'a message')
    stream = replace(stereo_rig(), imu_rotation=OPTICAL)
    for start_ms in (1000, 5000) * 3:  # the message covers the first window, and not the second
        motion.move({}, (start_ms * MS, (start_ms + 50) * MS), stream)
    assert [sentence.partition(':')[0] for sentence in said] == [
        'memory moves by imu',
        'memory stays',
    ]


@pytest.mark.parametrize(('kind', 'topic'), [(Imu, '/imu'), (Odometry, '/odometry')])
def test_two_publishers_of_a_topic(probe: Probe, rig: Rig, kind: type, topic: str) -> None:
    probe.node.create_publisher(kind, topic, 10)
    probe.until_text(STATUS, f'{topic} has 2 publishers (/probe, /probe)')
    assert probe.status[STATUS].level >= DiagnosticStatus.WARN


class TestOdometry:
    """Odometry of a base whose x axis is the camera's."""

    @pytest.fixture
    def parameters(self, volume_model: Path) -> dict[str, object]:
        return {'model': volume_model, 'camera_in_base': "'0 0 0 0 0 0'", **RELIABLE}

    def test_translation(self, probe: Probe, rig: Rig) -> None:
        # A step of 8 baselines moves disparity 1 by 8 pixels, and disparity 0 not at all.
        rig.look()
        rig.drive(8 * stereo_rig().baseline_m)
        row = rig.window(counts())
        assert row[COLUMN + SHIFT] == pytest.approx(3 + (8 + 3) / 4, abs=0.02)
        assert row[COLUMN + SHIFT - 8] == pytest.approx(3 + (3 + 8) / 4, abs=0.02)
        probe.until_value(STATUS, 'motion by', 'odometry')


def test_no_motion(probe: Probe, volume_model: Path) -> None:
    with NodeProcess('depth', {'model': volume_model, 'motion': 'none'}):
        Source(probe).fit()
        assert not probe.node.count_subscribers('/imu')
        assert 'motion by' not in probe.values(STATUS)


def test_a_model_without_memory_does_not_listen(probe: Probe, stereo_model: Path) -> None:
    with NodeProcess('depth', {'model': stereo_model}):
        Source(probe).fit()
        assert not probe.node.count_subscribers('/imu')


def test_turning_by_the_angle_moves_the_point_to_the_middle() -> None:
    ray = from_vector([0, ANGLE, 0]) @ np.array([0.0, 0.0, 1.0])
    assert ray[0] / ray[2] * MVSEC_RIG.camera.f == pytest.approx(SHIFT)
