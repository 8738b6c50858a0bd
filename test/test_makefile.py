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

"""Makefile: checkouts that cannot be built, and moved checkouts."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKE = ('MAKEFLAGS', 'MAKELEVEL', 'MFLAGS')
BUILDING = (
    'demo',
    'test',
    'quick',
    'bench',
    'train',
    'models',
    'lint',
    'fuzz',
    'soak',
    'docs',
    'runtime',
)


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder with only the Makefile."""
    folder.mkdir(exist_ok=True)
    shutil.copy(ROOT / 'Makefile', folder)
    # The tests themselves may be run by make, which must not show here.
    outside = {name: text for name, text in os.environ.items() if name not in MAKE}
    return subprocess.run(
        ['make', *arguments], cwd=folder, env=outside, text=True, capture_output=True
    )


@pytest.mark.parametrize(
    'name',
    ['my robots', 'röbots', 'a[b]', "it's", 'a"b', 'a:b', 'a$b', 'a#b', 'a,b', 'a=b', 'a(b'],
)
def test_a_folder_that_compilers_do_not_take_is_refused_at_once(name: str, tmp_path: Path) -> None:
    for goal in BUILDING:
        done = make(tmp_path / name, goal)
        assert done.returncode != 0 and done.stdout == ''
        [line] = done.stderr.splitlines()
        assert f"The folder '{tmp_path / name}' has a space or another sign in its path" in line
        assert 'move the checkout to a path of letters A to Z, digits and' in line
    assert not (tmp_path / name / '.venv').exists()
    for harmless in ((), ('help',), ('clean',)):
        assert make(tmp_path / name, *harmless).returncode == 0


def test_other_signs_are_taken(tmp_path: Path) -> None:
    assert 'make demo' in make(tmp_path / 'ok-1.2_x@y+z~', 'help').stdout
    assert 'has a space' not in make(tmp_path / 'ok-1.2_x@y+z~', '-n', 'demo').stderr


def test_an_environment_that_was_moved_starts_afresh(tmp_path: Path) -> None:
    environment = tmp_path / 'robots/.venv'
    environment.mkdir(parents=True)
    (environment / 'python.done').touch()
    for folder, is_up_to_date in (('robots', True), ('other', False)):
        (environment / 'folder').write_text(f'{tmp_path / folder}\n')
        done = make(tmp_path / 'robots', '-q', '.venv/python.done')
        assert (done.returncode == 0) == is_up_to_date
