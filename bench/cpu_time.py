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

"""CPU time of an inference: `python -m bench.cpu_time [MODELS]`, with OpenVINO and with the CPU.

Unlike wall-clock times, CPU times hardly change while other processes use the machine. Models take
turns on simulated windows; those with memory remember nothing.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.inference import MODELS, PROVIDERS, frames
from bench.sessions import feed, session_with

REPETITIONS = 15


def main() -> None:
    """Print the median and the least CPU time of a window for each model and provider."""
    parser = argparse.ArgumentParser(prog='python -m bench.cpu_time', description=__doc__)
    parser.add_argument('models', nargs='*', type=Path, default=sorted(MODELS.glob('*.onnx')))
    spikes = frames()
    sessions = {
        (path.stem, name): session_with(path, provider)
        for path in parser.parse_args().models
        for provider, name in PROVIDERS.items()
    }
    for (model, provider), spent in measured(sessions, spikes).items():
        print(f'{model:24} {provider:16} {median(spent):6.1f} ms, least {min(spent):6.1f} ms')


def measured(
    sessions: Mapping[tuple[str, str], Any], spikes: Sequence[NDArray[np.uint8]]
) -> dict[tuple[str, str], list[float]]:
    """Return the CPU times, milliseconds, of sessions that take turns.

    Args:
        sessions: sessions by model and provider.
        spikes: spike frames, uint8 [h, w, 4].
    """
    times: dict[tuple[str, str], list[float]] = {key: [] for key in sessions}
    for number in range(REPETITIONS):
        for key, session in sessions.items():
            inputs = feed(session, spikes[number % len(spikes)])
            session.run(None, inputs)  # fills the caches
            start = time.process_time()
            session.run(None, inputs)
            times[key].append(1e3 * (time.process_time() - start))
    return times


if __name__ == '__main__':
    main()
