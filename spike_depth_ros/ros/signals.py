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

"""SIGINT and SIGTERM: both end a node with exit code 0 and without output, at any time."""

import os
import signal
from types import FrameType


class Signals:
    """Handler of SIGINT and SIGTERM.

    A node that is still starting exits at once: an exception would pass through compilers and
    destructors, which print it, swallow it or crash.

    Attributes:
        received: whether a signal has come; a running node checks it between callbacks.
        starting: whether the node is still starting.
    """

    def __init__(self) -> None:
        self.received = False
        self.starting = True
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.starting:
            os._exit(0)
        self.received = True
