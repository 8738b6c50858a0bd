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

"""`spike-depth view RECORDING...`: a recording in Rerun, or as an animation."""

import argparse
from pathlib import Path

ANIMATIONS = ('.webp', '.gif')


def view(arguments: argparse.Namespace) -> int:
    """Write or show a recording; return the exit code.

    Raises a ValueError of this package, one sentence, for what cannot be read or written.
    """
    path = Path(arguments.output).expanduser() if arguments.output else None
    if path is not None and path.suffix in ANIMATIONS:
        from spike_depth_ros.views.animation import animate

        return animate(arguments, path)
    from spike_depth_ros.views import rerun_command  # Rerun is a large package

    return rerun_command.view(arguments, path)
