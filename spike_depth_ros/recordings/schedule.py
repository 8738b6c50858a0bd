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

"""Schedule of a replay: waits until a time of the recording is due; pause, resume and stop."""

import time
from dataclasses import replace
from threading import Condition

from spike_depth_ros.recordings.timeline import Timeline


class Schedule:
    """Schedule of a replay, thread-safe.

    Attributes:
        paused_ns: time spent in pauses since the start, nanoseconds.
        lag_ns: delay of the latest message behind its due time, nanoseconds.
        most_lag_ns: largest delay so far, nanoseconds.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._timeline: Timeline | None = None
        self._is_stopped = False
        self._pause_ns: int | None = None  # monotonic time at which the pause began
        self._changed = Condition()
        self.paused_ns = 0
        self.lag_ns = self.most_lag_ns = 0

    def start(self, log_time_ns: int) -> None:
        """Let a time of the recording be now."""
        with self._changed:
            now_ns = time.monotonic_ns() if self._pause_ns is None else self._pause_ns
            self._timeline = Timeline(log_time_ns, now_ns, self._rate)
            self.paused_ns = 0

    def wait_until(self, log_time_ns: int) -> bool:
        """Wait until a time of the recording is due; return False if the replay was stopped."""
        assert self._timeline is not None
        with self._changed:
            while not self._is_stopped:
                wait_s = None
                if self._pause_ns is None:
                    now_ns = time.monotonic_ns()
                    wait_s = self._timeline.delay_s(log_time_ns, now_ns)
                    if not wait_s:
                        self._note_lag(now_ns - self._timeline.due_ns(log_time_ns))
                        return True
                self._changed.wait(wait_s)
        return False

    def pause(self) -> None:
        """Let the recording's time stand still."""
        with self._changed:
            if self._pause_ns is None:
                self._pause_ns = time.monotonic_ns()
            self._changed.notify_all()

    def resume(self) -> None:
        """End a pause."""
        with self._changed:
            if self._pause_ns is None:
                return
            pause_ns = time.monotonic_ns() - self._pause_ns
            self._pause_ns = None
            if self._timeline is not None:
                self._timeline = replace(
                    self._timeline, start_ns=self._timeline.start_ns + pause_ns
                )
                self.paused_ns += pause_ns
            self._changed.notify_all()

    def stop(self) -> None:
        """End the replay: wait_until returns False from now on."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    @property
    def is_paused(self) -> bool:
        """Return whether the recording's time stands still."""
        return self._pause_ns is not None

    def log_time_ns(self) -> int | None:
        """Return the current time of the recording, nanoseconds; None before the start."""
        with self._changed:
            if self._timeline is None:
                return None
            now_ns = time.monotonic_ns() if self._pause_ns is None else self._pause_ns
            return self._timeline.log_time_ns(now_ns)

    def _note_lag(self, lag_ns: int) -> None:
        self.lag_ns = lag_ns
        self.most_lag_ns = max(self.most_lag_ns, lag_ns)
