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

"""Errors of the installation: the cause of a failed import and the remedy, in one sentence."""

import os
import site
import sys

from spike_depth_ros.foreign_packages import (
    ForeignPackage,
    culprit,
    import_error,
    is_hidden,
    is_installed,
    is_ours,
    resolved,
    top,
)

PYTHON = f'Python {sys.version_info.major}.{sys.version_info.minor}'
# Messages of this package, which no distribution has.
OWN_INTERFACES = 'spike_depth_msgs'
# Built from interfaces/: PyPI has no wheels of them.
INTERFACES = ('event_camera_msgs', 'dvs_msgs', 'tf2_msgs')
# Python packages of a ROS 2 distribution, without messages.
ROS = (
    'rclpy',
    'ament_index_python',
    'builtin_interfaces',
    'rcl_interfaces',
    'rosidl_parser',
    'rosidl_pycommon',
    'rpyutils',
    'launch',
    'launch_ros',
)
TRAINING = (
    'torch',
    'lightning',
    'spikingjelly',
    'tensorboard',
    'jsonargparse',
    'onnx',
    'onnxscript',
    'scipy',
    'tqdm',
    'loguru',
)
# Modules of setup.py's extras: the extra, and the target of the Makefile.
EXTRAS = {
    'h5py': ('h5', 'readers'),
    'hdf5plugin': ('h5', 'readers'),
    'dv_processing': ('dv', 'readers'),
    'rerun': ('rerun', 'views'),
    'timm': ('teachers', 'teachers'),
    'transformers': ('teachers', 'teachers'),
}
# Names of PyPI packages that differ from the module's name.
PYPI = {'cv2': 'opencv-python-headless', 'PIL': 'pillow', 'ruamel': 'ruamel.yaml'}
# Words of the dynamic linker's errors.
LINKER = ('undefined symbol', 'shared object', 'not found (required by')
LONGEST_REASON = 200


def explain(error: Exception) -> str:
    """Return one sentence with the cause of a failed import and the remedy.

    '' for an error that the installation did not cause.

    Args:
        error: an ImportError, or any error of a package of another installation.
    """
    cause = import_error(error)
    foreign = culprit(error)
    is_linking = any(words in str(cause) for words in LINKER)
    if foreign and (is_hidden(foreign.name) or not is_linking):
        return _of_another_installation(foreign, cause or error)
    if cause is None:
        return ''
    if is_linking:
        return _of_the_linker(cause)
    name = top(cause.name)
    if isinstance(cause, ModuleNotFoundError) and not is_installed(name):
        return f'{name} is not installed for {sys.executable}: {_remedy(name)}.'
    return (
        f'{name or "A package"} cannot be imported ({_reason(cause)}): the installed packages do '
        'not fit each other, so install requirements/runtime.txt afresh (`make clean runtime`).'
    )


def _remedy(name: str) -> str:
    if name == OWN_INTERFACES:
        return (
            'build it from interfaces/ with `make runtime` and use .venv/bin/python, or with '
            f'`colcon build --base-paths . interfaces/{name}` in the checkout'
        )
    if name in INTERFACES:
        debian = f'ros-jazzy-{name.replace("_", "-")}'
        return (
            'build it from interfaces/ with `make runtime` and use .venv/bin/python, or install '
            f'the Debian package {debian} and source the ROS 2 distribution'
        )
    if name in ROS or name.endswith(('_msgs', '_srvs')):
        return (
            'use .venv/bin/python after `make runtime`, or source a ROS 2 distribution for '
            f'{PYTHON} first'
        )
    if name in EXTRAS:
        extra, target = EXTRAS[name]
        return f"run `make {target}`, or `pip install 'spike_depth_ros[{extra}]'`"
    if name in TRAINING:
        return 'run `make training`, or install requirements/training.txt and spikingjelly.txt'
    return f'run `make runtime` and use .venv/bin/python, or `pip install {PYPI.get(name, name)}`'


def _of_another_installation(foreign: ForeignPackage, error: Exception) -> str:
    return (
        f"{foreign.name} of '{foreign.entry}' does not fit {PYTHON} of {sys.prefix} "
        f'({_reason(error)}): {_way_out(foreign.entry)}, or use the Python and the ROS 2 '
        'distribution that it was made for.'
    )


def _way_out(entry: str) -> str:
    named = os.environ.get('PYTHONPATH', '').split(os.pathsep)
    if entry in [resolved(folder) for folder in named if folder]:
        return '`unset PYTHONPATH`, which names this folder'
    if entry == resolved(site.getusersitepackages()):
        return '`export PYTHONNOUSERSITE=1`'
    return 'start from another folder'


def _of_the_linker(error: ImportError) -> str:
    folders = os.environ.get('LD_LIBRARY_PATH', '').split(os.pathsep)
    other = [folder for folder in folders if folder and not is_ours(resolved(folder))]
    advice = (
        f'`unset LD_LIBRARY_PATH`, which names {other[0]}, or source the one ROS 2 distribution '
        f'that is made for {PYTHON}'
        if other
        else f'source the ROS 2 distribution that is made for {PYTHON}, or run `make runtime` '
        'and use .venv/bin/python in a fresh terminal'
    )
    return f'A library cannot be loaded ({_reason(error)}): {advice}.'


def _reason(error: BaseException) -> str:
    """Return the first line of an error's root cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [' '.join(line.split()) for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0].rstrip('.')[:LONGEST_REASON]
