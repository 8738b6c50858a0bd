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

"""Texts in HDF5 files, read in another process.

HDF5 keeps texts of variable length in a heap; where that is damaged, the library reads without end
or beyond its memory, which no exception tells.
"""

import json
import subprocess
import sys
from pathlib import Path

LIMIT_S = 20
# Arguments: the file, and the names of datasets or, with @ before them, attributes.
_PROGRAM = """
import h5py, json, sys
def text(name):
    value = file.attrs.get(name[1:], '') if name[0] == '@' else file[name][()]
    value = value.reshape(-1)[0] if hasattr(value, 'reshape') else value
    return value.decode(errors='replace') if isinstance(value, bytes) else str(value)
with h5py.File(sys.argv[1], 'r') as file:
    print(json.dumps([text(name) for name in sys.argv[2:]]))
"""


def read_texts(path: Path, *names: str) -> list[str]:
    """Return texts of a file; '' for an attribute that it does not have.

    Raises ValueError if they are damaged.

    Args:
        path: file.
        names: paths of datasets, or names of attributes of the file with @ before them.
    """
    command = [sys.executable, '-P', '-c', _PROGRAM, str(path), *names]
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=True)
    except subprocess.SubprocessError as error:
        raise ValueError(f'the texts {", ".join(names)} are damaged') from error
    texts: list[str] = json.loads(done.stdout)
    return texts
