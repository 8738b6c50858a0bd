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

"""Settings of the replay node: its parameters, read once and immutable; times in nanoseconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from spike_depth_ros.units import SECOND_NS


@dataclass(frozen=True)
class ReplaySettings:
    """Settings of the replay node.

    Args:
        recording: folder of the rosbag2 recording.
        left, right: event topics in the recording; '': find them.
        rate: speed of the replay; 1: real time.
        publish_clock: publish /clock and leave the recorded stamps; else stamp with current time.
        wait_ns: longest wait for a subscriber of each event topic; 0: do not wait.
    """

    recording: Path
    left: str
    right: str
    rate: float
    publish_clock: bool
    wait_ns: int

    @classmethod
    def from_parameters(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings that the values of the table REPLAY give."""
        return cls(
            recording=Path(values['recording']),
            left=values['left'],
            right=values['right'],
            rate=values['rate'],
            publish_clock=values['publish_clock'],
            wait_ns=round(values['wait_s'] * SECOND_NS),
        )
