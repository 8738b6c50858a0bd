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

"""Output of a view: a Rerun file, or a viewer in the browser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import rerun as rr

from spike_depth_ros.outputs import OutputError, check_output_file, whole_file
from spike_depth_ros.views.rerun_log import APPLICATION
from spike_depth_ros.views.viewer import viewer


def check_rrd(path: Path) -> None:
    """Check that a Rerun file can be written; raises OutputError.

    Rerun takes a file of another ending for what that ending says.
    """
    if path.suffix != '.rrd':
        raise OutputError(
            f"The file '{path}' has not the ending .rrd, by which Rerun knows it: give it that "
            'ending, or .webp or .gif for an animation.'
        )
    check_output_file(path)


@contextmanager
def output(
    path: Path | None, port: int, wait: Callable[[], None] | None
) -> Iterator[rr.RecordingStream]:
    """Yield a recording stream that writes a file, or shows in a browser until Ctrl-C.

    Args:
        path: file, which appears when it is complete; None: the browser.
        port: port of the page for the browser; 0: a free one.
        wait: called when all is logged, to wait for Ctrl-C; None: the block waits.

    Raises:
        OutputError: the file cannot be written.
        ViewerError: the viewer does not start.
    """
    stream = rr.RecordingStream(APPLICATION)
    stream.set_log_time_enabled(False)  # the time of the recording is enough
    if path is not None:
        with whole_file(path) as unfinished:
            stream.save(unfinished)
            yield stream
            stream.disconnect()
        return
    with viewer(port) as (address, page):
        stream.connect_grpc(address)
        print(f'open {page} (this machine only; Ctrl-C ends)', flush=True)
        with suppress(KeyboardInterrupt):
            yield stream
            stream.flush()
            if wait is not None:
                wait()
        stream.disconnect()
