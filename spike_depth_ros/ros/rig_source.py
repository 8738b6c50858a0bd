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

"""Pixel tables of the rig: from parameters, from a calibration file, or from CameraInfo."""

from collections.abc import Callable

from rclpy.node import Node

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files import camera_info
from spike_depth_ros.geometry.files.load import load
from spike_depth_ros.geometry.pixel_table import PixelTable
from spike_depth_ros.geometry.plausibility import implausible_baseline, implausible_centre
from spike_depth_ros.geometry.rig_map import RigMap
from spike_depth_ros.geometry.stereo_rig import CAMERAS
from spike_depth_ros.ros import graph
from spike_depth_ros.ros.binner_settings import BinnerSettings
from spike_depth_ros.ros.camera_info_topic import CameraInfoTopic

# Values of the parameter `calibration` that name no file.
UNCALIBRATED, RECTIFIED, FROM_TOPICS = '', 'rectified', 'camera_info'
NOT_CALIBRATED = (
    "not calibrated, so depth may be wrong: set the binner's parameter calibration to a file, to "
    'camera_info, or to rectified if the cameras are rectified already'
)


class RigSource:
    """Source of the pixel tables, by the parameter `calibration`.

    Attributes:
        map: pixel tables and baseline; None while no CameraInfo has come or it cannot be used.
    """

    def __init__(self, node: Node, settings: BinnerSettings, changed: Callable[[], None]) -> None:
        """Load the calibration file, or subscribe to CameraInfo.

        Raises CalibrationError, one sentence, for a file that cannot be used, and ValueError if
        both cameras' CameraInfo topics are remapped to one.

        Args:
            node: the binner node.
            settings: its settings.
            changed: called when CameraInfo has changed the map.
        """
        self.map: RigMap | None = None
        self._settings = settings
        self._changed = changed
        self._refused = ''
        self._topics: list[CameraInfoTopic] = []
        source, right_file = settings.calibration, settings.right_calibration
        if right_file and source in (UNCALIBRATED, FROM_TOPICS, RECTIFIED):
            raise CalibrationError(
                f"right_calibration='{right_file}' goes with a file for the left camera, but "
                f"calibration is '{source}': give both, or leave it out."
            )
        if source == FROM_TOPICS:
            self._subscribe(node)
        elif source in (UNCALIBRATED, RECTIFIED):
            self.map = RigMap(settings.camera, None)
        else:
            calibration = load(source, right_file, settings.cameras)
            self.map = RigMap(settings.camera, calibration)

    @property
    def baseline_m(self) -> float:
        """Return the baseline in metres: the calibration's, else the parameter's."""
        calibrated_m = self.map.baseline_m if self.map else None
        return self._settings.baseline_m if calibrated_m is None else calibrated_m

    @property
    def problem(self) -> str:
        """Return why there is no map, '' if there is one."""
        if self.map:
            return ''
        missing = [topic.missing for topic in self._topics if topic.missing]
        return self._refused or f'no calibration yet: no message on {" and ".join(missing)}'

    @property
    def warnings(self) -> list[str]:
        """Return a sentence for each reason to doubt the calibration."""
        warnings = [warning for topic in self._topics for warning in topic.warnings]
        if self._settings.calibration == UNCALIBRATED:
            warnings.append(NOT_CALIBRATED)
        warnings += self.map.doubts if self.map else []
        warnings.append(implausible_centre(self._settings.camera))
        if self.map and self.map.baseline_m is None:
            warnings.append(implausible_baseline(self._settings.baseline_m))
        return [warning for warning in warnings if warning]

    def table(self, camera: int, raw_width: int, raw_height: int) -> PixelTable:
        """Return the pixel table of a camera.

        Raises CalibrationError while there is none.

        Args:
            camera: 0 (left) or 1 (right).
            raw_width, raw_height: size of the sensor in pixels.
        """
        if self.map is None:
            raise CalibrationError(self.problem)
        return self.map.table(camera, raw_width, raw_height)

    def _subscribe(self, node: Node) -> None:
        names = [f'{camera}/camera_info' for camera in CAMERAS[: self._settings.cameras]]
        graph.check_distinct(node, names)
        self._topics = [CameraInfoTopic(node, name, self._calibrate) for name in names]

    def _calibrate(self) -> None:
        """Make the map once the CameraInfo of all cameras has come, and again on a change."""
        infos = [topic.info for topic in self._topics if topic.info is not None]
        if len(infos) < self._settings.cameras:
            return
        try:
            rig = camera_info.rig(infos[0], infos[1] if len(infos) == 2 else None)
            self.map, self._refused = RigMap(self._settings.camera, rig), ''
        except CalibrationError as error:
            self.map, self._refused = None, str(error)
        self._changed()
