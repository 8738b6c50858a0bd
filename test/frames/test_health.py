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

"""Judgement of counters: events without a network pixel, and missing windows."""

from dataclasses import replace

import numpy as np
import pytest

from spike_depth_ros.frames.counters import BinnerCounters, CameraCounters
from spike_depth_ros.frames.health import difference, filtered, misplaced, read, why_nothing_counts
from spike_depth_ros.frames.idleness import IDLE_NS, Idleness
from spike_depth_ros.geometry.pixel_table import UNMAPPED, PixelTable


def table(unmapped: float) -> PixelTable:
    """Return the table of a sensor of 10 x 100 pixels of which a share is unmapped."""
    index = np.arange(1000, dtype=np.int32).reshape(100, 10)
    index[: round(100 * unmapped)] = UNMAPPED
    return PixelTable(index, np.ones((100, 10), bool))


def test_events_off_the_sensor() -> None:
    assert not misplaced('left', CameraCounters(events=100, events_outside=2), table(0))
    (problem,) = misplaced('left', CameraCounters(events=100, events_outside=12), table(0))
    assert problem.startswith("12% of the left camera's events lie off its sensor of 10 x 100")


@pytest.mark.parametrize(('of_pixels', 'of_events'), [(0.0, 5), (0.18, 32), (0.6, 80)])
def test_unmapped_events_beyond_what_the_lens_explains(of_pixels: float, of_events: int) -> None:
    counted = CameraCounters(events=100, events_unmapped=of_events)
    assert not misplaced('right', counted, table(of_pixels))
    counted.events_unmapped += 1
    (problem,) = misplaced('right', counted, table(of_pixels))
    assert f"{of_events + 1}% of the right camera's events" in problem
    assert f'({of_pixels:.0%} of its pixels)' in problem


@pytest.mark.parametrize(
    ('counted', 'reason'),
    [
        (CameraCounters(), 'no packets come from the left camera'),
        (CameraCounters(packets=9), "the left camera's packets hold no events"),
        (
            CameraCounters(packets=9, packets_unknown_encoding=9),
            "the left camera's packets have an unknown encoding",
        ),
        (
            CameraCounters(packets=100, packets_wrong_form=8, packets_uncalibrated=92),
            "the left camera's packets do not fit the calibration",
        ),
        (
            CameraCounters(packets=9, events=100, events_outside=91),
            "the left camera's events lie off its sensor",
        ),
        (
            CameraCounters(packets=9, events=100, events_hot=30, events_background=65),
            "the left camera's events are removed as noise",
        ),
        (CameraCounters(packets=9, events=100, events_unmapped=50), ''),
    ],
)
def test_reasons_why_a_camera_contributes_nothing(counted: CameraCounters, reason: str) -> None:
    assert why_nothing_counts('left', counted) == reason


def test_the_difference_of_counters() -> None:
    now, before = CameraCounters(packets=5, events=7), CameraCounters(packets=2)
    assert difference(now, before) == CameraCounters(packets=3, events=7)


def test_idleness_gives_the_reason_of_the_last_seconds() -> None:
    left, right = CameraCounters(packets=10, events=10), CameraCounters(packets=10, events=10)
    counters = BinnerCounters((left, right), windows_closed=3)
    idleness = Idleness(counters, 0)
    assert idleness.update(counters, IDLE_NS - 1, '') == ''
    later = replace(counters, cameras=(replace(left, packets=20), right))
    sentence = idleness.update(later, IDLE_NS, '')
    assert sentence == (
        "no spike frame for 2.0 s: the left camera's packets hold no events and no packets come "
        'from the right camera'
    )
    assert sentence.endswith(idleness.reason)
    assert idleness.update(later, IDLE_NS, 'no calibration').endswith(': no calibration')
    assert idleness.update(replace(later, windows_closed=4), 9 * IDLE_NS, '') == ''
    assert idleness.reason == ''
    assert 'no window is complete' in idleness.update(
        BinnerCounters(
            (replace(left, packets=30, events=30), replace(right, packets=30, events=30)),
            windows_closed=4,
        ),
        20 * IDLE_NS,
        '',
    )


def test_noise_filters_that_remove_nearly_everything_are_named_by_their_parameter() -> None:
    assert not filtered('left', CameraCounters(events=100, events_background=90))
    counted = CameraCounters(events=100, events_background=91)
    (problem,) = filtered('left', counted)
    assert problem.startswith("91% of the left camera's events are removed as noise: change backg")


def test_packets_that_were_dropped_were_not_read() -> None:
    assert read(CameraCounters(packets=9, packets_uncalibrated=7, packets_lost=3)) == 2


def test_the_reason_is_that_of_the_last_seconds() -> None:
    """Packets came after the last frame, and then no more."""
    counters = [
        BinnerCounters((CameraCounters(packets=packets, events=packets),), windows_closed=3)
        for packets in (10, 12, 12, 12)
    ]
    idleness = Idleness(counters[0], 0)
    sentences = [idleness.update(each, n * IDLE_NS, '') for n, each in enumerate(counters)]
    assert sentences[1].endswith('no window is complete')
    assert sentences[3].endswith('no packets come from the left camera')
