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

"""The shared memory through which Fast DDS sends messages within one machine."""

import os

FOLDER = '/dev/shm'
# A participant takes 0.6 MB; Fast DDS dies of a bus error where there is less.
LEAST_BYTES = 2_000_000
TRANSPORTS = 'FASTDDS_BUILTIN_TRANSPORTS'


def replace_if_full() -> str:
    """Make Fast DDS use UDP where shared memory is full or read-only.

    Returns one sentence on it, or '' where nothing is to be changed.
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
        f'messages take the slower way of UDP, as {FOLDER} {problem}: make room there, in a '
        'container by its option --shm-size'
    )
