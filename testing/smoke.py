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

"""Start a command and wait until binner and depth node report: `python -m testing.smoke COMMAND`.

Exits with 0 once both nodes have published diagnostics, and with the reason otherwise.
"""

import signal
import subprocess
import sys

from testing.domains import isolate
from testing.probe import Probe
from testing.waiting import LIMIT_S

REPORTS = ('binner: spike frames', 'depth: depth')


def main(command: list[str]) -> None:
    """Run the command until both nodes have reported, then interrupt it."""
    isolate()
    process = subprocess.Popen(command)
    try:
        with Probe() as probe:
            probe.until(
                lambda: set(REPORTS) <= probe.status.keys() or process.poll() is not None,
                f'reports of {" and ".join(REPORTS)}',
            )
        if process.poll() is not None:
            sys.exit(f'{command[0]} ended with exit code {process.returncode}')
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(LIMIT_S)
    print('both nodes report')


if __name__ == '__main__':
    main(sys.argv[1:])
