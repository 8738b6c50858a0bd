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
        recording: files or folders of the recording.
        truth: files with true depth; (): in the recording or beside it.
        calibration: path of the left camera's or the rig's calibration, '' to look for one.
        right_calibration: path of the right camera's file, or ''.
        left, right: event cameras in the recording; '': find them.
        rate: speed of the replay; 1: real time.
        start_ns: start after the first event.
        duration_ns: length of the part to play; None: to the end.
        loop: start again at the end.
        publish_truth: publish the true depth of the left camera.
        publish_clock: publish /clock and leave the recorded stamps; else stamp with current time.
        wait_ns: longest wait for a subscriber of each event topic; 0: do not wait.
    """

    recording: tuple[Path, ...]
    truth: tuple[Path, ...]
    calibration: str
    right_calibration: str
    left: str
    right: str
    rate: float
    start_ns: int
    duration_ns: int | None
    loop: bool
    publish_truth: bool
    publish_clock: bool
    wait_ns: int

    @classmethod
    def from_parameters(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings that the values of the table REPLAY give."""
        same = ('calibration', 'right_calibration', 'left', 'right', 'rate', 'loop')
        switches = ('publish_truth', 'publish_clock')
        return cls(
            recording=_paths(values['recording']),
            truth=_paths(values['truth']),
            start_ns=_to_ns(values['start']),
            duration_ns=_to_ns(values['duration']) or None,
            wait_ns=_to_ns(values['wait_s']),
            **{name: values[name] for name in (*same, *switches)},
        )


def _paths(value: str | list[str]) -> tuple[Path, ...]:
    texts = [value] if isinstance(value, str) else value
    return tuple(Path(text) for text in texts if text)


def _to_ns(seconds: float) -> int:
    return round(seconds * SECOND_NS)
