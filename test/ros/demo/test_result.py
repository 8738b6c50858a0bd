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

"""Result of the demo: counts, failures, table."""

from dataclasses import replace

import pytest

from spike_depth_ros.ros.demo.comparison import DepthError
from spike_depth_ros.ros.demo.node_status import BinnerStatus, DepthStatus
from spike_depth_ros.ros.demo.result import Counts, Result, mean_firing_rates
from spike_depth_ros.ros.demo.table import table

BINNER = {
    'windows closed': '200',
    'windows empty': '4',
    'windows discarded': '0',
    'left events': '1000',
    'right events': '2000',
    'left packets': '30',
    'right packets': '40',
    'left packets lost': '1',
    'right packets lost': '2',
}
DEPTH = {
    'windows out': '180',
    'windows skipped': '5',
    'windows incomplete': '6',
    'windows dropped': '3',
}


def result(
    binner: dict[str, str],
    depth: dict[str, str],
    duration_s: float,
    has_truth: bool = False,
    no_truth: str = '',
    most_windows: int = 210,
    median_ms: float = 10.0,
) -> Result:
    return Result(
        counts=Counts.of(BinnerStatus.from_values(binner), DepthStatus.from_values(depth)),
        most_windows=most_windows,
        hop_s=0.05,
        duration_s=duration_s,
        latency_ms=(median_ms, 20.0),
        firing_rates={'firing rate': 0.1},
        has_truth=has_truth,
        no_truth=no_truth,
        error=None,
        binner_problem='no packets',
        depth_problem='no spike frame for 2 s',
    )


def test_every_window_is_counted_once() -> None:
    counts = Counts.of(BinnerStatus.from_values(BINNER), DepthStatus.from_values(DEPTH))

    assert (counts.windows_in, counts.windows_out) == (200, 180)
    assert (counts.skipped, counts.incomplete, counts.dropped) == (9, 6, 3)
    assert counts.lost == 200 - 180 - 9 - 6
    assert counts.answered == 195
    assert (counts.events, counts.packets, counts.packets_lost) == (3000, 70, 3)


def test_nodes_that_reported_nothing_count_nothing() -> None:
    assert Counts.of(None, None) == Counts.of(
        BinnerStatus.from_values({}), DepthStatus.from_values({})
    )


def test_a_good_run_has_no_failures() -> None:
    binner = BINNER | {'left packets lost': '0', 'right packets lost': '0'}
    good = result(binner, DEPTH | {'windows out': '185'}, duration_s=10.0)

    assert good.rate_hz == 20.0
    assert good.failures() == []
    assert replace(good, hop_s=0.02).failures() == ['the rate is 20.00 Hz, under 47.5 Hz']


def test_failures_have_sentences() -> None:
    sentences = result(BINNER, DEPTH, duration_s=15.0).failures()

    assert sentences == [
        '5 windows were lost',
        '3 packets were lost',
        'the rate is 13.00 Hz, under 19 Hz',
    ]
    assert 'no window came out of the binner: no packets' in result({}, {}, 0.0).failures()


def test_a_run_without_depth_is_a_failure() -> None:
    counters = {'windows out': '0', 'windows skipped': '196', 'windows incomplete': '0'}

    assert result({'windows closed': '200', 'windows empty': '4'}, counters, 10.0).failures() == [
        'no window gave depth: 200 had too few events, in 0 a camera saw nothing; the depth node '
        'reports: no spike frame for 2 s'
    ]


def test_more_windows_than_the_recording_holds_are_a_failure() -> None:
    sentences = result(BINNER, DEPTH, 10.0, most_windows=199).failures()

    assert (
        '200 windows came in, but the recording holds 199 at most: something else sent events'
        in sentences
    )


def test_depth_before_its_time_is_a_failure() -> None:
    (sentence,) = result(
        BINNER | {'left packets lost': '0', 'right packets lost': '0'},
        DEPTH | {'windows out': '185'},
        10.0,
        median_ms=-383.0,
    ).failures()

    assert 'stamped 383.0 ms later than it was published' in sentence


def test_the_table_gives_the_reason_for_missing_truth() -> None:
    reason = "'/depth' has 640 x 480 pixels, but windows have 346 x 260"

    assert f'no ground truth: {reason}' in table(result(BINNER, DEPTH, 10.0, no_truth=reason), '')


def test_the_table_names_what_was_measured() -> None:
    text = table(result(BINNER, DEPTH, 10.0), 'a name')

    assert text.startswith('a name\n')
    for part in ('no ground truth', '5, 3 of them dropped', '19.50 Hz', 'median 10.0 ms'):
        assert part in text


def test_true_depth_without_depth_is_a_failure() -> None:
    found = result(BINNER, DEPTH, 10.0, has_truth=True)

    assert 'no depth could be compared with the true depth of the recording' in found.failures()
    assert 'no window to compare' in table(found, 'a name')


def test_firing_rates_are_averaged() -> None:
    assert mean_firing_rates([{'firing rate a': 0.1}, {'firing rate a': 0.3}]) == {
        'firing rate a': pytest.approx(0.2)
    }
    assert mean_firing_rates([]) == {}


def test_the_table_ends_with_the_errors_in_the_protocol_of_the_data_set() -> None:
    errors = {'mean depth error (cm)': 53.98, 'at event pixels (cm)': 65.9}
    error = DepthError(49, 61, 0.4, 0.54, 1.181, 1.0, 0.2087, errors)
    text = table(replace(result(BINNER, DEPTH, 10.0, has_truth=True), error=error, tested=61), '')

    assert "0.540 m over 49 windows of 61 in the split's test range" in text
    assert 'mean depth error (cm)' in text and '53.98' in text
    assert 'flicker, change of log depth beyond the true one  0.209' in text


@pytest.mark.parametrize(
    ('truths', 'distance_ms', 'row'),
    [
        (160, 1.0, '0.540 m over 160 windows'),
        (200, 0.0, '0.540 m over 160 of 200 true depths'),
        (
            200,
            16.65,
            '0.540 m over 160 of 200 true depths, up to 16.6 ms from the end of a window',
        ),
    ],
)
def test_the_table_counts_the_true_depths_without_a_window_at_their_time(
    truths: int, distance_ms: float, row: str
) -> None:
    error = DepthError(160, truths, distance_ms, 0.54, 1.181, 1.0, float('nan'), {})
    lines = table(replace(result(BINNER, DEPTH, 10.0, has_truth=True), error=error), '').split(
        '\n'
    )

    assert any(line.endswith(f'  {row}') for line in lines)
    assert not any('flicker' in line for line in lines)
