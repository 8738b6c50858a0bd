"""Timing ways of doing one thing against each other."""

import time
from collections.abc import Callable, Mapping
from statistics import median

REPETITIONS = 15


def medians(ways: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median seconds of each way.

    They take turns, so that a busy machine hits all, and each runs once untimed before, so that
    none finds the caches as another left them.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPETITIONS):
        for name, way in ways.items():
            way()
            start = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - start)
    return {name: median(spent) for name, spent in times.items()}
