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

"""Isolation of sessions that use DDS on one machine at the same time, and waiting."""

import sys
from itertools import combinations
from pathlib import Path

import pytest

from spike_depth_ros.ros.domains import DOMAIN
from testing import waiting
from testing.domains import RANGES
from testing.processes import ChildProcess

ISOLATED = f"""
import os, signal
from testing.domains import isolate
isolate()
print(os.environ['{DOMAIN}'], flush=True)
signal.pause()
"""


def test_no_two_uses_share_a_domain() -> None:
    for one, other in combinations(RANGES.values(), 2):
        assert not set(one) & set(other)
    # 0 is the default of every robot; the ports of domains above 101 are not reserved for DDS.
    assert all(0 < domain < 102 for domains in RANGES.values() for domain in domains)


def test_sessions_that_start_together_get_different_domains() -> None:
    command, folder = [sys.executable, '-c', ISOLATED], Path(__file__).parents[1]
    with ChildProcess(command, folder=folder) as one, ChildProcess(command, folder=folder) as two:
        domains = [session.lines('')[0] for session in (one, two)]

    assert all(int(domain) in RANGES['test'] for domain in domains)
    assert len(set(domains)) == 2


def test_waiting_ends_with_the_condition_or_with_the_subject(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = iter([0, 0, 'found'])
    waiting.wait_until(lambda: next(looks), 'the third look')
    assert next(looks, None) is None

    monkeypatch.setattr(waiting, 'LIMIT_S', 0.0)
    with pytest.raises(TimeoutError, match='waited 0 s in vain for rain'):
        waiting.wait_until(lambda: False, 'rain')
