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

"""Worker process of the fuzz program: executes runs and prints their results.

`python -m stress.worker --seed S --first-run N --runs N` prints one JSON object per line: `done`,
the number of runs so far, every PROGRESS_RUNS; then `figures`, or `failure` at the first one.
"""

import argparse
import faulthandler
import gc
import json
from dataclasses import asdict
from typing import Any

from stress.runs import Fuzzer, RunError
from testing.usage import memory_kib

PROGRESS_RUNS = 100
SETTLED_RUNS = 100  # after as many runs all code is loaded and memory no longer grows


def main() -> None:
    """Execute the runs and print."""
    parser = argparse.ArgumentParser(prog='python -m stress.worker', description=__doc__)
    for name in ('--seed', '--first-run', '--runs'):
        parser.add_argument(name, type=int, required=True)
    arguments = parser.parse_args()
    faulthandler.enable()
    fuzzer = Fuzzer(arguments.seed)
    gc.collect()
    gc.freeze()  # collecting the compiler's garbage would slow an input down
    for done in range(arguments.runs):
        if done % PROGRESS_RUNS == 0:
            report(done=done)
        if done == min(SETTLED_RUNS, arguments.runs - 1):
            before_kib = memory_kib()
        number = arguments.first_run + done
        try:
            fuzzer.run(number)
        except RunError as error:
            report(failure=describe(error, number, fuzzer.encoding(number)))
            raise SystemExit(1) from None
    report(
        done=arguments.runs,
        figures={encoding: asdict(figures) for encoding, figures in fuzzer.figures.items()},
        resident_kib=[before_kib, memory_kib()],
    )


def report(**values: Any) -> None:
    """Print one JSON object."""
    print(json.dumps(values), flush=True)


def describe(error: RunError, number: int, encoding: str) -> dict[str, Any]:
    """Return the run, the input and its bytes, which identify a failure."""
    return {
        'run': number,
        'input': error.number,
        'encoding': encoding,
        'error': str(error),
        'time_base_ns': error.packet.time_base_ns,
        'big_endian': error.packet.big_endian,
        'hex': error.packet.data.tobytes().hex(),
    }


if __name__ == '__main__':
    main()
