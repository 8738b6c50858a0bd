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

"""Errors of the installation: missing packages, and packages of another installation."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from testing.waiting import LIMIT_S

ROOT = Path(__file__).parents[1]
# The Python below the virtual environment, which has none of its packages.
BARE_PYTHON = getattr(sys, '_base_executable', sys.executable)
MODEL = 'model:=none.onnx'


PACKAGES = Path(sysconfig.get_path('purelib'))


def start(node: str, python_path: Path, python: str = sys.executable, rule: str = MODEL) -> str:
    """Start a node with a folder in PYTHONPATH and return its error, one sentence."""
    ended = subprocess.run(
        [python, '-m', 'spike_depth_ros.ros', node, '--ros-args', '-p', rule],
        env=os.environ | {'PYTHONPATH': str(python_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert ended.returncode == 1
    *before, sentence = ended.stderr.strip().splitlines()
    assert all(line.startswith('[') for line in before), before  # of a logger
    return sentence


@pytest.mark.parametrize(
    ('files', 'reason'),
    [
        ({'rclpy/__init__.py': 'raise ImportError("cpython-310 is not there")'}, 'cpython-310'),
        ({'rclpy/__init__.py': ''}, "No module named 'rclpy.signals'"),
        (
            {
                'numpy/__init__.py': 'try:\n    from . import core\n'
                'except ImportError as error:\n    raise ImportError("\\nREAD THIS") from error',
                'numpy/core.py': 'import numpy._multiarray_umath',
            },
            "No module named 'numpy._multiarray_umath'",
        ),
        ({'numpy/__init__.py': 'print "Python 2"'}, 'Missing parentheses'),
        ({'std_msgs/__init__.py': '', 'std_msgs/msg.py': ''}, "cannot import name 'Header'"),
        ({'onnxruntime/__init__.py': ''}, "has no attribute 'SessionOptions'"),
    ],
)
def test_a_package_of_another_installation(
    tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)

    sentence = start('depth', tmp_path)

    package = next(iter(files)).partition('/')[0]
    assert sentence.startswith(f"depth: {package} of '{tmp_path}' does not fit Python 3.")
    assert reason in sentence
    assert '`unset PYTHONPATH`' in sentence


@pytest.mark.skipif(Path(BARE_PYTHON) == Path(sys.executable), reason='no virtual environment')
@pytest.mark.parametrize(
    ('missing', 'remedy'),
    [
        ('rclpy', 'use .venv/bin/python after `make runtime`, or source a ROS 2 distribution'),
        ('event_camera_msgs', 'the Debian package ros-jazzy-event-camera-msgs'),
        ('tf2_msgs', 'build it from interfaces/ with `make runtime`'),
        ('spike_depth_msgs', 'with `colcon build --base-paths . interfaces/spike_depth_msgs`'),
        ('numba', '`pip install numba`'),
        ('cv2', '`pip install opencv-python-headless`'),
    ],
)
def test_a_package_that_is_missing(tmp_path: Path, missing: str, remedy: str) -> None:
    for entry in PACKAGES.iterdir():
        if entry.name != missing:
            (tmp_path / entry.name).symlink_to(entry)

    sentence = start('pipeline', tmp_path, BARE_PYTHON)

    assert sentence.startswith(f'pipeline: {missing} is not installed for {BARE_PYTHON}: ')
    assert remedy in sentence


def test_an_unknown_module_does_not_blame_python_path(tmp_path: Path) -> None:
    (tmp_path / 'numpy').symlink_to(PACKAGES / 'numpy')

    assert 'does not exist' in start('depth', tmp_path)


@pytest.mark.skipif(Path(BARE_PYTHON) == Path(sys.executable), reason='no virtual environment')
@pytest.mark.parametrize(
    ('rule', 'message'),
    [
        ('modle:=x', "depth: there is no parameter 'modle' (did you mean 'model'?)"),
        ('model', 'depth: failed to initialize rcl: '),
        (MODEL, "depth: The model file 'none.onnx' does not exist"),
    ],
)
def test_a_sourced_distribution_is_not_blamed_for_a_wrong_parameter(
    rule: str, message: str
) -> None:
    """PYTHONPATH names a distribution outside the running Python."""
    assert start('depth', PACKAGES, BARE_PYTHON, rule).startswith(message)
