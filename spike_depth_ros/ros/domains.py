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

"""Choice of a ROS domain that no other process of this machine uses."""

import os
import random
import socket
from collections.abc import Iterable

DOMAIN, DISCOVERY = 'ROS_DOMAIN_ID', 'ROS_AUTOMATIC_DISCOVERY_RANGE'
# The ports of higher domains exceed 65535.
LAST_DOMAIN = 232
# Ports of a domain: one for multicast, then two for each participant, which takes the first free
# pair (OMG DDSI-RTPS 2.2, 9.6.1.1).
FIRST_PORT, PORTS_PER_DOMAIN, UNICAST_OFFSET = 7400, 250, 10
MOST_PARTICIPANTS = 16


def choose(candidates: Iterable[int]) -> int:
    """Choose the ROS domain of this process and its children, and set it in the environment.

    ROS_DOMAIN_ID has precedence; else it is a random free candidate. Discovery is limited to this
    machine unless ROS_AUTOMATIC_DISCOVERY_RANGE is set.

    Raises ValueError, one sentence, if ROS_DOMAIN_ID is invalid or no candidate is free.
    """
    if os.environ.setdefault(DISCOVERY, 'LOCALHOST') == 'OFF':
        raise ValueError(
            f'{DISCOVERY} is OFF, so nodes do not find each other: set it to LOCALHOST, or unset '
            'it.'
        )
    given = os.environ.get(DOMAIN)
    if given:
        return _checked(given)
    domains = list(candidates)
    random.shuffle(domains)
    domain = first_free(domains)
    os.environ[DOMAIN] = str(domain)
    return domain


def check() -> None:
    """Raise ValueError, one sentence, if ROS_DOMAIN_ID is invalid."""
    if given := os.environ.get(DOMAIN):
        _checked(given)


def first_free(domains: Iterable[int]) -> int:
    """Return the first domain that no other process of this machine uses.

    Raises ValueError, one sentence, if there is none.
    """
    domain = next(filter(is_free, domains), None)
    if domain is None:
        raise ValueError(f'All ROS domains to choose from are in use: set {DOMAIN} to a free one.')
    return domain


def is_free(domain: int) -> bool:
    """Return whether all ports of a domain are free on this machine."""
    first = FIRST_PORT + PORTS_PER_DOMAIN * domain
    participants = range(MOST_PARTICIPANTS)
    return all(
        _is_port_free(port)
        for port in (first, *(first + UNICAST_OFFSET + 2 * number for number in participants))
    )


def _is_port_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(('', port))
        except OSError:
            return False
    return True


def _checked(given: str) -> int:
    domain = int(given) if given.isascii() and given.isdigit() else -1
    if not 0 <= domain <= LAST_DOMAIN:
        raise ValueError(
            f"{DOMAIN} is '{given}', but must be a whole number from 0 to {LAST_DOMAIN}: set it "
            f'to one, or unset it.'
        )
    return domain
