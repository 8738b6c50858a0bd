"""DSEC's cam_to_cam files: cam0 is the left event camera, cam3 the right one."""

import math
from typing import Literal

from spike_depth_ros.calibration.kalibr import raw_camera
from spike_depth_ros.calibration.model import RigCalibration
from spike_depth_ros.calibration.section import Section

# The two frame cameras stand between the event cameras.
EVENT_CAMERAS = (0, 3)


def read(document: Section, cameras: Literal[1, 2]) -> RigCalibration:
    """Read the rig of the event cameras from a parsed cam_to_cam file.

    The baseline is 1 / Q[3][2] of disparity_to_depth.cams_03. Raises CalibrationError, naming the
    key, for what is missing or does not fit.
    """
    intrinsics, extrinsics = document.section('intrinsics'), document.section('extrinsics')
    raw = [
        raw_camera(
            intrinsics.section(f'cam{number}'),
            'camera_matrix',
            extrinsics.numbers(f'R_rect{number}', 3, 3),
        )
        for number in EVENT_CAMERAS[:cameras]
    ]
    return RigCalibration(tuple(raw), _baseline(document) if cameras == 2 else 0.0)


def _baseline(document: Section) -> float:
    inverse = document.section('disparity_to_depth').numbers('cams_03', 4, 4)[3, 2]
    return float(1 / inverse) if inverse else math.inf
