"""What the binner node says on /diagnostics."""

from dataclasses import asdict

from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.ros.diagnostics import STALE, WARN, Report

CAMERAS = ('left', 'right')
SECOND_NS = 1e9
MS_NS = 1e6
# An event camera that sees no motion may send nothing; its driver sends packets all the same.
SILENT_NS = 1_000_000_000
# Counters that should stand still on a healthy rig.
_PACKET_PROBLEMS = (
    'packets_lost',
    'packets_out_of_order',
    'packets_malformed',
    'packets_unknown_encoding',
    'packets_wrong_form',
    'packets_uncalibrated',
    'packets_wrong_time',
    'packets_truncated',
)
_NOISE = ('hot', 'refractory', 'background')


class BinnerReport:
    """Keep what the node reports between two reports: rates, silences, new problems."""

    def __init__(self, binner: Binner, now_ns: int) -> None:
        self._binner = binner
        self._since_ns = now_ns
        self._before = asdict(binner.counters)
        self._heard_ns: list[int | None] = [None] * len(binner.counters.cameras)
        self._last_problem = ''

    def packet(self, camera: int, now_ns: int) -> None:
        """Take note that a camera sent something."""
        self._heard_ns[camera] = now_ns

    def problem(self, sentence: str) -> None:
        """Take note of the latest problem that the binner tells of."""
        self._last_problem = sentence

    def make(self, now_ns: int) -> Report:
        """Return the report at now_ns (monotonic) and start anew."""
        now = asdict(self._binner.counters)
        elapsed_s = max((now_ns - self._since_ns) / SECOND_NS, 1e-9)
        report = Report()
        self._add_rates(report, now, elapsed_s)
        self._add_rig(report, now)
        self._add_counts(report, now)
        self._add_silences(report, now_ns)
        self._add_problems(report, now)
        self._since_ns, self._before, self._last_problem = now_ns, now, ''
        return report

    def _add_rates(self, report: Report, now: dict, elapsed_s: float) -> None:
        published = now['windows_closed'] - now['windows_empty']
        before = self._before['windows_closed'] - self._before['windows_empty']
        report.values['output rate (Hz)'] = (published - before) / elapsed_s
        cameras = zip(CAMERAS, now['cameras'], self._before['cameras'], strict=False)
        for name, camera, earlier in cameras:
            for what in ('packets', 'events'):
                rate = (camera[what] - earlier[what]) / elapsed_s
                report.values[f'{name} {what} (1/s)'] = rate

    def _add_rig(self, report: Report, now: dict) -> None:
        """Add how the clocks agree, how pixels are mapped, and what the noise filters removed."""
        status = self._binner.status()
        report.values['sync'] = status.sync
        if status.apart_ns is not None:
            report.values['right clock behind left (ms)'] = status.apart_ns / MS_NS
        cameras = zip(
            CAMERAS, status.cameras, now['cameras'], self._before['cameras'], strict=False
        )
        for name, camera, counts, earlier in cameras:
            if camera.clock_spread_ns is not None:
                report.values[f'{name} clock spread (ms)'] = camera.clock_spread_ns / MS_NS
            if camera.raw_pixels is not None:
                report.values[f'{name} raw pixels on a pixel (median)'] = camera.raw_pixels
            report.values[f'{name} hot pixels'] = camera.hot_pixels
            events = max(counts['events'] - earlier['events'], 1)
            for kind in _NOISE:
                removed = counts[f'events_{kind}'] - earlier[f'events_{kind}']
                report.values[f'{name} removed as {kind} (%)'] = 100.0 * removed / events

    def _add_counts(self, report: Report, now: dict) -> None:
        for name, value in now.items():
            if name != 'cameras':
                report.values[_words(name)] = value
        for name, camera in zip(CAMERAS, now['cameras'], strict=False):
            report.values |= {f'{name} {_words(key)}': value for key, value in camera.items()}

    def _add_silences(self, report: Report, now_ns: int) -> None:
        silent = []
        for name, heard_ns in zip(CAMERAS, self._heard_ns, strict=False):
            if heard_ns is None:
                silent.append(f'no packets from the {name} camera yet')
            elif now_ns - heard_ns > SILENT_NS:
                seconds = (now_ns - heard_ns) / SECOND_NS
                silent.append(f'no packets from the {name} camera for {seconds:.1f} s')
        level = STALE if len(silent) == len(self._heard_ns) else WARN
        for sentence in silent:
            report.problem(level, sentence)

    def _add_problems(self, report: Report, now: dict) -> None:
        cameras = zip(CAMERAS, now['cameras'], self._before['cameras'], strict=False)
        for name, camera, earlier in cameras:
            for what in _PACKET_PROBLEMS:
                new = camera[what] - earlier[what]
                if new:
                    report.problem(WARN, f'{name} {_words(what)}: {new} more')
        new = now['windows_incomplete'] - self._before['windows_incomplete']
        if new:
            report.problem(WARN, f'{new} windows closed before every camera had passed their end')
        if self._last_problem:
            report.problem(WARN, self._last_problem)


def _words(counter: str) -> str:
    return counter.replace('_', ' ')
