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

"""ROS domains of the demo, tests, benchmarks and stress programs, none of which overlap.

Sessions on one domain would receive each other's packets.
"""

import os
import socket

from spike_depth_ros.ros import domains
from spike_depth_ros.ros.demo.command import DOMAINS

# Robots use 0 and other low domains; above 101 the ports of DDS may be taken by any program.
RANGES = {
    'test': range(2, 26),
    'bench': range(26, 32),
    'stress': range(32, 38),
    'demo': DOMAINS,
}
TRANSPORTS = 'FASTDDS_BUILTIN_TRANSPORTS'

# Sockets whose names reserve domains for this process, until it ends.
_reservations: list[socket.socket] = []


def isolate(use: str = 'test', transports: str = '') -> None:
    """Give this process and its children an unused ROS domain.

    Args:
        use: key of RANGES, from which the domain comes.
        transports: Fast DDS's name of the transports to use, '' for its default.

    Raises ValueError when another process uses each domain of the range.
    """
    reserved = filter(_reserve, filter(domains.is_free, RANGES[use]))
    os.environ[domains.DOMAIN] = str(domains.first_free(reserved))
    os.environ[domains.DISCOVERY] = 'LOCALHOST'
    if transports:
        os.environ[TRANSPORTS] = transports


def _reserve(domain: int) -> bool:
    """Reserve a domain; return False where another process has reserved it.

    A domain looks free until its first DDS participant opens a port, so two processes that choose
    at the same time would choose the same. A name of Linux's abstract socket space belongs to one
    process, and is free again when that ends.
    """
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f'\0spike_depth_ros/domain/{domain}')
    except OSError:
        name.close()
        return False
    _reservations.append(name)
    return True
