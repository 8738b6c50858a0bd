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

"""Settings of the camera node: its parameters, read once and immutable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from spike_depth_ros.units import MS_NS, SECOND_NS

BIAS = re.compile(r'(\w+)\s*=\s*(\d+)(?:/(\d+))?')


@dataclass(frozen=True)
class TuningSettings:
    """Settings that change while cameras run.

    Args:
        contrast_on, contrast_off: thresholds of a DVXplorer; -1: the camera's own.
        noise_ns: time of the noise filter, nanoseconds; 0: off.
    """

    contrast_on: int
    contrast_off: int
    noise_ns: int


@dataclass(frozen=True)
class CameraSettings:
    """Settings of the camera node.

    Args:
        sources: the left or only camera, and the right one: serial number, tcp://host:port or path
            of a Unix socket; '': the first camera found.
        frames: frame of each camera's packets.
        is_synchronised: whether two cameras on USB share a clock by cable.
        calibration, right_calibration: paths of calibration files, '' without one.
        packet_ns: longest time that a packet holds, nanoseconds.
        biases: coarse and fine value, or one value, of biases by name.
        tuning: settings that change while cameras run.
        wait_ns: longest wait for the cameras at the start, nanoseconds.
    """

    sources: tuple[str, ...]
    frames: tuple[str, ...]
    is_synchronised: bool
    calibration: str
    right_calibration: str
    packet_ns: int
    biases: Mapping[str, tuple[int, ...]]
    tuning: TuningSettings
    wait_ns: int

    @classmethod
    def from_parameters(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings that the values of the table EVENT_CAMERAS give.

        Raises ValueError, one sentence, for values that do not fit each other.
        """
        left, right = values['left'], values['right']
        if right and right == left:
            raise ValueError(f"left and right are both '{left}': give each camera its own")
        count = 2 if right else 1
        return cls(
            sources=(left, right)[:count],
            frames=(values['left_frame'], values['right_frame'])[:count],
            is_synchronised=values['synchronised'],
            calibration=values['calibration'],
            right_calibration=values['right_calibration'],
            packet_ns=round(values['packet_ms'] * MS_NS),
            biases=_biases(values['biases']),
            tuning=tuning(values),
            wait_ns=round(values['wait_s'] * SECOND_NS),
        )


def tuning(values: Mapping[str, Any]) -> TuningSettings:
    """Return the settings that change while cameras run."""
    return TuningSettings(
        contrast_on=values['contrast_on'],
        contrast_off=values['contrast_off'],
        noise_ns=round(values['noise_filter_ms'] * MS_NS),
    )


def _biases(text: str) -> dict[str, tuple[int, ...]]:
    """Parse 'On=6/255, Off=4/6'; raises ValueError, one sentence."""
    biases = {}
    for part in filter(None, (part.strip() for part in text.split(','))):
        match = BIAS.fullmatch(part)
        if not match:
            raise ValueError(
                f"the bias '{part}' has not the form Name=coarse/fine or Name=value: write for "
                'example On=6/255, Off=4/6'
            )
        biases[match[1]] = tuple(int(number) for number in match.groups()[1:] if number)
    return biases
