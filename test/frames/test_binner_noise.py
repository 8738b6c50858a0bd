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

"""Noise filters in the binner: the events that they remove depend on the events only."""

import numpy as np
from events.reference_noise import filter_rows
from frames.deliveries import (
    MAX_WAIT_NS,
    SPAN_US,
    assert_equal,
    cuts,
    deliver,
    expected,
    moved,
    send,
    steps,
    times,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from spike_depth_ros.events import encodings
from spike_depth_ros.events.noise import NoiseSettings
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.units import MS_NS, SECOND_US
from testing.cameras import HEIGHT, WIDTH, Camera, Event

# Few pixels, adjacent and apart, so all filters remove events; one off the sensor.
events = st.lists(
    st.tuples(
        times, st.sampled_from([1, 2, 8, WIDTH]), st.sampled_from([1, 6]), st.integers(0, 1)
    ),
    max_size=60,
).map(sorted)
milliseconds = st.sampled_from([0, 1, 20, 200]).map(lambda n: n * MS_NS)
noises = st.builds(NoiseSettings, st.sampled_from([0.0, 1.0, 4.0]), milliseconds, milliseconds)


def filtered(events: list[Event], noise: NoiseSettings) -> tuple[list[Event], list[int]]:
    """Return the events that pass the reference filters, and each filter's removed events."""
    rows = [(t_us * 1000, *rest) for t_us, *rest in events]
    passed, removed = filter_rows(rows, noise, WIDTH, HEIGHT)
    return [(t_ns // 1000, *rest) for t_ns, *rest in passed], removed


@settings(deadline=None)
@given(
    st.sampled_from(encodings.names()),
    st.tuples(*[st.tuples(events, cuts)] * 2),
    noises,
    steps,
    st.sampled_from([10, 50]),
    st.integers(1, 15),
)
def test_the_same_is_removed_however_the_stream_is_cut(
    encoding: str, cameras: tuple, noise: NoiseSettings, steps: list, hop_ms: int, second: int
) -> None:
    start_us = second * SECOND_US - SPAN_US // 2  # hot pixels are found at whole seconds
    end_us = start_us + SPAN_US + 200_000
    hop_ns = hop_ms * MS_NS
    sent = [moved(events, start_us) for events, _ in cameras]
    passed, removed = zip(*[filtered(events, noise) for events in sent], strict=True)
    whole, pieces = [[], []], [places for _, places in cameras]
    for cut, order in ((whole, []), (pieces, steps)):
        streams = [
            send(Camera(encoding), events, places, start_us, end_us)
            for events, places in zip(sent, cut, strict=True)
        ]
        binner = Binner(2, 50 * MS_NS, hop_ns, MAX_WAIT_NS, WIDTH, HEIGHT, noise=noise)
        frames = deliver(binner, streams, order, hop_ns)
        assert_equal(frames, expected(list(passed), 50 * MS_NS, hop_ns))
        for camera, counters in enumerate(binner.counters.cameras):
            noisy = counters.events_hot, counters.events_refractory, counters.events_background
            assert list(noisy) == removed[camera]
            assert counters.events == len(sent[camera])


def mono(noise: NoiseSettings) -> Binner:
    return Binner(1, 50 * MS_NS, 50 * MS_NS, MAX_WAIT_NS, WIDTH, HEIGHT, noise=noise)


def test_filters_can_change_while_running() -> None:
    camera, binner = Camera('mono'), mono(NoiseSettings())
    frames = []
    settings = [NoiseSettings(), NoiseSettings(refractory_ns=10 * MS_NS), NoiseSettings()]
    for window, noise in enumerate(settings):
        binner.set_noise(noise)
        sent = [(window * 50_000 + t_us, 1, 1, 1) for t_us in (0, 1_000, 2_000)]
        frames += binner.push(0, camera.send(sent), 0)
    frames += binner.push(0, camera.send([], until_us=150_000), 0)
    assert [frame.counts[1, 1, 0] for frame in frames] == [3, 1, 3]
    assert binner.counters.cameras[0].events_refractory == 2


def test_hot_pixels_are_reported_and_stay_hot_through_a_reset() -> None:
    camera, binner = Camera('mono'), mono(NoiseSettings(hot_pixel_hz=10))
    second = [(t_us, 1, 1, 1) for t_us in range(0, SECOND_US, 50_000)]
    binner.push(0, camera.send(second), 0)
    assert binner.status().cameras[0].hot_pixels == 0
    binner.push(0, camera.send(moved(second, SECOND_US)), 0)
    assert binner.status().cameras[0].hot_pixels == 1
    assert binner.counters.cameras[0].events_hot == 20
    an_hour = moved(second, 3600 * SECOND_US)
    frames = binner.push(0, camera.send([*an_hour[:5], (3_600_250_000, 2, 2, 0)]), 0)
    assert binner.counters.resets == 1
    assert frames == []
    (frame,) = binner.push(0, camera.send([], until_us=3_600_300_000), 0)
    assert np.argwhere(frame.counts).tolist() == [[2, 2, 1]]
