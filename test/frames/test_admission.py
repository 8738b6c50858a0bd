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

"""Packets with an unknown encoding: the sentence names the setting of the driver."""

from dataclasses import replace

import numpy as np
import pytest

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.admission import find_fault
from spike_depth_ros.frames.counters import DropReason

PACKET = Packet('evt3', 346, 260, 0, 5, 0, False, np.zeros(8, np.uint8))


@pytest.mark.parametrize(
    ('encoding', 'message'),
    [
        ('EVT3', "names are in lower case, so set the driver's parameter encoding to 'evt3'"),
        ('LibCaer', "lower case, so set the driver's parameter encoding to 'libcaer'"),
        ('EVT2.1', "lower case, so set the driver's parameter encoding to 'evt21'"),
        ('evt4', "is not read: set metavision_driver's parameter encoding to 'evt3'"),
        ('trigger', "encoding to 'evt3' (metavision_driver), 'libcaer' or 'libcaer_cmp' (libc"),
        ('dvs_msgs', "encoding 'dvs_msgs' is unknown: set the driver's"),
        ('', "encoding '' is unknown: set the driver's"),
    ],
)
def test_the_sentence_names_the_setting_to_change(encoding: str, message: str) -> None:
    fault = find_fault(replace(PACKET, encoding=encoding))

    assert fault is not None
    assert fault.reason is DropReason.UNKNOWN_ENCODING
    assert message in fault.sentence
    assert 'dvs_msgs' not in fault.sentence.partition(' is ')[2]


def test_an_event_array_is_admitted() -> None:
    assert find_fault(replace(PACKET, encoding='dvs_msgs', seq=None)) is None
