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

"""`spike-depth info`: contents of a recording."""

import argparse
from pathlib import Path

from spike_depth_ros.recordings.info.survey import survey
from spike_depth_ros.recordings.info.text import to_json, to_text
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.progress import Progress


def main(arguments: argparse.Namespace) -> int:
    """Print the contents of the recording; return the exit code 0.

    Raises:
        RecordingError: the recording cannot be read.
    """
    paths, truth = ([Path(path) for path in given] for given in (arguments.paths, arguments.truth))
    with open_recording(paths, truth) as recording, Progress('reading') as progress:
        contents = survey(recording, progress)
    print(to_json(contents) if arguments.json else to_text(contents))
    return 0
