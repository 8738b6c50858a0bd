"""Packets whose encoding is not read, and the setting of the driver that helps."""

from dataclasses import replace

import numpy as np
import pytest

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.admission import find_fault

PACKET = Packet('evt3', 346, 260, 0, 5, 0, False, np.zeros(8, np.uint8))


@pytest.mark.parametrize(
    ('encoding', 'says'),
    [
        ('EVT3', "names are in lower case, so set the driver's parameter encoding to 'evt3'"),
        ('LibCaer', "lower case, so set the driver's parameter encoding to 'libcaer'"),
        ('evt2', "is not read: set metavision_driver's parameter encoding to 'evt3'"),
        ('evt21', "is not read: set metavision_driver's parameter encoding to 'evt3'"),
        ('EVT2.1', "is not read: set metavision_driver's parameter encoding to 'evt3'"),
        ('trigger', "encoding to 'evt3' (metavision_driver), 'libcaer' or 'libcaer_cmp' (libc"),
        ('dvs_msgs', "encoding 'dvs_msgs' is unknown: set the driver's"),
        ('', "encoding '' is unknown: set the driver's"),
    ],
)
def test_the_setting_that_helps(encoding: str, says: str) -> None:
    fault = find_fault(replace(PACKET, encoding=encoding))

    assert fault is not None
    assert fault.counter == 'packets_unknown_encoding'
    assert says in fault.sentence
    assert 'dvs_msgs' not in fault.sentence.partition(' is ')[2]


def test_an_event_array_is_admitted() -> None:
    assert find_fault(replace(PACKET, encoding='dvs_msgs', seq=None)) is None
