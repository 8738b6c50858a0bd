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

"""Lock on an output folder, against two commands at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spike_depth_ros.outputs import OutputError

NAME = '.lock'


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which is created; it ends with the process, even a killed one.

    Raises:
        OutputError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open('w') as file:
        try:
            # A lock of POSIX: unlike that of flock, forked workers do not hold it on.
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            raise OutputError(
                f"The folder '{folder}' is in use by another `spike-depth reproduce`: wait for "
                'its end, or give another folder (--output).'
            ) from error
        yield
