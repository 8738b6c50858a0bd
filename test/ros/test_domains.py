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

"""Choice of a free ROS domain."""

import os
import socket
from collections.abc import Iterator

import pytest

from spike_depth_ros.ros import domains
from testing.probe import Probe


@pytest.fixture
def environment() -> Iterator[None]:
    """Remove the ROS variables of the domain from the environment during a test."""
    names = (domains.DOMAIN, domains.DISCOVERY)
    before = {name: os.environ.pop(name, None) for name in names}
    yield
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def test_a_domain_with_a_node_is_not_free(probe: Probe) -> None:
    assert not domains.is_free(probe.context.get_domain_id())


@pytest.mark.parametrize('offset', [0, 10, 14])
def test_a_domain_with_a_used_port_is_not_free(offset: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(('', 7400 + 250 * 101 + offset))
        assert not domains.is_free(101)
        with pytest.raises(ValueError, match='All ROS domains to choose from are in use'):
            domains.first_free([101])
    assert domains.is_free(101)


@pytest.mark.usefixtures('environment')
def test_a_free_domain_of_this_machine_is_chosen() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(('', 7400 + 250 * 100 + 10))
        assert domains.choose([100, 101]) == 101
    assert os.environ[domains.DOMAIN] == '101'
    assert os.environ[domains.DISCOVERY] == 'LOCALHOST'


@pytest.mark.usefixtures('environment')
def test_settings_of_the_user_stay() -> None:
    os.environ.update({domains.DOMAIN: '7', domains.DISCOVERY: 'SUBNET'})

    assert domains.choose([100, 101]) == 7
    assert (os.environ[domains.DOMAIN], os.environ[domains.DISCOVERY]) == ('7', 'SUBNET')


@pytest.mark.usefixtures('environment')
@pytest.mark.parametrize('given', ['robot', '-1', '233', '1.5', '٣'])
def test_invalid_domains_are_refused(given: str) -> None:
    os.environ[domains.DOMAIN] = given

    with pytest.raises(ValueError, match=f"ROS_DOMAIN_ID is '{given}', but must be a whole"):
        domains.choose([101])
