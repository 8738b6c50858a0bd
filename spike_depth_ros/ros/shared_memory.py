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
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile

from spike_depth_ros.ros.domains import DISCOVERY

FOLDER = '/dev/shm'
# A participant allocates 0.6 MB; Fast DDS ends with a bus error if that fails.
LEAST_BYTES = 2_000_000
TRANSPORTS = 'FASTDDS_BUILTIN_TRANSPORTS'
# Messages to processes of this machine pass through a segment of the sender's. Fast DDS's own of
# 0.5 MB holds one image of 346 x 260 pixels; what finds no room is sent again later, or lost.
SEGMENT_BYTES = 8 << 20
PROFILES, PROFILES_HERE = 'FASTRTPS_DEFAULT_PROFILES_FILE', 'DEFAULT_FASTRTPS_PROFILES.xml'
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<dds xmlns="http://www.eprosima.com"><profiles>{descriptors}
  <participant profile_name="spike_depth_ros" is_default_profile="true"><rtps>
    {settings}
  </rtps></participant>
</profiles></dds>
"""
# rmw_fastrtps replaces the built-in transports if ROS_AUTOMATIC_DISCOVERY_RANGE is LOCALHOST, but
# prefers one of the profile. Elsewhere the segment is twice as large as the buffer of a socket.
LOCAL_DESCRIPTORS = f"""
  <transport_descriptors><transport_descriptor>
    <transport_id>shared_memory</transport_id><type>SHM</type>
    <segment_size>{SEGMENT_BYTES}</segment_size>
  </transport_descriptor></transport_descriptors>"""
LOCAL_SETTINGS = '<userTransports><transport_id>shared_memory</transport_id></userTransports>'
SETTINGS = f"""<sendSocketBufferSize>{SEGMENT_BYTES // 2}</sendSocketBufferSize>
    <listenSocketBufferSize>{SEGMENT_BYTES // 2}</listenSocketBufferSize>"""


def replace_if_full() -> str:
    """Make Fast DDS use UDP if shared memory is full or read-only.

    Returns a sentence about it, or '' if shared memory can be used.
    """
    if TRANSPORTS in os.environ or not os.path.isdir(FOLDER):
        return ''
    free_bytes = _free_bytes()
    if os.statvfs(FOLDER).f_flag & os.ST_RDONLY:
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


@contextmanager
def large_segments() -> Iterator[None]:
    """Make Fast DDS give the participants that are created in the context SEGMENT_BYTES each.

    Nothing changes where the environment or the working folder has a profile of its own, or where
    shared memory is short or read-only. Other implementations of DDS ignore it.
    """
    if _is_set_up() or _free_bytes() < 2 * SEGMENT_BYTES:
        yield
        return
    is_local = os.environ.get(DISCOVERY) == 'LOCALHOST'
    profile = PROFILE.format(
        descriptors=LOCAL_DESCRIPTORS if is_local else '',
        settings=LOCAL_SETTINGS if is_local else SETTINGS,
    )
    with NamedTemporaryFile('w', dir=FOLDER, suffix='.xml') as file:
        file.write(profile)
        file.flush()
        os.environ[PROFILES] = file.name
        try:
            yield
        finally:
            del os.environ[PROFILES]  # processes that this one starts find no file


def _is_set_up() -> bool:
    """Return whether the user has chosen transports or has a profile."""
    return TRANSPORTS in os.environ or PROFILES in os.environ or os.path.exists(PROFILES_HERE)


def _free_bytes() -> int:
    """Return the free shared memory, bytes; 0 where none can be written."""
    if not os.access(FOLDER, os.W_OK):
        return 0
    usage = os.statvfs(FOLDER)
    return usage.f_bavail * usage.f_frsize
