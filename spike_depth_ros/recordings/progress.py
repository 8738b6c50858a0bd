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

"""Progress bar on a terminal's standard error."""

import shutil
import sys
import time
from typing import Self

_PERIOD_S = 0.2
_BAR = 30  # characters


class Progress:
    """Progress bar; it shows only on a terminal, and leaving the context clears it."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._is_terminal = sys.stderr.isatty()
        self._start_s = time.monotonic()
        self._next_s = self._start_s + _PERIOD_S

    def show(self, share: float, done: str = '') -> None:
        """Show the share that is done, 0 to 1, and the work done in words, if it is time to."""
        now_s = time.monotonic()
        if not self._is_terminal or now_s < self._next_s:
            return
        self._next_s = now_s + _PERIOD_S
        share = min(max(share, 0.0), 1.0)
        bar = f'[{"#" * round(share * _BAR):{_BAR}}] {share:4.0%}'
        left = f', {(now_s - self._start_s) * (1 - share) / share:,.0f} s left' if share else ''
        # Some terminals wrap after a character in the last column.
        columns = shutil.get_terminal_size().columns - 1
        line = f'{self._task} {bar} {done}{left}'[:columns]
        print(f'\r{line:<{columns}}', end='', file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_terminal:
            columns = shutil.get_terminal_size().columns - 1
            print(f'\r{"":{columns}}\r', end='', file=sys.stderr, flush=True)
