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

"""Walls between pure core, ROS and training, read from the import statements."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / 'spike_depth_ros'
PURE = (
    'events',
    'frames',
    'geometry',
    'motion',
    'inference',
    'recordings',
    'views',
    'metrics',
    'temporal_metrics',
    'protocols',
)
# Stated once for all parts; it imports geometry alone.
LAYOUT = 'spike_depth_ros.frames.spike_frame'
TORCH = {'torch', 'spikingjelly', 'lightning', 'onnx', 'onnxscript', 'tqdm'}

# Names in package.xml of modules whose rosdep key differs. PyAV has no key, dvs_msgs is in no
# ROS distribution, and lz4 and zstd (a module of Python from 3.14 on) come with rosbags.
ROSDEP_KEYS = {
    'PIL': 'python3-pil',
    'cv2': 'python3-opencv',
    'matplotlib': 'python3-matplotlib',
    'numba': 'python3-numba',
    'numpy': 'python3-numpy',
    'onnxruntime': 'python3-onnxruntime-pip',
    'rosbags': 'python3-rosbags-pip',
    'ruamel': 'python3-ruamel.yaml',
}
WITHOUT_KEY = {'av', 'backports', 'compression', 'dvs_msgs', 'lz4'}
# Heavy packages that only some formats and views need: extras of setup.py.
EXTRAS = {'dv_processing', 'h5py', 'hdf5plugin', 'rerun'}


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path} imports relatively'
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


def imported_by(part: str) -> dict[str, Path]:
    """Return what a part of the package imports, with a file that does."""
    single = PACKAGE / f'{part}.py'
    files = [single] if single.exists() else sorted((PACKAGE / part).rglob('*.py'))
    assert files, f'spike_depth_ros has no part {part}'
    return {name: file for file in files for name in imports(file)}


def third_party(part: str) -> set[str]:
    """Return the top-level modules from elsewhere that a part imports."""
    own = {'spike_depth_ros', *sys.stdlib_module_names}
    return {name.split('.')[0] for name in imported_by(part)} - own


def is_ros(module: str) -> bool:
    """Return whether a module comes with ROS."""
    named = ('rclpy', 'cv_bridge', 'ament_index_python')
    return module in named or module.endswith(('_msgs', '_interfaces'))


def crossings(part: str, forbidden: tuple[str, ...]) -> list[str]:
    """Return the imports of a part that cross into forbidden parts."""
    walls = tuple(f'spike_depth_ros.{name}.' for name in forbidden)
    return [
        f'{file.relative_to(ROOT)} imports {name}'
        for name, file in imported_by(part).items()
        if f'{name}.'.startswith(walls)
    ]


@pytest.mark.parametrize('part', PURE)
def test_pure_core_imports_neither_ros_nor_torch(part: str) -> None:
    assert not crossings(part, ('ros', 'training', 'cli'))
    assert not {module for module in third_party(part) if is_ros(module)}
    assert not third_party(part) & TORCH


def test_geometry_imports_no_other_part() -> None:
    others = tuple(part for part in PURE if part != 'geometry')
    assert not crossings('geometry', (*others, 'ros', 'training'))


def test_events_import_nothing_above_but_the_layout_of_a_spike_frame() -> None:
    above = crossings('events', ('frames', 'inference', 'recordings'))
    assert {line.split()[-1].rpartition('.')[0] for line in above} == {LAYOUT}


def test_frames_import_neither_inference_nor_recordings() -> None:
    assert not crossings('frames', ('inference', 'recordings'))


def test_motion_imports_geometry_and_the_compiler_alone() -> None:
    assert not crossings('motion', ('frames', 'inference', 'recordings', 'views'))


def test_nodes_never_import_training() -> None:
    assert not crossings('ros', ('training', 'cli'))
    assert not third_party('ros') & TORCH


def test_training_never_imports_ros() -> None:
    assert not crossings('training', ('ros', 'cli'))
    assert not {module for module in third_party('training') if is_ros(module)}


def test_package_itself_imports_nothing() -> None:
    assert not list(imports(PACKAGE / '__init__.py'))


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {file.parent for file in PACKAGE.rglob('*.py')}
    assert [folder for folder in folders if not (folder / '__init__.py').exists()] == []


def test_package_xml_declares_what_is_imported_and_nothing_else() -> None:
    parts = {path.stem for path in PACKAGE.iterdir()} - {'training', '__pycache__'}
    modules = set().union(*(third_party(part) for part in parts)) - WITHOUT_KEY - EXTRAS
    for file in (ROOT / 'launch').glob('*.py'):
        modules |= {name.split('.')[0] for name in imports(file)} - {PACKAGE.name}
    declared = ElementTree.parse(ROOT / 'package.xml').iterfind('exec_depend')
    assert {key.text for key in declared} == {ROSDEP_KEYS.get(name, name) for name in modules}
