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

"""Status line of the running demo."""

import shutil
import sys
import time

from spike_depth_ros.ros.demo.evaluation_node import EvaluationNode
from spike_depth_ros.ros.demo.table import status

# A terminal's line is overwritten; a log gets a new line less often.
TERMINAL_PERIOD_S = 0.5
LOG_PERIOD_S = 2.0


class StatusLine:
    """Status line on standard output; leaving the context ends the line."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._period_s = TERMINAL_PERIOD_S if self._is_terminal else LOG_PERIOD_S
        self._start_s = self._next_s = time.monotonic()
        self._is_open = False

    def show(self, node: EvaluationNode) -> None:
        """Print the latest numbers if the period is over."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + self._period_s
        text = status(node.binner, node.depth, now_s - self._start_s)
        if self._is_terminal:
            # Some terminals wrap after a character in the last column.
            columns = shutil.get_terminal_size().columns - 1
            print(f'\r{text[:columns]:<{columns}}', end='', flush=True)
            self._is_open = True
        else:
            print(text, flush=True)

    def __enter__(self) -> 'StatusLine':
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_open:
            print(flush=True)
