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

"""Opening of Prophesee's RAW and DAT files."""

from pathlib import Path

from spike_depth_ros.recordings.errors import reading
from spike_depth_ros.recordings.prophesee.dat_recording import DatRecording, is_dat
from spike_depth_ros.recordings.prophesee.header import read_header
from spike_depth_ros.recordings.prophesee.raw_recording import RawRecording
from spike_depth_ros.recordings.recording import EventRecording


def open_file(path: Path) -> EventRecording:
    """Open a RAW or DAT file."""
    with reading(path):
        header = read_header(path)
        return DatRecording(path, header) if is_dat(path, header) else RawRecording(path, header)
