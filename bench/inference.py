"""Time the shipped models in the engine that the depth node runs them in."""

import time
from pathlib import Path

import numpy as np

from spike_depth_ros.inference.engine import DepthEngine

MODELS = Path(__file__).parents[1] / 'models'
FRAMES = 50
# Events of each pixel and channel in a window of a moving camera, about what the recordings have.
EVENT_DENSITY = 0.05


def run() -> list[dict[str, object]]:
    """Return one row for each model: median ms of a frame; there is no peer to compare with."""
    return [
        {'name': f'inference, {path.stem}', 'value': round(median_ms(path), 1), 'unit': 'ms'}
        for path in sorted(MODELS.glob('*.onnx'))
    ]


def median_ms(path: Path) -> float:
    """Return the median time, ms, to infer one of a fixed set of random spike frames."""
    engine = DepthEngine(path)
    engine.warm_up()
    contract = engine.contract
    shape = (contract.height, contract.width, contract.channels)
    random = np.random.default_rng(1)
    times_ns = []
    for _ in range(FRAMES):
        counts = random.poisson(EVENT_DENSITY, shape).astype(np.uint8)
        start_ns = time.perf_counter_ns()
        engine.infer(counts)
        times_ns.append(time.perf_counter_ns() - start_ns)
    return float(np.median(times_ns)) / 1e6
