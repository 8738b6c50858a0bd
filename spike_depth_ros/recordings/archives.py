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

"""Archives that users give: their content, and the remedy."""

import re
import tarfile
import zipfile
from pathlib import Path

MAX_NAMES = 6
# Arrays of MVSEC's npz files (data_format page of daniilidis-group/mvsec).
_MVSEC_NPZ = {'x_flow_dist': 'optical flow', 'lin_vel': 'odometry'}


def is_tar(path: Path) -> bool:
    """Return whether a file is a tar archive, also one that is compressed."""
    try:
        return tarfile.is_tarfile(path)
    except Exception:  # a damaged compression raises errors of any class
        return False


def why_no_archive(path: Path) -> str:
    """Return what is in a zip or npz file, and the remedy, as the end of a sentence."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # zipfile raises errors of any class for damaged archives
        return 'is a damaged zip archive: download it again'
    arrays = [name.removesuffix('.npy') for name in names if name.endswith('.npy')]
    if arrays and len(arrays) == len(names):
        return _why_no_npz(arrays)
    recordings = [name for name in names if re.search(r'\.(h5|hdf5|bag|db3|mcap|raw)$', name)]
    if recordings:
        return f'is a zip archive with {_listed(recordings)}: unpack it and give its folder'
    return f'is a zip archive with {_listed(names)}: unpack it, and give a recording'


def _why_no_npz(arrays: list[str]) -> str:
    listed = _listed(arrays)
    for name, content in _MVSEC_NPZ.items():
        if name in arrays:
            return f"is MVSEC's {content} ({listed}), without events: give <sequence>_data.hdf5"
    return (
        f'is an npz file with the arrays {listed}, whose meaning it does not tell: give the '
        'recording that it was made of'
    )


def _listed(names: list[str]) -> str:
    more = f' and {len(names) - MAX_NAMES} more' if len(names) > MAX_NAMES else ''
    return (', '.join(names[:MAX_NAMES]) or 'nothing') + more
