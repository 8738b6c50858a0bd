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

"""Checks of a finished soak, and their figures."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import Any

from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.units import SECOND_US
from stress.soak import windows
from stress.soak.faults import GUARD_S, Fault
from stress.soak.gaps import Gap
from stress.soak.ledger import COUNTERS, UNCONDITIONAL
from stress.soak.record import (
    CAMERA_COUNTERS,
    RIG_COUNTERS,
    Record,
    Stretch,
    count,
    grown,
    published,
    stretches,
)
from stress.soak.stream import TICK_US

LONGEST_RECOVERY_S = GUARD_S
# After a fault the clocks settle, and the binner waits for two more seconds before it changes the
# mode.
LONGEST_HOST_S = 6.0
# Counters that grow in a healthy stream.
MOVING = ('windows_closed',)


class Verdict:
    """Figures of a soak by name, and the reasons of its failure."""

    def __init__(self) -> None:
        self.figures: dict[str, Any] = {}
        self.failures: list[str] = []

    def expect(self, holds: bool, failure: str) -> None:
        """Add a failure, in one sentence, unless a condition holds."""
        if not holds:
            self.failures.append(failure)


def check(record: Record, verdict: Verdict) -> None:
    """Check frames, packets, windows and recovery."""
    _check_totals(record, verdict)
    found = stretches(record)
    _check_windows(record, found, verdict)
    _check_counters(record, found, verdict)
    _check_gaps(record, found, verdict)
    _check_sync(record, verdict)
    _check_recovery(record, verdict)


def _check_totals(record: Record, verdict: Verdict) -> None:
    """Check that every message and frame arrived, and the counters that depend on no order."""
    last = record.snapshots[-1]
    frames = len(record.frames)
    verdict.figures['frames received'] = frames
    verdict.figures |= {counter: count(last, counter) for counter in RIG_COUNTERS}
    verdict.expect(
        frames == published(last), f'{frames} frames came, but {published(last)} were published'
    )
    for name, ledger in zip(CAMERAS, record.ledgers, strict=True):
        sent = ledger.at(ledger.published)
        found = {counter: count(last, counter, name) for counter in CAMERA_COUNTERS}
        for counter in UNCONDITIONAL:
            verdict.expect(
                found[counter] == sent[counter],
                f'{name} {counter} is {found[counter]}, but {sent[counter]} were sent',
            )
        verdict.expect(
            found['packets_lost'] <= sent['packets_lost'],
            f'{name} packets_lost is {found["packets_lost"]}, but {sent["packets_lost"]} were',
        )
        verdict.figures[f'{name} packets missing in seq'] = sent['packets_lost']
        verdict.figures |= {f'{name} {counter}': value for counter, value in found.items()}


def _check_windows(record: Record, found: list[Stretch], verdict: Verdict) -> None:
    """Check every window of every region, event for event."""
    total = windows.Outcome()
    for stretch in found:
        frames = windows.frames_of(record.frames, stretch.region)
        outcome = windows.check(record.scene, record.ledgers, stretch.region, frames)
        total.add(outcome)
        verdict.expect(
            outcome.matching == outcome.expected and not outcome.extra,
            f'{stretch.region}: of {outcome.expected} windows {outcome.missing} are missing and '
            f'{outcome.wrong} have other events; {outcome.extra} frames too many',
        )
    verdict.expect(total.expected > 0, 'no window could be checked')
    verdict.figures |= {
        'regions without heavy faults': len(found),
        'windows expected in them': total.expected,
        'windows missing': total.missing,
        'windows with other events': total.wrong,
        'frames too many': total.extra,
        'largest error of a stamp (ms)': round(total.error_us / 1000, 3),
    }


def _check_counters(record: Record, found: list[Stretch], verdict: Verdict) -> None:
    """Check that in each region every counter grew by the sender's number."""
    for stretch in found:
        wrong = '; '.join(_wrong_counters(record, stretch))
        verdict.expect(not wrong, f'{stretch.region}: {wrong}')


