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

"""Folders of NumPy files: DENSE sequences; sequences of spike cameras are refused."""

from pathlib import Path

from spike_depth_ros.recordings.dense.dense_recording import DenseRecording
from spike_depth_ros.recordings.dense.event_files import event_files
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import EventRecording


def is_recording(folder: Path) -> bool:
    """Return whether a folder has events of DENSE, or spikes of a spike camera."""
    return bool(event_files(folder)) or _has_spikes(folder)


def open_folder(folder: Path) -> EventRecording:
    """Open a sequence of DENSE. Raises RecordingError, also for that of a spike camera."""
    if not event_files(folder) and _has_spikes(folder):
        raise RecordingError(
            f"The folder '{folder}' has the spikes of a spike camera (spike_*.npy), which are "
            'intensities without polarity and not events: give a recording of an event camera.'
        )
    return DenseRecording(folder)


def _has_spikes(folder: Path) -> bool:
    return any(any(folder.glob(f'{place}spike_*.npy')) for place in ('', 'spike/', 'spikes/'))
