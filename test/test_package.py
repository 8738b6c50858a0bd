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

"""The checkout as an ament_python package: metadata, installed files, requirements."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint, PathDistribution
from pathlib import Path
from xml.etree import ElementTree

import pytest
from catkin_pkg.changelog import get_changelog_from_path

ROOT = Path(__file__).parents[1]
NAME = 'spike_depth_ros'
SOURCES = (NAME, 'config', 'demo/recording', 'launch', 'models', 'resource', 'interfaces')


@pytest.fixture(scope='module')
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a colcon workspace with a copy of the package."""
    workspace = tmp_path_factory.mktemp('workspace')
    source = workspace / 'src' / NAME
    source.mkdir(parents=True)
    for folder in SOURCES:
        shutil.copytree(
            ROOT / folder, source / folder, ignore=shutil.ignore_patterns('__pycache__')
        )
    for file in ('package.xml', 'setup.py', 'setup.cfg', 'pyproject.toml', 'LICENSE'):
        shutil.copy(ROOT / file, source)
    return workspace


def run(*command: str, cwd: Path) -> str:
    """Run a command with the environment's programs and return its output."""
    programs = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, 'PATH': programs}, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shared_files(folder: Path) -> set[str]:
    """Return the files for share/spike_depth_ros in a source or installed folder."""
    kinds = ('launch/*.py', 'config/**/*.*', 'models/*.*', 'demo/recording/*', 'package.xml')
    return {str(file.relative_to(folder)) for kind in kinds for file in folder.glob(kind)}


def test_package_xml_and_setup_py_agree() -> None:
    options = ('name', 'version', 'description', 'license', 'maintainer', 'maintainer-email')
    printed = run(
        sys.executable, 'setup.py', '-q', *(f'--{option}' for option in options), cwd=ROOT
    )
    package = ElementTree.parse(ROOT / 'package.xml').getroot()
    expected = [package.findtext(tag) for tag in (*options[:4], 'maintainer')]
    assert printed.splitlines() == [*expected, package.find('maintainer').get('email')]


def test_the_changelog_begins_with_the_version_of_both_packages() -> None:
    """Parse CHANGELOG.rst as bloom and catkin_prepare_release do; Forthcoming is skipped."""
    version, date, entries = next(iter(get_changelog_from_path(str(ROOT)).foreach_version()))
    packages = (ROOT / 'package.xml', ROOT / 'interfaces/spike_depth_msgs/package.xml')
    assert {ElementTree.parse(path).findtext('version') for path in packages} == {version}
    assert date is not None and len(entries) > 0


@pytest.mark.slow
def test_pip_installs_launch_config_models_and_marker(workspace: Path, tmp_path: Path) -> None:
    run(
        *(sys.executable, '-m', 'pip', 'install', '--no-deps', '--no-build-isolation'),
        # Without it pip would uninstall the package that is under test here.
        *('--ignore-installed', '--prefix', str(tmp_path), str(workspace / 'src' / NAME)),
        cwd=workspace,
    )
    assert shared_files(tmp_path / 'share' / NAME) == shared_files(ROOT)
    assert (tmp_path / 'share/ament_index/resource_index/packages' / NAME).exists()


def test_colcon_builds_one_package_with_its_executables(workspace: Path) -> None:
    run('colcon', 'build', cwd=workspace)
    assert [folder.name for folder in (workspace / 'install').glob('*/')] == [NAME]
    prefix = workspace / 'install' / NAME
    assert shared_files(prefix / 'share' / NAME) == shared_files(ROOT)
    programs = {file.name for file in (prefix / 'lib' / NAME).iterdir()}
    assert programs == {'binner', 'camera', 'depth', 'pipeline', 'replay', 'spike-depth'}
    [metadata] = (prefix / 'lib').glob(f'python*/site-packages/{NAME}-*.egg-info')
    for entry_point in PathDistribution(metadata).entry_points:
        assert_defined(entry_point, metadata.parent)


@pytest.mark.slow
def test_colcon_builds_the_messages_inside_the_package(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the documents say: colcon looks for no package inside of another."""
    monkeypatch.setenv('AMENT_PREFIX_PATH', sys.prefix)
    checkout = workspace / 'src' / NAME
    messages = 'spike_depth_msgs'
    build = ('colcon', 'build', '--base-paths', '.', f'interfaces/{messages}')
    assert ' '.join(build) in (ROOT / 'README.md').read_text()
    run(*build, '--packages-select', messages, cwd=checkout)
    share = checkout / 'install' / messages / 'share' / messages
    assert (share / 'msg/SpikeInfo.msg').exists()


def assert_defined(entry_point: EntryPoint, site_packages: Path) -> None:
    """Check that the function of an executable is installed."""
    module = site_packages / Path(*entry_point.module.split('.')).with_suffix('.py')
    assert f'\ndef {entry_point.attr}(' in module.read_text()


def test_every_requirement_is_pinned() -> None:
    folder = ROOT / 'requirements'
    lines = (folder / 'constraints.txt').read_text().lower().replace('_', '-').splitlines()
    pins = dict(line.split('==') for line in lines if not line.startswith('#'))
    for file in set(folder.glob('*.txt')) - {folder / 'constraints.txt'}:
        for line in file.read_text().lower().replace('_', '-').splitlines():
            name = re.split(r'[\s;#[]', line)[0]
            assert not name or name in pins, f'{file.name} asks for {name} without a pin'
