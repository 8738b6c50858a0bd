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

"""The folder of ROS's log files."""

import os
import tempfile
from pathlib import Path


def problem() -> str:
    """Return why ROS cannot write log files, in one sentence, or '' if it can.

    The folder is ROS_LOG_DIR, else log in ROS_HOME, else ~/.ros/log, as rcl chooses it.
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
        f"no log file is written, as the folder '{folder}' cannot be ({reason}): set ROS_LOG_DIR "
        'to a folder that can'
    )
