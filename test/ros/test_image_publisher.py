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

"""Images over DDS: one message for many, and subscribers that are stopped for a while."""

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, to_ns, to_time
from spike_depth_ros.ros.image_publisher import ImagePublisher
from testing.probe import Probe


def test_each_image_has_its_own_pixels_and_header(probe: Probe) -> None:
    received = probe.collect(Image, 'image', qos.images())
    publisher = ImagePublisher(probe.node, 'image')
    probe.until_subscribed('/image')
    small, large = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((4, 3), np.float32)
    sent = [
        (small, '32FC1'),
        (small * 2, '32FC1'),
        (large, '32FC1'),
        (small.T, '32FC1'),  # not contiguous, other shape, as many bytes
        (np.full((3, 2), 7, np.uint16), '16UC1'),
    ]
    for number, (pixels, encoding) in enumerate(sent):
        publisher.publish(pixels, encoding, Header(stamp=to_time(number), frame_id=f'{number}'))
    probe.until(lambda: len(received) == len(sent), 'all images')
    for number, (message, (pixels, encoding)) in enumerate(zip(received, sent, strict=True)):
        assert (message.header.frame_id, to_ns(message.header.stamp)) == (f'{number}', number)
        assert message.encoding == encoding
        np.testing.assert_array_equal(from_image(message), pixels)


def test_pixels_of_another_type_than_the_encoding_are_refused(probe: Probe) -> None:
    publisher = ImagePublisher(probe.node, 'image')
    publisher.publish(np.zeros((2, 3), np.float32), '32FC1', Header())
    with pytest.raises(ValueError, match='32FC1 needs float32 pixels'):
        publisher.publish(np.zeros((2, 3), np.int32), '32FC1', Header())


def test_a_subscriber_that_stands_still_for_a_second_at_100_hz_gets_each_image(
    probe: Probe,
) -> None:
    received = probe.collect(Image, 'image', qos.images())
    publisher = ImagePublisher(probe.node, 'image')
    probe.until_subscribed('/image')
    pixels = np.zeros((260, 346), np.float32)
    for number in range(100):
        publisher.publish(pixels, '32FC1', Header(stamp=to_time(number)))
    probe.until(lambda: len(received) == 100, 'all images')
    assert [to_ns(message.header.stamp) for message in received] == list(range(100))
