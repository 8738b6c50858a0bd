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

"""Memory and processor time of the node over a soak."""

from statistics import median

import numpy as np

from stress.soak.checks import Verdict
from stress.soak.node import BinnerProcess

WARM_UP_S = 60
AVERAGED_S = 30
MAX_GROWTH_KB = 5 * 1024


class Usage:
    """Take a sample each second."""

    def __init__(self) -> None:
        self._memory_kb: list[int] = []
        self._cpu_s: list[float] = []

    def sample(self, node: BinnerProcess) -> None:
        """Measure the node now, one second after the last time."""
        self._memory_kb.append(node.rss_kb())
        self._cpu_s.append(node.cpu_s())

    def latest(self) -> str:
        """Return the memory in words."""
        return f'{self._memory_kb[-1] / 1024:.1f} MB'

    def check(self, verdict: Verdict) -> None:
        """Check that memory stays flat after a warm-up."""
        warm_up_s = min(WARM_UP_S, len(self._memory_kb) // 3)
        memory_kb, cpu_s = self._memory_kb[warm_up_s:], self._cpu_s[warm_up_s:]
        if len(memory_kb) < 2:
            verdict.expect(False, 'the node ran for too short a time to measure it')
            return
        averaged_s = min(AVERAGED_S, -(-len(memory_kb) // 4))
        first_kb, last_kb = median(memory_kb[:averaged_s]), median(memory_kb[-averaged_s:])
        slope_kb_s = np.polyfit(np.arange(len(memory_kb)), memory_kb, 1)[0]
        verdict.figures |= {
            'memory after the warm-up (kB)': first_kb,
            'memory at the end (kB)': last_kb,
            'memory at most (kB)': max(self._memory_kb),
            'growth of memory (kB/min)': round(60 * float(slope_kb_s), 2),
            'processor share (%)': round(100 * (cpu_s[-1] - cpu_s[0]) / (len(cpu_s) - 1), 1),
        }
        verdict.expect(
            last_kb - first_kb <= MAX_GROWTH_KB,
            f'memory grew from {first_kb} to {last_kb} kB, by more than {MAX_GROWTH_KB}',
        )
