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

"""Errors of recordings: other libraries' exceptions as one sentence."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Limit for messages of rosbags and its storage libraries, which repeat the path.
LONGEST_REASON = 200


class RecordingError(ValueError):
    """Recording that cannot be used; the message is one sentence."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn every exception of the block into a RecordingError.

    Exceptions of rosbags, sqlite, zstd, lz4, mcap and YAML share no base class.
    """
    try:
        yield
    except RecordingError:
        raise
    except Exception as error:
        raise RecordingError(
            f"The recording '{path}' cannot be read ({_reason(error)}): {_fix(error)}."
        ) from error


def _reason(error: Exception) -> str:
    """Return an error's message in one line without a full stop."""
    text = getattr(error, 'strerror', None) or str(error) or type(error).__name__
    line = ' '.join(text.partition('\n')[0].split()).rstrip('.')
    return line if len(line) <= LONGEST_REASON else f'{line[:LONGEST_REASON]}...'


def _fix(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return 'change its permissions, or copy it'
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return 'free space for the unpacked files, or set TMPDIR to a larger folder'
    return 'copy or record it again'
