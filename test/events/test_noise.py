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

"""Noise filters: by hand, and against the slow reference through every decoder."""

import numpy as np
import pytest
from events.counting import (
    BASE_NS,
    FOREVER_NS,
    HEIGHT,
    WIDTH,
    Counting,
    count_slots,
    mono,
)
from events.reference_noise import filter_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from spike_depth_ros.events import encodings, event_counts
from spike_depth_ros.events.noise import NoiseFilter, NoiseSettings
from spike_depth_ros.units import SECOND_NS
from testing.cameras import HEIGHT as CAMERA_HEIGHT
from testing.cameras import WIDTH as CAMERA_WIDTH
from testing.cameras import Camera, split

PLACES = (event_counts.HOT_EVENTS, event_counts.REFRACTORY_EVENTS, event_counts.BACKGROUND_EVENTS)
OFF = NoiseSettings()


class Filtering:
    """Count events of one stream through filters; an event: dt in ns, x, y."""

    def __init__(self, settings: NoiseSettings, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.noise = NoiseFilter(width, height, settings)
        self._counting = Counting('mono')

    def read(self, *events: tuple[int, int, int]) -> list[int]:
        """Return for each event: 1 when it was counted, else 0."""
        counted = []
        for t_ns, x, y in events:
            self.noise.advance(BASE_NS + t_ns)
            before = int(self._counting.histogram.sum())
            self._counting.read(
                mono((0, x, y, 1)), time_base_ns=BASE_NS + t_ns, noise=self.noise.state
            )
            counted.append(int(self._counting.histogram.sum()) - before)
        return counted

    @property
    def removed(self) -> list[int]:
        """Return the numbers of hot, refractory and unsupported events."""
        return [self._counting.count(place) for place in PLACES]


def test_refractory_time_is_half_open_and_counts_from_the_last_event_that_passed() -> None:
    filtering = Filtering(NoiseSettings(refractory_ns=100))
    times = [0, 99, 100, 150, 199, 200, 350]
    assert filtering.read(*[(t, 3, 3) for t in times]) == [1, 0, 1, 0, 0, 1, 1]
    assert filtering.read((360, 4, 3)) == [1]  # another pixel
    assert filtering.removed == [0, 3, 0]


@pytest.mark.parametrize(
    ('x', 'y', 'dt_ns', 'counts'),
    [
        *((x, y, 100, 1) for x in (2, 3, 4) for y in (2, 3, 4) if (x, y) != (3, 3)),
        (4, 4, 101, 0),
        (3, 3, 1, 0),  # the pixel itself
        (5, 3, 1, 0),
        (3, 1, 1, 0),
    ],
)
def test_an_event_is_supported_by_one_beside_it(x: int, y: int, dt_ns: int, counts: int) -> None:
    filtering = Filtering(NoiseSettings(support_ns=100))
    assert filtering.read((0, x, y), (dt_ns, 3, 3)) == [0, counts]
    assert filtering.removed == [0, 0, 2 - counts]


def test_pixels_at_the_border_are_no_neighbours_of_the_other_side() -> None:
    filtering = Filtering(NoiseSettings(support_ns=100))
    right, bottom = WIDTH - 1, HEIGHT - 1
    corners = [(0, 0, 0), (1, right, bottom), (2, right, 0), (3, 0, bottom), (4, 0, 1)]
    assert filtering.read(*corners) == [0, 0, 0, 0, 1]
    assert filtering.read((5, right - 1, bottom), (6, right, bottom)) == [1, 1]


def test_an_event_outside_the_sensor_is_no_noise_and_supports_nothing() -> None:
    filtering = Filtering(NoiseSettings(1.0, 100, 100), width=3, height=3)
    assert filtering.read((0, 3, 0), (0, 3, 0), (0, 0, 3), (1, 2, 0)) == [1, 1, 1, 0]


def fire(filtering: Filtering, second: int, *pixels: tuple[int, int, int]) -> list[int]:
    """Send events of pixels (x, y, events) within a second; return the number counted of each."""
    start_ns = second * SECOND_NS
    return [
        sum(filtering.read(*[(start_ns + n, x, y) for n in range(events)]))
        for x, y, events in pixels
    ]


def test_a_hot_pixel_is_left_out_for_the_next_second_and_as_long_as_it_stays_so() -> None:
    filtering = Filtering(NoiseSettings(hot_pixel_hz=10.0))
    assert fire(filtering, 0, (3, 3, 11), (9, 3, 10)) == [11, 10]  # nothing is known yet
    assert fire(filtering, 1, (3, 3, 11), (9, 3, 10)) == [0, 10]  # 10 is not more than 10
    assert filtering.noise.hot_pixels == 1
    assert fire(filtering, 2, (3, 3, 2)) == [0]  # events while hot count for the next period
    assert fire(filtering, 3, (3, 3, 2)) == [2]
    assert filtering.noise.hot_pixels == 0
    assert filtering.removed == [13, 0, 0]


def test_a_hot_pixel_recovers_without_events() -> None:
    filtering = Filtering(NoiseSettings(hot_pixel_hz=10.0))
    fire(filtering, 0, (3, 3, 11))
    filtering.read((SECOND_NS, 9, 3))
    assert filtering.noise.hot_pixels == 1
    filtering.read((2 * SECOND_NS, 9, 3))
    assert filtering.noise.hot_pixels == 0


@pytest.mark.parametrize(
    ('x', 'y', 'others', 'is_hot'),
    [
        (3, 3, 59, True),
        (3, 3, 60, False),  # of 24 pixels around it: 8 times their mean is 20, as its own events
        (0, 0, 19, True),
        (0, 0, 20, False),  # 8 pixels
        (WIDTH - 1, 3, 34, True),  # 14 pixels
        (WIDTH - 1, 3, 35, False),
    ],
)
def test_a_hot_pixel_stands_out_from_those_around_it(
    x: int, y: int, others: int, is_hot: bool
) -> None:
    filtering = Filtering(NoiseSettings(hot_pixel_hz=10.0))
    inside = (x + 2 if x + 2 < WIDTH else x - 2, y + 2)
    outside = (x + 3 if x + 3 < WIDTH else x - 3, y)
    fire(filtering, 0, (x, y, 20), (*inside, others), (*outside, 250))
    filtering.read((SECOND_NS, WIDTH, HEIGHT))
    assert fire(filtering, 1, (x, y, 1)) == [0 if is_hot else 1]


def test_a_rate_under_one_event_a_second_is_one() -> None:
    filtering = Filtering(NoiseSettings(hot_pixel_hz=0.1))
    fire(filtering, 0, (3, 3, 1), (9, 3, 2))
    assert fire(filtering, 1, (3, 3, 1), (9, 3, 1)) == [1, 0]


def test_a_filter_ignores_events_that_an_earlier_filter_removed() -> None:
    filtering = Filtering(NoiseSettings(hot_pixel_hz=2.0, refractory_ns=100, support_ns=100))
    assert filtering.read((0, 3, 3)) == [0]
    # Without support, but a neighbour and no longer refractory for the next ones.
    assert filtering.read((50, 3, 3), (60, 4, 3), (100, 3, 3)) == [0, 1, 1]
    assert filtering.removed == [0, 1, 1]
    assert filtering.read((SECOND_NS, 3, 3)) == [0]  # hot: 3 events
    assert filtering.removed == [1, 1, 1]
    assert filtering.read((SECOND_NS + 1, 4, 3)) == [0]  # a hot event supports nothing
    assert filtering.removed == [1, 1, 2]
    assert filtering.read((2 * SECOND_NS, 3, 3), (2 * SECOND_NS + 1, 3, 3)) == [0, 0]
    assert filtering.removed == [1, 2, 3]  # no longer hot


def test_settings_change_at_once_and_the_state_of_pixels_stays() -> None:
    filtering = Filtering(NoiseSettings(hot_pixel_hz=2.0))
    fire(filtering, 0, (3, 3, 3))
    filtering.noise.configure(NoiseSettings(hot_pixel_hz=2.0, refractory_ns=100))
    assert filtering.read((99, 3, 3)) == [0]  # 97 ns after the last one
    filtering.noise.configure(NoiseSettings(hot_pixel_hz=2.0))
    assert filtering.read((99, 3, 3)) == [1]
    assert fire(filtering, 1, (3, 3, 1)) == [0]
    filtering.noise.configure(NoiseSettings(refractory_ns=1))
    assert fire(filtering, 1, (3, 3, 2)) == [2]
    assert filtering.removed == [1, 1, 0]


def test_all_off_is_no_state_and_forgets() -> None:
    filtering = Filtering(OFF)
    assert OFF.is_off
    assert filtering.noise.state is None
    assert filtering.noise.hot_pixels == 0
    assert fire(filtering, 0, (3, 3, 20)) == [20]
    filtering.noise.configure(NoiseSettings(refractory_ns=100))
    assert filtering.read((10, 3, 3)) == [1]
    filtering.noise.configure(OFF)
    assert filtering.noise.state is None


def test_a_time_jump_forgets_times_and_keeps_hot_pixels() -> None:
    filtering = Filtering(NoiseSettings(hot_pixel_hz=2.0, refractory_ns=100))
    fire(filtering, 5, (3, 3, 300))
    filtering.read((6 * SECOND_NS, 9, 3))
    filtering.noise.forget_time()
    assert filtering.noise.hot_pixels == 1
    filtering.noise.advance(BASE_NS - 7 * SECOND_NS)
    assert filtering.noise.hot_pixels == 1
    assert filtering.noise.state is not None
    assert filtering.noise.state.last_ns.max() < 0
    assert filtering.noise.state.events.max() == 0
    filtering.noise.advance(BASE_NS - 6 * SECOND_NS)
    assert filtering.noise.hot_pixels == 0


# Few pixels, few times and repetitions, so all filters remove events.
SPAN_US = 3_000_000
BEGIN_US = 2**24 // 10**6 * 10**6
times = st.integers(0, 5) | st.integers(0, 59).map(lambda n: n * 50_000)
pixels = st.tuples(
    st.sampled_from([0, 0, 0, 1, 4, 5, CAMERA_WIDTH - 1, CAMERA_WIDTH]),
    st.sampled_from([0, 0, 0, 1, 3, CAMERA_HEIGHT - 1, CAMERA_HEIGHT]),
)
bursts = st.tuples(times, pixels, st.integers(0, 1), st.sampled_from([1, 1, 4]))
streams = st.lists(bursts, max_size=40).map(
    lambda bursts: sorted(
        (BEGIN_US + t, x, y, p) for t, (x, y), p, events in bursts for _ in range(events)
    )
)
filters = st.builds(
    NoiseSettings,
    hot_pixel_hz=st.sampled_from([0.0, 1.0, 2.0]),
    refractory_ns=st.sampled_from([0, 1000, 2000, 10**8]),
    support_ns=st.sampled_from([0, 1000, 50_000_000, 10**8]),
)


def count(
    encoding: str, events: list, cuts: list[int], ends_us: list[int], noise: NoiseFilter | None
) -> tuple[list, list[int]]:
    """Return frames and event counts of a stream.

    ends_us: ends of slots beside those at whole seconds.
    """
    camera = Camera(encoding)
    packets = [camera.send([], until_us=BEGIN_US)]
    packets += split(camera, events, cuts, BEGIN_US + SPAN_US)
    seconds = range(0, SPAN_US + 1, 10**6)
    ends_ns = [(BEGIN_US + end) * 1000 for end in sorted({*ends_us, *seconds})]
    if noise:
        noise.advance(BEGIN_US * 1000)
    decoder = encodings.new_decoder(encoding)
    frames, counts = count_slots(decoder, packets, [*ends_ns, FOREVER_NS], noise)
    return frames, counts.tolist()


@settings(deadline=None, max_examples=500)
@given(
    st.sampled_from(encodings.names()),
    streams,
    st.lists(st.integers(0, 80), max_size=8),
    st.lists(st.integers(0, SPAN_US) | times, max_size=8),
    filters,
)
def test_decoders_filter_as_the_reference_does_however_the_stream_is_cut(
    encoding: str, events: list, cuts: list[int], ends_us: list[int], settings: NoiseSettings
) -> None:
    noise = NoiseFilter(CAMERA_WIDTH, CAMERA_HEIGHT, settings)
    frames, counts = count(encoding, events, cuts, ends_us, noise)
    rows = [(t_us * 1000, *rest) for t_us, *rest in events]
    passed, removed = filter_rows(rows, settings, CAMERA_WIDTH, CAMERA_HEIGHT)
    sent = [(t_ns // 1000, *rest) for t_ns, *rest in passed]
    expected, bare_counts = count(encoding, sent, cuts, ends_us, None)
    assert np.array_equal(frames, expected)
    assert [counts[place] for place in PLACES] == removed
    assert counts[event_counts.EVENTS] == len(events)
    assert counts[event_counts.OUTSIDE_EVENTS] == bare_counts[event_counts.OUTSIDE_EVENTS]


@settings(deadline=None)
@given(st.sampled_from(encodings.names()), streams, st.lists(st.integers(0, 80), max_size=8))
def test_filters_that_remove_nothing_change_nothing(
    encoding: str, events: list, cuts: list[int]
) -> None:
    lax = NoiseFilter(CAMERA_WIDTH, CAMERA_HEIGHT, NoiseSettings(1e6, 0, 0))
    frames, counts = count(encoding, events, cuts, [], lax)
    assert lax.state is not None
    bare_frames, bare_counts = count(encoding, events, cuts, [], None)
    assert np.array_equal(frames, bare_frames)
    assert counts == bare_counts
