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

"""Settings of the binner node: its parameters, read once and immutable; times in nanoseconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from spike_depth_ros.events.noise import NoiseSettings
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.units import MS_NS


@dataclass(frozen=True)
class BinnerSettings:
    """Settings of the binner node.

    Args:
        cameras: number of cameras, 1 or 2.
        window_ns, hop_ns: length of a window, and time from window to window, nanoseconds.
        max_wait_ns: longest wait for a camera after the first one has passed the end of a window.
        empty_windows: whether windows without events are published too.
        sync: 'auto', or the clock in which windows are cut: 'sensor' or 'host'.
        camera: rectified camera of the spike frames.
        baseline_m: distance of the cameras in metres without a calibration; 0 with one camera.
        calibration: path of a file, 'camera_info', 'rectified' or '' (not calibrated).
        right_calibration: path of the right camera's ROS calibration, '' without one.
        noise: settings of the noise filters.
        event_queue: depth of the event subscriptions, packets.
    """

    cameras: Literal[1, 2]
    window_ns: int
    hop_ns: int
    max_wait_ns: int
    empty_windows: bool
    sync: str
    camera: PinholeCamera
    baseline_m: float
    calibration: str
    right_calibration: str
    noise: NoiseSettings
    event_queue: int

    @classmethod
    def from_parameters(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings that the values of the table BINNER give."""
        return cls(
            cameras=2 if values['stereo'] else 1,
            window_ns=_ms_to_ns(values['window_ms']),
            hop_ns=_ms_to_ns(values['hop_ms']),
            max_wait_ns=_ms_to_ns(values['max_wait_ms']),
            empty_windows=values['empty_windows'],
            sync=values['sync'],
            camera=PinholeCamera(
                values['width'],
                values['height'],
                values['focal_length'],
                values['cx'],
                values['cy'],
            ),
            baseline_m=values['baseline'] if values['stereo'] else 0.0,
            calibration=values['calibration'],
            right_calibration=values['right_calibration'],
            noise=NoiseSettings(
                hot_pixel_hz=values['hot_pixel_hz'],
                refractory_ns=_ms_to_ns(values['refractory_ms']),
                support_ns=_ms_to_ns(values['background_ms']),
            ),
            event_queue=values['event_queue'],
        )


def _ms_to_ns(milliseconds: float) -> int:
    return round(milliseconds * MS_NS)
