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

"""One process of the fuzz program: makes some runs and prints what came of them.

`python -m stress.worker --seed S --first-run N --runs N` prints JSON, one object a line: `done`,
runs so far, from time to time; then `figures`, or `failure` at the first one.
"""

import argparse
import faulthandler
import gc
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stress.runs import Fuzzer, RunError

PROGRESS_RUNS = 100
SETTLED_RUNS = 100  # all code is loaded and all memory was used


def main() -> None:
    """Make the runs and print."""
    parser = argparse.ArgumentParser(prog='python -m stress.worker', description=__doc__)
    for name in ('--seed', '--first-run', '--runs'):
        parser.add_argument(name, type=int, required=True)
    arguments = parser.parse_args()
    faulthandler.enable()
    fuzzer = Fuzzer(arguments.seed)
    gc.collect()
    gc.freeze()  # what the compiler left behind would be looked through in the middle of an input
    for done in range(arguments.runs):
        if done % PROGRESS_RUNS == 0:
            say(done=done)
        if done == min(SETTLED_RUNS, arguments.runs - 1):
            before_kib = resident_kib()
        number = arguments.first_run + done
        try:
            fuzzer.run(number)
        except RunError as error:
            say(failure=about(error, number, fuzzer.encoding(number)))
            raise SystemExit(1) from None
    say(
        done=arguments.runs,
        figures={encoding: asdict(figures) for encoding, figures in fuzzer.figures.items()},
        resident_kib=[before_kib, resident_kib()],
    )


def say(**what: Any) -> None:
    """Print one object."""
    print(json.dumps(what), flush=True)


def about(error: RunError, number: int, encoding: str) -> dict[str, Any]:
    """Return what a failure is known by."""
    return {
        'run': number,
        'input': error.number,
        'encoding': encoding,
        'error': str(error),
        'time_base_ns': error.packet.time_base_ns,
        'big_endian': error.packet.big_endian,
        'hex': error.packet.data.tobytes().hex(),
    }


def resident_kib() -> int:
    """Return the memory that the process holds, KiB."""
    [line] = [
        line
        for line in Path('/proc/self/status').read_text().splitlines()
        if line.startswith('VmRSS:')
    ]
    return int(line.split()[1])


if __name__ == '__main__':
    main()
