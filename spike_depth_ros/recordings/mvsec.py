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

"""MVSEC beside its recordings: calibration, and what its documentation says of single files.

Source: data_format, download and change_log pages of daniilidis-group/mvsec.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.rectified import rectified_camera
from spike_depth_ros.recordings.calibration_file import rig_from_file
from spike_depth_ros.recordings.recording import FoundCalibration, Side

WIDTH, HEIGHT = 346, 260
# Half-open ranges of the true depths that the splits 1, 2 and 3 test: those of DDES (Tulyakov et
# al., ICCV 2019), whose bounds 140 .. 1200, 120 .. 1420 and 73 .. 1615 are inclusive.
TEST_RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        'indoor_flying1': (140, 1201),
        'indoor_flying2': (120, 1421),
        'indoor_flying3': (73, 1616),
    }
)
# The car's hood is nearer than that in the outdoor sequences, metres.
HOOD_M = 3.0
_SCENE = re.compile(r'(indoor_flying|outdoor_day|outdoor_night|motorcycle)')


def test_range(path: Path) -> range | None:
    """Return the numbers of the true depths of a sequence that its split tests; None if none."""
    names = (name for name in TEST_RANGES if name in path.name)
    return next((range(*TEST_RANGES[name]) for name in names), None)


def nearest_valid_m(path: Path) -> float:
    """Return the depth, metres, up to which the pixels of a sequence see the car: 0 indoors."""
    return HOOD_M if 'outdoor' in path.name else 0.0


def camchain_beside(path: Path) -> Path | None:
    """Return camchain-imucam-<scene>.yaml of a recording's scene, else None.

    It is looked for beside the recording, in <scene>_calib beside it, and one folder above.
    A recording without a scene in its name takes the camchain that is the only one there.
    """
    found = _SCENE.search(path.name)
    scene = found.group() if found else '*'
    name = f'camchain-imucam-{scene}.yaml'
    for folder in (path.absolute().parent, path.absolute().parent.parent):
        files = [*folder.glob(name), *folder.glob(f'{scene}_calib/{name}')]
        if len(files) == 1 or (files and found):
            return files[0]
    return None


def calibration(path: Path, sides: tuple[Side, ...], notes: list[str]) -> FoundCalibration | None:
    """Return the calibration from the camchain beside a recording; see rig_from_file."""
    return rig_from_file(camchain_beside(path), sides, "MVSEC's camchain", notes)


def rectified_view(path: Path, side: Side, notes: list[str]) -> PinholeCamera | None:
    """Return the camera of depth_image_rect from the camchain beside a recording, else None."""
    file = camchain_beside(path)
    if file is None:
        return None
    try:
        return rectified_camera(str(file), side)
    except CalibrationError as error:
        notes.append(str(error))
        return None


def defects(path: Path) -> list[str]:
    """Return sentences about defects of a file that nothing in the file tells."""
    if path.name.startswith('outdoor_day1_gt'):
        return [
            "The true depth of MVSEC's outdoor_day1 is 0.225 s off in files from before "
            '2018-09-26, and nothing in the file tells: download it again if yours may be older.'
        ]
    return []
