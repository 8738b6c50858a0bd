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

"""Mounting of the left camera, as parameters give it: roll, pitch and yaw, and the place."""

import math

import numpy as np

from spike_depth_ros.geometry.pose import Pose, from_roll_pitch_yaw
from spike_depth_ros.ros.parameters import ParameterError

ORIENTATION, MOUNTING = 'roll pitch yaw', 'x y z roll pitch yaw'
UNITS = {ORIENTATION: 'radians', MOUNTING: 'metres and radians'}


def to_pose(name: str, text: str, form: str) -> Pose | None:
    """Return the pose of the camera that a parameter gives, metres and radians; None for ''.

    Raises ParameterError for a text that is not of the form.

    Args:
        name: name of the parameter.
        text: its value; numbers between spaces or commas.
        form: ORIENTATION or MOUNTING.
    """
    words = text.replace(',', ' ').split()
    if not words:
        return None
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != len(form.split()) or not all(map(math.isfinite, numbers)):
        raise ParameterError(
            f"parameter '{name}' is {text!r}, but must be '{form}' in {UNITS[form]}, "
            f'{len(form.split())} numbers between spaces, or empty'
        )
    if max(map(abs, numbers[-3:])) > 2 * math.pi:
        raise ParameterError(
            f"parameter '{name}' is {text!r}, but its angles must be radians from -6.28 to 6.28: "
            'divide degrees by 57.3'
        )
    place = numbers[:-3] or [0.0, 0.0, 0.0]
    return Pose(from_roll_pitch_yaw(*numbers[-3:]), np.array(place))
