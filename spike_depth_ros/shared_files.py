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

"""Paths of the files that come with the package."""

import sys
from contextlib import suppress
from pathlib import Path

PACKAGE = 'spike_depth_ros'


def shared_file(name: str) -> Path:
    """Return the path of a file or folder such as 'models/coincidence.onnx'.

    In a source tree it lies beside the package; pip and colcon install it into the package's share
    folder.

    Raises:
        FileNotFoundError: it is in neither place.
    """
    for folder in _folders():
        if (folder / name).exists():
            return folder / name
    places = ' nor in '.join(str(folder) for folder in _folders())
    raise FileNotFoundError(f"'{name}' is not in {places}: install the package again.")


def _folders() -> list[Path]:
    folders = [Path(__file__).resolve().parent.parent, Path(sys.prefix) / 'share' / PACKAGE]
    with suppress(ImportError, LookupError, OSError):  # no ROS 2, or no workspace around
        from ament_index_python.packages import get_package_share_directory

        folders.append(Path(get_package_share_directory(PACKAGE)))
    return folders
