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

"""Worker process of the fuzz program of readers: damage one format's sample and read it.

`python -m stress.readers.worker --format F --seed S --first N --inputs N --folder PATH` prints one
JSON object per line: `done`, `outcomes` and `slowest_s` now and then, and `failure` at each one.
"""

import argparse
import faulthandler
import json
import os
import resource
import signal
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from stress.readers import samples
from stress.readers.check import FaultError, outcome
from stress.readers.mutations import damage
from testing.usage import peak_memory_mb

PROGRESS_INPUTS = 200
LIMIT_S = 30  # AEDAT4 passes over ten damaged packets of two cameras
LIMIT_BYTES = 6 << 30  # of address space
LIMIT_MB = 500  # of memory; Python and the libraries take 230
MOST_FAILURES = 20


def main() -> None:
    """Read the inputs."""
    arguments = _parse()
    faulthandler.enable()
    warnings.simplefilter('error', RuntimeWarning)
    sample = samples.write(arguments.format, arguments.folder)
    originals = {file: file.read_bytes() for file in sample.files}
    assert outcome(sample.paths, sample.truth) == 'read', arguments.format
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    signal.signal(signal.SIGALRM, _hang)
    outcomes: Counter[str] = Counter()
    slowest_s, failures = 0.0, 0
    number_of_format = list(samples.SAMPLES).index(arguments.format)
    for number in range(arguments.first, arguments.first + arguments.inputs):
        rng = np.random.default_rng((arguments.seed, number_of_format, number))
        file = sample.files[int(rng.integers(0, len(sample.files)))]
        file.write_bytes(damage(originals[file], rng))
        (arguments.folder / '.number').write_text(str(number))
        start_s = time.process_time()
        if (found := _read(sample, number, file.name)) is None:
            failures += 1
        else:
            outcomes[found] += 1
        slowest_s = max(slowest_s, time.process_time() - start_s)
        file.write_bytes(originals[file])
        _remove_others(arguments.folder, sample.files)
        done = number - arguments.first + 1
        if done % PROGRESS_INPUTS == 0 or done == arguments.inputs or failures >= MOST_FAILURES:
            report(
                done=done,
                outcomes=outcomes,
                slowest_s=round(slowest_s, 3),
                peak_mb=round(peak_memory_mb(os.getpid())),
            )
        if failures >= MOST_FAILURES:
            raise SystemExit(1)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m stress.readers.worker', description=__doc__)
    parser.add_argument('--format', required=True)
    parser.add_argument('--folder', type=Path, required=True)
    for name in ('--seed', '--first', '--inputs'):
        parser.add_argument(name, type=int, required=True)
    return parser.parse_args()


def _read(sample: samples.Sample, number: int, file: str) -> str | None:
    """Read the sample within the limits; return its outcome, None after a reported failure.

    Args:
        sample: recording with a damaged file.
        number: number of the input.
        file: name of the damaged file.
    """
    signal.alarm(LIMIT_S)
    try:
        found = outcome(sample.paths, sample.truth)
        _check_memory()
        return found
    except Exception as error:  # any error of a reader is a failure to report
        signal.alarm(0)
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if 'spike_depth_ros' in frame.filename]
        place = (ours or frames)[-1]
        sentence = f'{type(error).__name__}: {error} ({place.filename}, line {place.lineno})'
        report(failure=sentence, number=number, file=file)
        return None
    finally:
        signal.alarm(0)


def report(**values: Any) -> None:
    """Print one JSON object."""
    print(json.dumps(values), flush=True)


def _check_memory() -> None:
    peak_mb = peak_memory_mb(os.getpid())
    if peak_mb > LIMIT_MB:
        Path('/proc/self/clear_refs').write_text('5')  # the next peak starts here
        raise FaultError(f'reading takes {peak_mb:.0f} MB')


def _hang(*_: object) -> None:
    raise TimeoutError(f'reading takes longer than {LIMIT_S} s')


def _remove_others(folder: Path, files: tuple[Path, ...]) -> None:
    """Remove files that libraries left, such as sqlite's journals."""
    for parent in {file.parent for file in files}:
        for path in parent.iterdir():
            if path.is_file() and path not in files and path.name != '.number':
                path.unlink()


if __name__ == '__main__':
    main()
