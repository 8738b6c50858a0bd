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

"""Numbers that the nodes report on /diagnostics."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import nan
from typing import Self, TypeVar

from spike_depth_ros.frames.counters import BinnerCounters, CameraCounters
from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.ros.depth_counters import DepthCounters
from spike_depth_ros.ros.depth_meters import FIRING_RATE
from spike_depth_ros.ros.diagnostics import in_words
from spike_depth_ros.ros.replay_report import PAUSED, SHIFT

Counters = TypeVar('Counters', CameraCounters, DepthCounters)


@dataclass(frozen=True, slots=True)
class BinnerStatus:
    """Numbers of one report of the binner node.

    Args:
        counters: counters since the start.
        packets_hz: packets of each camera per second.
        events_hz: events of all cameras per second.
        subscribers: number of subscribers of `spikes`.
    """

    counters: BinnerCounters
    packets_hz: tuple[float, ...]
    events_hz: float
    subscribers: int

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> Self:
        """Read the values of a DiagnosticStatus; a missing number is 0."""
        rates = [f'{camera} packets (1/s)' for camera in CAMERAS]
        names = [f.name for f in fields(BinnerCounters) if f.name != 'cameras']
        return cls(
            counters=BinnerCounters(
                cameras=tuple(_counters(CameraCounters, values, f'{c} ') for c in CAMERAS),
                **{name: int(values.get(in_words(name), 0)) for name in names},
            ),
            packets_hz=tuple(float(values[key]) for key in rates if key in values),
            events_hz=sum(float(values.get(f'{c} events (1/s)', 0)) for c in CAMERAS),
            subscribers=int(values.get('subscribers', 0)),
        )

    @property
    def is_working(self) -> bool:
        """Return whether packets of each camera arrive."""
        return bool(self.packets_hz) and all(self.packets_hz)


@dataclass(frozen=True, slots=True)
class DepthStatus:
    """Numbers of one report of the depth node.

    Args:
        counters: counters since the start.
        input_hz, output_hz: spike frames received and depth images published per second.
        latency_median_ms, latency_p99_ms: time from the stamp to the publication of a depth
            image, milliseconds; NaN before any.
        firing_rates: share of non-zero values by the report's key, the mean over the layers first;
            empty before any depth.
    """

    counters: DepthCounters
    input_hz: float = 0.0
    output_hz: float = 0.0
    latency_median_ms: float = nan
    latency_p99_ms: float = nan
    firing_rates: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> Self:
        """Read the values of a DiagnosticStatus; a missing number is 0, a latency NaN."""
        return cls(
            counters=_counters(DepthCounters, values),
            input_hz=float(values.get('input rate (Hz)', 0)),
            output_hz=float(values.get('output rate (Hz)', 0)),
            latency_median_ms=float(values.get('latency median (ms)', nan)),
            latency_p99_ms=float(values.get('latency p99 (ms)', nan)),
            firing_rates={k: float(v) for k, v in values.items() if k.startswith(FIRING_RATE)},
        )

    @property
    def is_working(self) -> bool:
        """Return whether spike frames arrive."""
        return self.input_hz > 0


@dataclass(frozen=True, slots=True)
class ReplayStatus:
    """Numbers of one report of the replay node.

    Args:
        shift_ns: header stamp less time of the recording, nanoseconds; None before the start.
        paused_s: time spent in pauses, seconds.
    """

    shift_ns: int | None = None
    paused_s: float = 0.0

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> Self:
        """Read the values of a DiagnosticStatus."""
        shift = values.get(SHIFT)
        return cls(None if shift is None else int(shift), float(values.get(PAUSED, 0)))


def _counters(kind: type[Counters], values: Mapping[str, str], prefix: str = '') -> Counters:
    names = (f.name for f in fields(kind))
    return kind(**{name: int(values.get(prefix + in_words(name), 0)) for name in names})
