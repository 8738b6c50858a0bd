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

"""Shared memory, which Fast DDS uses between processes of one machine."""

import os

FOLDER = '/dev/shm'
# A participant allocates 0.6 MB; Fast DDS ends with a bus error if that fails.
LEAST_BYTES = 2_000_000
TRANSPORTS = 'FASTDDS_BUILTIN_TRANSPORTS'


def replace_if_full() -> str:
    """Make Fast DDS use UDP if shared memory is full or read-only.

    Returns a sentence about it, or '' if shared memory can be used.
    """
    if TRANSPORTS in os.environ or not os.path.isdir(FOLDER):
        return ''
    usage = os.statvfs(FOLDER)
    free_bytes = usage.f_bavail * usage.f_frsize
    if usage.f_flag & os.ST_RDONLY:
        problem = 'is read-only'
    elif free_bytes < LEAST_BYTES:
        problem = f'has {free_bytes / 1e6:.1f} MB free, but DDS needs {LEAST_BYTES / 1e6:.0f} MB'
    else:
        return ''
    os.environ[TRANSPORTS] = 'UDPv4'
    return (
        f'messages use UDP, which is slower, as {FOLDER} {problem}: make room there, in a '
        'container by its option --shm-size'
    )
