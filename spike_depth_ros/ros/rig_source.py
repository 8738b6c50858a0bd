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

"""The rig of the node: from parameters, from a calibration file, or from CameraInfo."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files import camera_info
from spike_depth_ros.geometry.files import load as files
from spike_depth_ros.geometry.pixel_table import PixelTable
from spike_depth_ros.geometry.plausibility import implausible_baseline, implausible_centre
from spike_depth_ros.geometry.rig_map import RigMap
from spike_depth_ros.ros import graph, qos
from spike_depth_ros.ros.diagnostics import steady_clock

FROM_TOPICS = 'camera_info'
LOOK_PERIOD_S = 0.5
# So long a changed calibration must be the only one before it is used.
STEADY_NS, UNSTEADY_NS = 1_000_000_000, 5_000_000_000
RECTIFIED = 'rectified'
NOT_CALIBRATED = (
    "not calibrated, so depth may be wrong: set the binner's parameter calibration to a file, to "
    'camera_info, or to rectified if the cameras are rectified already'
)
NO_BASELINE = 0.0


class RigSource:
    """Hold the map of the node's rig.

    camera: pinhole camera of the spike frames, to which all cameras are mapped. settings: the
    binner's parameters. changed: called when CameraInfo brings another rig. Raises
    CalibrationError, one sentence, for a file that cannot be used and for one topic that is to
    carry the CameraInfo of both cameras.
    """

    def __init__(self, node: Node, settings: dict[str, Any], changed: Callable[[], None]) -> None:
        p = settings
        self._node = node
        self._cameras = 2 if p['stereo'] else 1
        self.camera = PinholeCamera(p['width'], p['height'], p['focal_length'], p['cx'], p['cy'])
        self._given_baseline_m = p['baseline'] if p['stereo'] else NO_BASELINE
        self._changed = changed
        self._infos: list[CameraInfo | None] = [None] * self._cameras
        self._map: RigMap | None = None
        self._refused = ''
        self._pending: dict[int, tuple[CameraInfo, int]] = {}
        self._unsteady: dict[int, tuple[str, int]] = {}  # a sentence, and when it was last true
        self._topics: list[str] = []
        self._latched: dict[int, Subscription] = {}
        self._is_calibrated = bool(p['calibration'])
        if p['right_calibration'] and p['calibration'] in ('', FROM_TOPICS, RECTIFIED):
            raise CalibrationError(
                f"right_calibration='{p['right_calibration']}' goes with a file for the left "
                f"camera, but calibration is '{p['calibration']}': give both, or leave it out."
            )
        if p['calibration'] == FROM_TOPICS:
            self._subscribe()
        elif p['calibration'] not in ('', RECTIFIED):
            paths = p['calibration'], p['right_calibration']
            self._map = RigMap(self.camera, files.load(*paths, self._cameras))
        else:
            self._map = RigMap(self.camera, None)

    @property
    def map(self) -> RigMap | None:
        """Return the map, None as long as it is not known."""
        return self._map

    @property
    def baseline_m(self) -> float:
        """Return the baseline of the rig as mapped: the calibration's, or the parameter."""
        calibrated_m = self._map.baseline_m if self._map else None
        return self._given_baseline_m if calibrated_m is None else calibrated_m

    @property
    def problem(self) -> str:
        """Return why there is no map, '' if there is one."""
        return '' if self._map else self._refused or self._missing()

    @property
    def doubts(self) -> list[str]:
        """Return sentences about a map that can hardly be right."""
        doubts = [text for topic in self._topics if (text := graph.rivals(self._node, topic))]
        if not self._is_calibrated:
            doubts.append(NOT_CALIBRATED)
        doubts += self._map.doubts if self._map else []
        now_ns = time.monotonic_ns()
        doubts += [text for text, at_ns in self._unsteady.values() if now_ns - at_ns < UNSTEADY_NS]
        doubts.append(implausible_centre(self.camera))
        if self._map and self._map.baseline_m is None:
            doubts.append(implausible_baseline(self._given_baseline_m))
        return [doubt for doubt in doubts if doubt]

    def table(self, camera: int, raw_width: int, raw_height: int) -> PixelTable:
        """Return a camera's pixel table; raises CalibrationError while there is none."""
        if self._map is None:
            raise CalibrationError(self.problem)
        return self._map.table(camera, raw_width, raw_height)

    def _subscribe(self) -> None:
        """Subscribe the CameraInfo of each camera, also where it was latched before."""
        self._topics = [f'{name}/camera_info' for name in CAMERAS[: self._cameras]]
        graph.check_distinct(self._node, self._topics)
        self._node.create_timer(LOOK_PERIOD_S, self._look, clock=steady_clock())
        for camera, topic in enumerate(self._topics):
            self._node.create_subscription(
                CameraInfo,
                topic,
                partial(self._take, camera),
                qos.calibration(),
                qos_overriding_options=qos.OVERRIDABLE_DURABILITY,
            )

    def _look(self) -> None:
        """Subscribe once more where a publisher latches, and take what has changed for good.

        Not at once for all: publishers that do not latch would warn of such a subscription.
        """
        for camera, topic in enumerate(self._topics):
            infos = self._node.get_publishers_info_by_topic(topic)
            is_latched = any(
                info.qos_profile.durability == QoSDurabilityPolicy.TRANSIENT_LOCAL
                for info in infos
            )
            if is_latched and camera not in self._latched:
                self._latched[camera] = self._node.create_subscription(
                    CameraInfo, topic, partial(self._take, camera), qos.latched()
                )
            info, since_ns = self._pending.get(camera, (None, 0))
            if info and time.monotonic_ns() - since_ns >= STEADY_NS:
                del self._pending[camera]
                self._adopt(camera, info)

    def _take(self, camera: int, info: CameraInfo) -> None:
        """Take a CameraInfo; they come with every picture, and only a new one matters.

        One that differs from the first waits until no other has come for a while: each change
        resets time, and two publishers may take turns.
        """
        current = self._infos[camera]
        if current is None:
            self._adopt(camera, info)
        elif _content(info) == _content(current):
            if self._pending.pop(camera, None):
                topic = self._node.resolve_topic_name(self._topics[camera])
                sentence = (
                    f'{topic} carries different calibrations in turn, of which the first is used: '
                    'let one node publish one calibration'
                )
                self._unsteady[camera] = sentence, time.monotonic_ns()
        elif camera not in self._pending or _content(info) != _content(self._pending[camera][0]):
            self._pending[camera] = info, time.monotonic_ns()

    def _adopt(self, camera: int, info: CameraInfo) -> None:
        """Map the cameras by a CameraInfo from now on."""
        self._infos[camera] = info
        if self._missing():
            return
        try:
            rig = camera_info.rig(*self._infos, *[None] * (2 - self._cameras))
            self._map, self._refused = RigMap(self.camera, rig), ''
        except CalibrationError as error:
            self._map, self._refused = None, str(error)
        self._changed()

    def _missing(self) -> str:
        """Return which CameraInfo has not come, and who publishes it, '' if all have."""
        missing = []
        for topic, info in zip(self._topics, self._infos, strict=False):
            if info is None:
                senders = ', '.join(graph.publishers(self._node, topic)) or 'nobody'
                missing.append(f'{self._node.resolve_topic_name(topic)} ({senders} publishes it)')
        return f'no calibration yet: no message on {" and ".join(missing)}' if missing else ''


def _content(info: CameraInfo) -> tuple[object, ...]:
    """Return what of a CameraInfo is read, comparable also where it holds NaN."""
    numbers = (info.d, info.k, info.r, info.p)
    exact = (np.array(values, np.float64).tobytes() for values in numbers)
    return (info.width, info.height, info.distortion_model, *exact)