def _wrong_counters(record: Record, stretch: Stretch) -> Iterator[str]:
    first, last = stretch.first, stretch.last
    for counter in RIG_COUNTERS:
        more = grown(first, last, counter)
        if more and counter not in MOVING:
            yield f'{counter} grew by {more}'
    for name, ledger in zip(CAMERAS, record.ledgers, strict=True):
        before, after = (ledger.at(count(s, 'packets', name)) for s in (first, last))
        for counter in CAMERA_COUNTERS:
            expected = after[counter] - before[counter] if counter in COUNTERS else 0
            more = grown(first, last, counter, name)
            if more != expected:
                yield f'{name} {counter} grew by {more}, not {expected}'


def _check_gaps(record: Record, found: list[Stretch], verdict: Verdict) -> None:
    """Check that the node's counters explain the windows between regions."""
    gaps = [Gap(record, before, after) for before, after in pairwise(found)]
    for gap in gaps:
        verdict.expect(gap.is_explained, gap.sentence())
    verdict.figures |= {
        'gaps between regions': len(gaps),
        'of these without a reset': sum(not gap.resets for gap in gaps),
        'windows in gaps': round(sum(gap.windows for gap in gaps)),
        'windows missing in gaps': round(sum(gap.missing for gap in gaps)),
        'gaps that counters do not explain': sum(not gap.is_explained for gap in gaps),
    }


def _check_sync(record: Record, verdict: Verdict) -> None:
    """Check that the node reports unsynchronised cameras only shortly after a fault."""
    heavy = [(f.start * TICK_US, f.stop * TICK_US) for f in record.faults if f.is_heavy]
    longest_s = 0.0
    for snapshot in record.snapshots:
        since_us = max((stop for start, stop in heavy if start <= snapshot.arrived_us), default=0)
        if snapshot.sync != 'sensor' and since_us:
            longest_s = max(longest_s, (snapshot.arrived_us - since_us) / SECOND_US)
    reports = sum(snapshot.sync == 'host' for snapshot in record.snapshots)
    verdict.figures["reports of sync 'host'"] = reports
    verdict.figures['longest time of it after a fault (s)'] = round(longest_s, 1)
    verdict.expect(
        longest_s <= LONGEST_HOST_S,
        f"sync was still 'host' {longest_s:.1f} s after a fault, over {LONGEST_HOST_S:.0f} s",
    )


def _check_recovery(record: Record, verdict: Verdict) -> None:
    """Measure the time from each fault to the next frame of both cameras."""
    spent: dict[str, list[float]] = {}
    for fault, follower in pairwise([*record.faults, None]):
        recovery_s = _recovery_s(record, fault, follower)
        if recovery_s is not None:
            spent.setdefault(fault.kind, []).append(recovery_s)
    everything = [seconds for of_kind in spent.values() for seconds in of_kind]
    for kind, of_kind in {'all faults': everything, **spent}.items():
        verdict.figures[f'recovery from {kind} (s)'] = _summary(of_kind)
        verdict.expect(
            max(of_kind, default=0.0) <= LONGEST_RECOVERY_S,
            f'frames took {max(of_kind, default=0.0):.1f} s to flow again after {kind}',
        )


def _summary(seconds: list[float]) -> dict[str, float]:
    return {
        'faults': len(seconds),
        'median': round(median(seconds or [0.0]), 3),
        'maximum': round(max(seconds, default=0.0), 3),
    }


def _recovery_s(record: Record, fault: Fault, follower: Fault | None) -> float | None:
    """Return the time to the next frame, s; None where another fault followed too soon."""
    stop_us = fault.stop * TICK_US
    recovery_s = (_flows_us(record, stop_us) - stop_us) / SECOND_US
    limit_us = follower.start * TICK_US if follower else record.stop_us
    limit_s = (limit_us - stop_us) / SECOND_US
    return None if limit_s < min(recovery_s, LONGEST_RECOVERY_S) else recovery_s


def _flows_us(record: Record, stop_us: int) -> float:
    """Return the arrival of the first frame of both cameras whose window ends after a fault."""
    jump_us = record.jump_us(stop_us)
    first = bisect_left(record.frames, stop_us, key=lambda frame: frame.arrived_us)
    for frame in record.frames[first:]:
        stamp_us = frame.stamp_us - jump_us
        if stop_us < stamp_us < frame.arrived_us and frame.left and frame.right:
            return frame.arrived_us
    return float('inf')
