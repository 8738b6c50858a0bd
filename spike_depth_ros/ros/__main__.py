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

"""Run a node as `python -m spike_depth_ros.ros binner --ros-args ...`."""

import sys

from spike_depth_ros.ros import executables

EXECUTABLES = {
    'binner': executables.binner,
    'camera': executables.camera,
    'depth': executables.depth,
    'pipeline': executables.pipeline,
    'replay': executables.replay,
}


def main() -> int:
    """Run the node that the first argument names; return the exit code."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ''
    if name not in EXECUTABLES:
        print(f"there is no node '{name}': use one of {', '.join(EXECUTABLES)}", file=sys.stderr)
        return 1
    return EXECUTABLES[name]()


if __name__ == '__main__':
    sys.exit(main())
