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
from pathlib import Path

import pytest

from testing.waiting import LIMIT_S

pytestmark = pytest.mark.slow

FUNCTION = """
from spike_depth_ros.events.compiled import cached


@cached(nogil=True)
def double(number):
    return 2 * number


if __name__ == '__main__':
    print(double(21), double.stats.cache_hits.total())
"""


def double(folder: Path, cache: str, **environment: str) -> tuple[str, str]:
    """Compile and run a function of a file; return its answer and the hits of the cache."""
    ended = subprocess.run(
        [sys.executable, str(folder / 'double.py')],
        env=os.environ | {'NUMBA_CACHE_DIR': cache} | environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ''
    answer, hits = ended.stdout.split()
    return answer, hits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / 'double.py').write_text(FUNCTION)
    return tmp_path


def test_the_second_run_takes_the_code_from_the_cache(folder: Path) -> None:
    cache = str(folder / 'cache')
    assert double(folder, cache) == ('42', '0')
    assert double(folder, cache) == ('42', '1')


@pytest.mark.parametrize('suffix', ['nbi', 'nbc'])
@pytest.mark.parametrize('damage', [b'', b'\x80\x05', b'no pickle', bytes(1000)])
def test_a_damaged_file_is_replaced(folder: Path, suffix: str, damage: bytes) -> None:
    cache = str(folder / 'cache')
    double(folder, cache)
    (path,) = Path(cache).rglob(f'*.{suffix}')
    path.write_bytes(damage)

    assert double(folder, cache) == ('42', '0')
    assert double(folder, cache) == ('42', '1')


@pytest.mark.parametrize('suffix', ['nbi', 'nbc'])
def test_a_file_that_was_cut_off_is_replaced(folder: Path, suffix: str) -> None:
    cache = str(folder / 'cache')
    double(folder, cache)
    (path,) = Path(cache).rglob(f'*.{suffix}')
    path.write_bytes(path.read_bytes()[:-100])

    assert double(folder, cache) == ('42', '0')
    assert double(folder, cache) == ('42', '1')


def test_a_cache_folder_that_cannot_be_written_leaves_the_others(folder: Path) -> None:
    assert double(folder, '/dev/null/cache') == ('42', '0')
    assert double(folder, '/dev/null/cache') == ('42', '1')
    assert list((folder / '__pycache__').glob('*.nbc'))


def test_without_any_folder_every_process_compiles(folder: Path) -> None:
    (folder / '__pycache__').write_text('a file, where numba wants a folder')
    for _ in range(2):
        assert double(folder, '/dev/null', XDG_CACHE_HOME='/dev/null') == ('42', '0')
