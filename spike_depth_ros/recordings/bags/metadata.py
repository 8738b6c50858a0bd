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

"""The metadata.yaml of a rosbag2 folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from spike_depth_ros.recordings.errors import LONGEST_REASON, RecordingError

NAME = 'metadata.yaml'
_ROOT = 'rosbag2_bagfile_information'
_COMPRESSIONS = {'': '', 'none': '', 'file': 'file', 'message': 'message'}


@dataclass(frozen=True, slots=True)
class Metadata:
    """Fields of metadata.yaml; the rest is read from the storage files.

    Attributes:
        files: file names in the folder, in order.
        storage: name of the storage plugin; may be empty.
        compression: '', 'file' or 'message', with zstd.
        messages: number of messages, 0 if unknown.
        about: custom data of the recording.
    """

    files: tuple[str, ...]
    storage: str
    compression: str
    messages: int
    about: Mapping[str, str]


def read_metadata(folder: Path) -> Metadata:
    """Read the metadata.yaml of a folder; raise RecordingError if it is wrong."""
    try:
        document = YAML(typ='safe').load((folder / NAME).read_text(encoding='utf-8'))
    except UnicodeDecodeError as error:
        raise _wrong(folder, 'is no text') from error
    except YAMLError as error:
        raise _wrong(folder, f'is no YAML ({_yaml_reason(error)})') from error
    fields = document.get(_ROOT) if isinstance(document, dict) else None
    if not isinstance(fields, dict):
        raise _wrong(folder, f"has no section '{_ROOT}'")
    messages, about = fields.get('message_count'), fields.get('custom_data')
    return Metadata(
        files=_files(folder, fields),
        storage=str(fields.get('storage_identifier') or ''),
        compression=_compression(folder, fields),
        messages=messages if isinstance(messages, int) else 0,
        about={str(k): str(v) for k, v in about.items()} if isinstance(about, dict) else {},
    )


def _files(folder: Path, fields: dict[str, Any]) -> tuple[str, ...]:
    paths = fields.get('relative_file_paths')
    if not isinstance(paths, list) or not paths or not all(isinstance(p, str) for p in paths):
        raise _wrong(folder, "has no list of files 'relative_file_paths'")
    # Old versions of rosbag2 write the folder of the recording too.
    return tuple(PurePath(path).name for path in paths)


def _compression(folder: Path, fields: dict[str, Any]) -> str:
    mode = str(fields.get('compression_mode') or '').lower()
    if mode not in _COMPRESSIONS:
        raise _wrong(
            folder, f"has the compression_mode '{mode}', which is neither file nor message"
        )
    format_ = str(fields.get('compression_format') or '')
    if _COMPRESSIONS[mode] and format_ != 'zstd':
        raise RecordingError(
            f"The recording '{folder}' is compressed with '{format_}', but only zstd is read: "
            f'convert it with ros2 bag convert.'
        )
    return _COMPRESSIONS[mode]


def _yaml_reason(error: YAMLError) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        problem = ' '.join(str(error.problem).split())[:LONGEST_REASON]
        return f'line {error.problem_mark.line + 1}: {problem}'
    return str(error).partition('\n')[0][:LONGEST_REASON]


def _wrong(folder: Path, fault: str) -> RecordingError:
    return RecordingError(
        f"The recording '{folder}' cannot be read (its {NAME} {fault}): write it again with "
        f'`ros2 bag reindex`.'
    )
