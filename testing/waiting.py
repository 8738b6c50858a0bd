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

"""Waiting for conditions, in place of sleeps of a fixed length."""

import time
from collections.abc import Callable

# The limit is long, as the machine may be busy: it ends waits whose condition never holds.
LIMIT_S = 120.0
STEP_S = 0.05


def pause() -> None:
    """Sleep between two checks of a condition."""
    time.sleep(STEP_S)


def holds_within(
    condition: Callable[[], object],
    limit_s: float,
    poll: Callable[[], object] = pause,
) -> bool:
    """Return whether a condition holds before a time limit.

    Args:
        condition: function whose result is true once the wait is over.
        limit_s: longest wait, seconds.
        poll: function to call between two checks, such as one that takes messages.
    """
    deadline = time.monotonic() + limit_s
    while not (holds := condition()) and time.monotonic() < deadline:
        poll()
    return bool(holds)


def wait_until(
    condition: Callable[[], object], subject: str, poll: Callable[[], object] = pause
) -> None:
    """Wait until a condition holds; raise TimeoutError, naming the subject, after LIMIT_S.

    Args:
        condition: function whose result is true once the wait is over.
        subject: description of the awaited state, for the error.
        poll: function to call between two checks, such as one that takes messages.
    """
    if not holds_within(condition, LIMIT_S, poll):
        raise TimeoutError(f'waited {LIMIT_S:g} s in vain for {subject}')
