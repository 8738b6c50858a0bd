"""Where the node learns its rig: from parameters, from a calibration file, or from CameraInfo."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from spike_depth_ros.calibration import camera_info, files
from spike_depth_ros.calibration.errors import CalibrationError
from spike_depth_ros.calibration.model import PinholeCamera
from spike_depth_ros.calibration.rig_map import CAMERAS, RigMap
from spike_depth_ros.frames.pixel_table import PixelTable
from spike_depth_ros.ros import qos

FROM_TOPICS = 'camera_info'
NO_BASELINE = 0.0


class RigSource:
    """Keep the map of the node's rig.

    settings: the binner's parameters. changed: called when CameraInfo brings another rig. problem:
    why there is no map, '' if there is one. Raises CalibrationError, one sentence, for a file
    that cannot be used.
    """

    def __init__(self, node: Node, settings: dict[str, Any], changed: Callable[[], None]) -> None:
        p = settings
        self._cameras = 2 if p['stereo'] else 1
        self._network = PinholeCamera(p['width'], p['height'], p['focal_length'], p['cx'], p['cy'])
        self._given_baseline_m = p['baseline'] if p['stereo'] else NO_BASELINE
        self._changed = changed
        self._infos: list[CameraInfo | None] = [None] * self._cameras
        self._map: RigMap | None = None
        self.problem = ''
        if p['right_calibration'] and p['calibration'] in ('', FROM_TOPICS):
            raise CalibrationError(
                f"right_calibration='{p['right_calibration']}' goes with a file for the left "
                f"camera, but calibration is '{p['calibration']}': give both, or leave it out."
            )
        if p['calibration'] == FROM_TOPICS:
            self._subscribe(node)
        elif p['calibration']:
            paths = p['calibration'], p['right_calibration']
            self._map = RigMap(self._network, files.load(*paths, self._cameras))
        else:
            self._map = RigMap(self._network, None)

    @property
    def map(self) -> RigMap | None:
        """Return the map, None as long as it is not known."""
        return self._map

    @property
    def baseline_m(self) -> float:
        """Return the baseline of the rig as mapped: the calibration's, or the parameter."""
        calibrated_m = self._map.baseline_m if self._map else None
        return self._given_baseline_m if calibrated_m is None else calibrated_m

    def table(self, camera: int, raw_width: int, raw_height: int) -> PixelTable:
        """Return a camera's pixel table; raises CalibrationError while there is none."""
        if self._map is None:
            raise CalibrationError(self.problem)
        return self._map.table(camera, raw_width, raw_height)

    def _subscribe(self, node: Node) -> None:
        for camera in range(self._cameras):
            node.create_subscription(
                CameraInfo,
                f'{CAMERAS[camera]}/camera_info',
                partial(self._take, camera),
                qos.calibration(),
                qos_overriding_options=qos.OVERRIDABLE_DURABILITY,
            )
        self.problem = self._missing()

    def _take(self, camera: int, info: CameraInfo) -> None:
        """Take a CameraInfo; they come with every picture, and only a new one matters."""
        if self._infos[camera] and _content(info) == _content(self._infos[camera]):
            return
        self._infos[camera] = info
        self.problem = self._missing()
        if self.problem:
            return
        try:
            rig = camera_info.rig(*self._infos, *[None] * (2 - self._cameras))
            self._map = RigMap(self._network, rig)
        except CalibrationError as error:
            self._map, self.problem = None, str(error)
        self._changed()

    def _missing(self) -> str:
        missing = [
            f'{name}/camera_info'
            for name, info in zip(CAMERAS, self._infos, strict=False)
            if info is None
        ]
        return f'no message on {" and ".join(missing)} yet' if missing else ''


def _content(info: CameraInfo) -> tuple[object, ...]:
    """Return what of a CameraInfo is read, comparable also where it holds NaN."""
    numbers = (info.d, info.k, info.r, info.p)
    exact = (np.array(values, np.float64).tobytes() for values in numbers)
    return (info.width, info.height, info.distortion_model, *exact)
