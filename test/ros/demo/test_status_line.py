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

import os
from types import SimpleNamespace

import pytest

from spike_depth_ros.ros.demo.node_status import BinnerStatus, DepthStatus
from spike_depth_ros.ros.demo.status_line import StatusLine
from spike_depth_ros.ros.demo.table import status

DEPTH = DepthStatus.from_values(
    {
        'windows in': '3',
        'windows out': '2',
        'windows dropped': '1',
        'output rate (Hz)': '20.0',
        'latency median (ms)': 'nan',
    }
)
BINNER = BinnerStatus.from_values({'left events (1/s)': '2000000'})


def test_no_latency_yet_is_a_dash() -> None:
    assert 'latency - ms | 2.00 million events/s' in status(BINNER, DEPTH, 1.0)


def test_the_line_fits_the_terminal_and_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr('sys.stdout.isatty', lambda: True)
    monkeypatch.setattr('shutil.get_terminal_size', lambda *_, **__: os.terminal_size((20, 24)))

    with pytest.raises(KeyboardInterrupt), StatusLine() as line:
        line.show(SimpleNamespace(binner=BINNER, depth=DEPTH))
        raise KeyboardInterrupt

    shown = capsys.readouterr().out
    assert shown.startswith('\r')
    assert shown.endswith('\n')
    assert len(shown.strip('\r\n')) == 19
