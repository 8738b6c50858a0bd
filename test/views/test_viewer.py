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

"""Viewer in the browser."""

import re
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip('rerun', reason='the extra rerun is not installed: run `make views`')

from spike_depth_ros.views.viewer import ViewerError, viewer
from testing.processes import ChildProcess, command_line
from testing.waiting import LIMIT_S

DEMO = Path(__file__).parents[2] / 'demo/recording'
LISTENS = '0A'  # state of a socket in /proc/net/tcp
LOCALHOST = '0100007F'


def listening(port: int) -> set[str]:
    """Return the addresses, hexadecimal, at which processes listen on a port."""
    rows = [line.split() for line in Path('/proc/net/tcp').read_text().splitlines()[1:]]
    places = [row[1].split(':') for row in rows if row[3] == LISTENS]
    return {address for address, number in places if int(number, 16) == port}


def test_the_viewer_listens_on_this_machine_alone() -> None:
    with viewer() as (address, page):
        for url in (address, page):
            port = re.search(r'127\.0\.0\.1:(\d+)', url)
            assert port is not None
            assert listening(int(port[1])) == {LOCALHOST}
        with urllib.request.urlopen(page, timeout=LIMIT_S) as answer:
            assert b'rerun' in answer.read().lower()
    assert not listening(int(port[1]))


def test_a_busy_port_is_one_sentence() -> None:
    with viewer() as (_, page):
        port = int(re.findall(r':(\d+)', page)[0])
        with pytest.raises(ViewerError, match='give another --port'), viewer(port):
            pass


def test_a_recording_is_shown_until_ctrl_c() -> None:
    with ChildProcess(command_line('view', DEMO, '--duration', 0.3)) as process:
        page = process.lines('open http://127.0.0.1:')[-1].split()[1]
        process.lines('windows')
        with urllib.request.urlopen(page, timeout=LIMIT_S) as answer:
            assert answer.status == 200
        code, error = process.interrupt()
    assert code == 0, error
    assert 'Traceback' not in error and 'ERROR' not in error
