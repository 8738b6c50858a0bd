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

"""Folder of ROS's log files."""

import os
import tempfile
from pathlib import Path


def problem() -> str:
    """Return one sentence if ROS cannot write log files, else ''.

    As in rcl, the folder is ROS_LOG_DIR, else the folder log in ROS_HOME, else ~/.ros/log.
    """
    home = os.environ.get('HOME', '')
    ros_home = os.environ.get('ROS_HOME') or '~/.ros'
    folder = os.environ.get('ROS_LOG_DIR') or f'{ros_home}/log'
    if folder.startswith('~'):
        if not home:
            return _sentence(folder, 'HOME is not set')
        folder = home + folder[1:]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ''
    except OSError as error:
        return _sentence(folder, error.strerror or repr(error))


def _sentence(folder: str, reason: str) -> str:
    return (
        f"no log file is written, as the folder '{folder}' is not writable ({reason}): set "
        'ROS_LOG_DIR to a writable folder'
    )
