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

"""Checks of the environment variables on which rcl would end the process."""

import os
from pathlib import Path

from spike_depth_ros.ros import domains

RMW = 'RMW_IMPLEMENTATION'


def check() -> None:
    """Raise ValueError, one sentence, if rcl would end the process."""
    domains.check()
    wanted = os.environ.get(RMW)
    if wanted and (here := _implementations()) and wanted not in here:
        raise ValueError(
            f"{RMW} is '{wanted}', but installed here is {' and '.join(sorted(here))}: unset "
            f'{RMW}, or install it'
        )


def _implementations() -> set[str]:
    """Return the names of the RMW implementations in the library path."""
    folders = filter(None, os.environ.get('LD_LIBRARY_PATH', '').split(os.pathsep))
    files = (file for folder in folders for file in Path(folder).glob('librmw_*_cpp.so'))
    names = {file.stem.removeprefix('lib') for file in files}
    return {name for name in names if '__' not in name and not name.endswith('_shared_cpp')}
