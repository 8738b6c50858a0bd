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

"""Settings of the depth node: its parameters, read once and immutable."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from spike_depth_ros.units import MS_NS


@dataclass(frozen=True)
class DepthSettings:
    """Settings of the depth node.

    Args:
        model: path of the ONNX model.
        min_events: least number of events in a window that yields depth.
        min_confidence: least confidence of a pixel that has depth, 0 to 1; 0: off.
        hold_ms: greatest age of the depth of an earlier window that stands in for that of a window
            with too few events, milliseconds; 0: none does.
        motion: 'auto' (by odometry or imu where they come) or 'none'.
        camera_in_imu: pose of the left camera in the IMU's frame, or ''; see ros/mounting.py.
        camera_in_base: pose of the left camera in the odometry's child frame, or ''; likewise.
        provider: 'auto' or the name of an execution provider.
        threads: threads of the inference; 0: one for each core.
        queue: number of windows that may wait for inference.
        depth_encoding: '32FC1' (metres) or '16UC1' (millimetres).
    """

    model: str
    min_events: int
    min_confidence: float
    hold_ms: float
    motion: str
    camera_in_imu: str
    camera_in_base: str
    provider: str
    threads: int
    queue: int
    depth_encoding: str

    @property
    def hold_ns(self) -> int:
        """Return hold_ms in nanoseconds."""
        return round(self.hold_ms * MS_NS)

    @classmethod
    def from_parameters(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings that the values of the table DEPTH give."""
        return cls(**values)
