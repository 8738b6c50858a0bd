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
from testing.usage import cpu_s, memory_kib

WARM_UP_S = 60
AVERAGED_S = 30
MAX_GROWTH_KIB = 5 * 1024


class Usage:
    """Samples of a process, taken each second."""

    def __init__(self) -> None:
        self._memory_kib: list[int] = []
        self._cpu_s: list[float] = []

    def sample(self, pid: int) -> None:
        """Measure a process, one second after the last sample."""
        self._memory_kib.append(memory_kib(pid))
        self._cpu_s.append(cpu_s(pid))

    def latest(self) -> str:
        """Return the latest memory as text."""
        return f'{self._memory_kib[-1] / 1024:.1f} MB'

    def check(self, verdict: Verdict) -> None:
        """Check that memory does not grow after a warm-up."""
        warm_up_s = min(WARM_UP_S, len(self._memory_kib) // 3)
        resident_kib, spent_s = self._memory_kib[warm_up_s:], self._cpu_s[warm_up_s:]
        if len(resident_kib) < 2:
            verdict.expect(False, 'the node ran for too short a time to measure it')
            return
        averaged_s = min(AVERAGED_S, -(-len(resident_kib) // 4))
        first_kib, last_kib = median(resident_kib[:averaged_s]), median(resident_kib[-averaged_s:])
        slope_kib_s = np.polyfit(np.arange(len(resident_kib)), resident_kib, 1)[0]
        verdict.figures |= {
            'memory after the warm-up (KiB)': first_kib,
            'memory at the end (KiB)': last_kib,
            'largest memory (KiB)': max(self._memory_kib),
            'growth of memory (KiB/min)': round(60 * float(slope_kib_s), 2),
            'processor share (%)': round(100 * (spent_s[-1] - spent_s[0]) / (len(spent_s) - 1), 1),
        }
        verdict.expect(
            last_kib - first_kib <= MAX_GROWTH_KIB,
            f'memory grew from {first_kib} to {last_kib} KiB, by more than {MAX_GROWTH_KIB}',
        )
