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

"""Medians of the times of several functions."""

import time
from collections.abc import Callable, Mapping
from statistics import median

REPETITIONS = 15


def medians(ways: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median time of each function, seconds.

    Functions take turns: a busy machine then slows all of them. Each runs once untimed before each
    measurement, to fill the caches.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPETITIONS):
        for name, way in ways.items():
            way()
            start = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - start)
    return {name: median(spent) for name, spent in times.items()}
