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

"""Folders of DSEC sequences, recognised without h5py."""

from pathlib import Path

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.hdf5 import dsec_places
from spike_depth_ros.recordings.recording import EventRecording


def is_recording(folder: Path) -> bool:
    """Return whether a folder holds events in the places of a DSEC sequence."""
    return dsec_places.of_folder(folder) is not None


def open_folder(folder: Path) -> EventRecording:
    """Open the events of a folder; the files tell which data set they are. Raises RecordingError.

    h5py is imported only here.
    """
    from spike_depth_ros.recordings.hdf5 import layouts

    places = dsec_places.of_folder(folder)
    events = places and (places.events('left') or places.events('right'))
    if not events:
        raise RecordingError(f"The folder '{folder}' holds no events.h5: give another.")
    return layouts.open_file(events)
