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

"""Report of the binner node on /diagnostics."""

from dataclasses import asdict, replace

from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.counters import BinnerCounters, CameraCounters
from spike_depth_ros.frames.health import (
    difference,
    filtered,
    misplaced,
    read,
)
from spike_depth_ros.frames.idleness import IDLE_NS, Idleness, output
from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.ros.diagnostics import STALE, WARN, Report, in_words
from spike_depth_ros.units import MS_NS, SECOND_NS

# A camera without packets is reported after this time. An event camera that sees no motion may
# send no events, but its driver sends packets all the same.
SILENT_NS = SECOND_NS
# Number of resets between two reports that a single jump in time does not cause.
MANY_RESETS = 3
# Counters that stand still on a healthy rig.
PACKET_PROBLEMS = (
    'packets_lost',
    'packets_out_of_order',
    'packets_malformed',
    'packets_unknown_encoding',
    'packets_wrong_form',
    'packets_uncalibrated',
    'packets_wrong_time',
    'packets_truncated',
)
NOISE_COUNTERS = ('events_hot', 'events_refractory', 'events_background')
PLACE_COUNTERS = ('events_outside', 'events_unmapped')


class BinnerReport:
    """Measurements and problems between two reports of the binner node; times are monotonic."""

    def __init__(self, binner: Binner, now_ns: int) -> None:
        self._binner = binner
        self._since_ns = now_ns
        self._before = _copy(binner.counters)
        self._packet_ns: list[int | None] = [None] * len(binner.counters.cameras)
        self._last_problem = ''
        self._idleness = Idleness(self._before, now_ns)
        self._events_ns = [now_ns] * len(binner.counters.cameras)

    @property
    def no_output(self) -> str:
        """Return why no spike frame has come out for seconds, '' while they do."""
        return self._idleness.reason

    def packet(self, camera: int, now_ns: int) -> None:
        """Record the arrival of a packet."""
        self._packet_ns[camera] = now_ns

    def silent(self, now_ns: int) -> list[bool]:
        """Return for each camera whether no packet has arrived for SILENT_NS."""
        return [
            packet_ns is None or now_ns - packet_ns > SILENT_NS for packet_ns in self._packet_ns
        ]

    def problem(self, sentence: str) -> None:
        """Record the latest problem of the binner."""
        self._last_problem = sentence

    def make(self, now_ns: int, blocked: str) -> Report:
        """Return the report and start the next.

        Args:
            now_ns: monotonic time, nanoseconds.
            blocked: why no packet can be counted, '' if they can; the node reports it itself.
        """
        now = _copy(self._binner.counters)
        elapsed_s = max((now_ns - self._since_ns) / SECOND_NS, 1e-9)
        pairs = zip(now.cameras, self._before.cameras, strict=True)
        cameras = [difference(*pair) for pair in pairs]
        report = Report()
        self._add_rates(report, now, cameras, elapsed_s)
        self._add_rig(report, cameras)
        self._add_counters(report, now)
        self._add_silences(report, now_ns)
        idleness = self._idleness.update(now, now_ns, blocked)
        if idleness and not blocked:
            report.problem(WARN, idleness)
        self._add_streams(report, cameras, now_ns)
        self._add_problems(report, now, cameras)
        self._since_ns, self._before, self._last_problem = now_ns, now, ''
        return report

    def _add_rates(
        self, report: Report, now: BinnerCounters, cameras: list[CameraCounters], elapsed_s: float
    ) -> None:
        report.values['output rate (Hz)'] = (output(now) - output(self._before)) / elapsed_s
        for name, camera in zip(CAMERAS, cameras, strict=False):
            report.values[f'{name} packets (1/s)'] = camera.packets / elapsed_s
            report.values[f'{name} events (1/s)'] = camera.events / elapsed_s

    def _add_rig(self, report: Report, cameras: list[CameraCounters]) -> None:
        """Add the agreement of the clocks, the mapping of pixels, and the filters' shares."""
        status = self._binner.status()
        report.values['sync'] = status.sync
        if status.apart_ns is not None:
            report.values['right clock behind left (ms)'] = status.apart_ns / MS_NS
        if status.disagreement:
            report.problem(WARN, status.disagreement)
        for name, camera, counted in zip(CAMERAS, status.cameras, cameras, strict=False):
            if camera.clock_spread_ns is not None:
                report.values[f'{name} clock spread (ms)'] = camera.clock_spread_ns / MS_NS
            if camera.table is not None:
                raw_pixels = camera.table.median_raw_pixels
                report.values[f'{name} raw pixels on a pixel (median)'] = raw_pixels
                report.values[f'{name} image covered (%)'] = 100 * camera.table.covered
            report.values[f'{name} hot pixels'] = camera.hot_pixels
            self._add_shares(report, name, counted)

    def _add_shares(self, report: Report, name: str, counted: CameraCounters) -> None:
        """Add the percentages of events that noise filters removed or that have no place."""
        for counter in (*NOISE_COUNTERS, *PLACE_COUNTERS):
            kind = counter.removeprefix('events_')
            verb = 'removed as' if counter in NOISE_COUNTERS else 'events'
            share = 100.0 * getattr(counted, counter) / max(counted.events, 1)
            report.values[f'{name} {verb} {kind} (%)'] = share

    def _add_counters(self, report: Report, now: BinnerCounters) -> None:
        values = asdict(now)
        cameras = values.pop('cameras')
        report.values |= {in_words(name): value for name, value in values.items()}
        for name, camera in zip(CAMERAS, cameras, strict=False):
            report.values |= {f'{name} {in_words(key)}': count for key, count in camera.items()}

    def _add_silences(self, report: Report, now_ns: int) -> None:
        silent = []
        for name, packet_ns in zip(CAMERAS, self._packet_ns, strict=False):
            if packet_ns is None:
                silent.append(f'no packets from the {name} camera yet')
            elif now_ns - packet_ns > SILENT_NS:
                seconds = (now_ns - packet_ns) / SECOND_NS
                silent.append(f'no packets from the {name} camera for {seconds:.1f} s')
        level = STALE if len(silent) == len(self._packet_ns) else WARN
        for sentence in silent:
            report.problem(level, sentence)

    def _add_streams(self, report: Report, cameras: list[CameraCounters], now_ns: int) -> None:
        """Add streams without events, with misplaced events, or without usable stamps."""
        status = self._binner.status()
        for number, counted in enumerate(cameras):
            name, table = CAMERAS[number], status.cameras[number].table
            if counted.events or not read(counted):
                self._events_ns[number] = now_ns
            elif now_ns - self._events_ns[number] >= IDLE_NS:
                seconds = (now_ns - self._events_ns[number]) / SECOND_NS
                report.problem(
                    WARN, f"the {name} camera's packets hold no events for {seconds:.1f} s"
                )
            if counted.events and table is not None:
                for sentence in (*misplaced(name, counted, table), *filtered(name, counted)):
                    report.problem(WARN, sentence)
            if counted.packets_unstamped:
                report.problem(
                    WARN,
                    f"the {name} camera's header stamps are zero or stand still, so the time of "
                    'arrival replaces them: have its driver stamp the packets',
                )

    def _add_problems(
        self, report: Report, now: BinnerCounters, cameras: list[CameraCounters]
    ) -> None:
        for name, counted in zip(CAMERAS, cameras, strict=False):
            for counter in PACKET_PROBLEMS:
                if new := getattr(counted, counter):
                    report.problem(WARN, f'{name} {in_words(counter)}: {new} more')
        if new := now.windows_incomplete - self._before.windows_incomplete:
            report.problem(WARN, f'{new} windows closed before every camera had passed their end')
        if (new := now.resets - self._before.resets) >= MANY_RESETS:
            report.problem(
                WARN,
                f'time was reset {new} times in a second: do two drivers publish on one topic, or '
                'do stamps jump back and forth?',
            )
        if self._last_problem:
            report.problem(WARN, self._last_problem)


def _copy(counters: BinnerCounters) -> BinnerCounters:
    return replace(counters, cameras=tuple(replace(camera) for camera in counters.cameras))
