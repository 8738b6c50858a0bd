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

"""Rerun's viewer in the browser, served to this machine alone."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep

LOCALHOST = '127.0.0.1'
START_S = 60.0  # longest time until the viewer answers
STEP_S = 0.05


class ViewerError(ValueError):
    """Viewer that cannot be started; the message is one sentence."""


@contextmanager
def viewer(web_port: int = 0) -> Iterator[tuple[str, str]]:
    """Serve the viewer; yield the address for a recording stream and the page for a browser.

    Rerun's own functions for this serve to the whole network.

    Args:
        web_port: port of the page; 0: a free one.

    Raises:
        ViewerError: it does not start.
    """
    is_taken = bool(web_port) and _answers(web_port)
    port, web_port = _free_port(), web_port or _free_port()
    if is_taken:  # Rerun would end a moment after the other program has answered
        raise _does_not_start(port, web_port)
    options = ['--bind', LOCALHOST, '--port', str(port), '--web-viewer-port', str(web_port)]
    process = subprocess.Popen(
        [_program(), '--serve-web', *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port, web_port)
        address = f'rerun+http://{LOCALHOST}:{port}/proxy'
        escaped = address.replace('+', '%2B').replace(':', '%3A').replace('/', '%2F')
        yield address, f'http://{LOCALHOST}:{web_port}?url={escaped}'
    finally:
        process.terminate()
        process.wait()


def _program() -> str:
    """Return the path of Rerun's program, not of the script that starts it and ends alone."""
    package = find_spec('rerun_cli')
    if package is None or package.origin is None:
        raise ViewerError('The viewer of Rerun is missing: write a file by --output.')
    return str(Path(package.origin).with_name('rerun'))


def _wait(process: 'subprocess.Popen[bytes]', *ports: int) -> None:
    """Wait until the viewer takes connections at its ports."""
    deadline = monotonic() + START_S
    while not all(map(_answers, ports)):
        if process.poll() is not None or monotonic() > deadline:
            raise _does_not_start(*ports)
        sleep(STEP_S)


def _does_not_start(*ports: int) -> ViewerError:
    return ViewerError(
        f'The viewer of Rerun does not start (ports {ports[0]} and {ports[1]}): give another '
        '--port, or write a file by --output.'
    )


def _answers(port: int) -> bool:
    with closing(socket.socket()) as trial:
        return trial.connect_ex((LOCALHOST, port)) == 0


def _free_port() -> int:
    with closing(socket.socket()) as trial:
        trial.bind((LOCALHOST, 0))
        port: int = trial.getsockname()[1]
        return port
