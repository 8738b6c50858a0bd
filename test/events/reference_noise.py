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

"""Reference noise filters: slow, written from their description."""

from collections import Counter

from events.counting import Row

from spike_depth_ros.events.noise import NoiseSettings

PERIOD_NS = 10**9
Pixel = tuple[int, int]


def filter_rows(
    rows: list[Row], settings: NoiseSettings, width: int, height: int
) -> tuple[list[Row], list[int]]:
    """Return the rows that pass, and the numbers of hot, refractory and unsupported ones."""
    passed, removed = [], [0, 0, 0]
    hot: set[Pixel] = set()
    events: Counter[Pixel] = Counter()
    last_ns: dict[Pixel, int] = {}
    period = rows[0][0] // PERIOD_NS if rows else 0
    for row in rows:
        t_ns, x, y, _ = row
        while period < t_ns // PERIOD_NS:
            hot = {pixel for pixel in events if is_hot(pixel, events, settings, width, height)}
            events.clear()
            period += 1
        if x >= width or y >= height:
            passed.append(row)
            continue
        events[x, y] += 1
        before_ns = last_ns.get((x, y))
        if settings.hot_pixel_hz and (x, y) in hot:
            removed[0] += 1
        elif before_ns is not None and t_ns - before_ns < settings.refractory_ns:
            removed[1] += 1
        else:
            last_ns[x, y] = t_ns
            beside = [last_ns[pixel] for pixel in square(x, y, 1) if pixel in last_ns]
            if settings.support_ns and not any(t_ns - t <= settings.support_ns for t in beside):
                removed[2] += 1
            else:
                passed.append(row)
    return passed, removed


def is_hot(
    pixel: Pixel, events: Counter[Pixel], settings: NoiseSettings, width: int, height: int
) -> bool:
    """Return whether a pixel is over the rate, and over 8 times the mean of those around it."""
    others = [events[x, y] for x, y in square(*pixel, 2) if 0 <= x < width and 0 <= y < height]
    # The mean is of whole numbers: compare without dividing.
    stands_out = events[pixel] * len(others) > 8 * sum(others)
    return settings.hot_pixel_hz > 0 and events[pixel] > settings.hot_pixel_hz and stands_out


def square(x: int, y: int, reach: int) -> list[Pixel]:
    """Return the pixels of a square around one, without it."""
    steps = range(-reach, reach + 1)
    return [(x + dx, y + dy) for dx in steps for dy in steps if dx or dy]
