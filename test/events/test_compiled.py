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

"""Cache of compiled code: used where possible; its failures do no harm."""

import os
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from numba.core import config

from testing.waiting import LIMIT_S

FUNCTION = """
from spike_depth_ros.events.compiled import cached


@cached(nogil=True)
def double(number):
    return 2 * number


if __name__ == '__main__':
    print(double(21), double.stats.cache_hits.total())
"""
COMPILED, LOADED = (42, 0), (42, 1)


def double(folder: Path) -> tuple[int, int]:
    """Import a file anew and call its function; return its answer and the hits of the cache."""
    spec = spec_from_file_location('double', folder / 'double.py')
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.double(21), module.double.stats.cache_hits.total()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the function, whose cache is below it."""
    (tmp_path / 'double.py').write_text(FUNCTION)
    monkeypatch.setattr(config, 'CACHE_DIR', str(tmp_path / 'cache'))
    return tmp_path


@pytest.mark.slow
def test_the_second_process_takes_the_code_from_the_cache(folder: Path) -> None:
    for expected in (COMPILED, LOADED):
        ended = subprocess.run(
            [sys.executable, str(folder / 'double.py')],
            env=os.environ | {'NUMBA_CACHE_DIR': str(folder / 'cache')},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert (ended.returncode, ended.stderr) == (0, '')
        assert ended.stdout.split() == [str(number) for number in expected]


@pytest.mark.parametrize('suffix', ['nbi', 'nbc'])
@pytest.mark.parametrize('damage', [b'', b'\x80\x05', b'no pickle', bytes(1000)])
def test_a_damaged_file_is_replaced(folder: Path, suffix: str, damage: bytes) -> None:
    assert double(folder) == COMPILED
    (path,) = folder.rglob(f'*.{suffix}')
    path.write_bytes(damage)

    assert double(folder) == COMPILED
    assert double(folder) == LOADED


@pytest.mark.parametrize('suffix', ['nbi', 'nbc'])
def test_a_file_that_was_cut_off_is_replaced(folder: Path, suffix: str) -> None:
    assert double(folder) == COMPILED
    (path,) = folder.rglob(f'*.{suffix}')
    path.write_bytes(path.read_bytes()[:-100])

    assert double(folder) == COMPILED
    assert double(folder) == LOADED


def test_a_cache_folder_that_cannot_be_written_leaves_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, 'CACHE_DIR', '/dev/null/cache')
    assert double(folder) == COMPILED
    assert double(folder) == LOADED
    assert list((folder / '__pycache__').glob('*.nbc'))


def test_without_any_folder_every_process_compiles(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, 'CACHE_DIR', '/dev/null')
    monkeypatch.setenv('XDG_CACHE_HOME', '/dev/null')
    (folder / '__pycache__').write_text('a file, where numba wants a folder')
    for _ in range(2):
        assert double(folder) == COMPILED
