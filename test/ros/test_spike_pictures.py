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

"""Picture of the spike frames over DDS."""

import numpy as np
from sensor_msgs.msg import Image

from spike_depth_ros.frames.event_picture import NO_EVENT_COLOUR, event_picture
from spike_depth_ros.ros.conversions import from_image
from testing.binner_io import PATIENT, event_publishers, expected_frames, frames, send_both
from testing.nodes import NodeProcess
from testing.probe import Probe
from testing.stripes import packets

TOPIC = '/spikes/image_color'


def test_pictures_show_the_spike_frames(probe: Probe) -> None:
    streams = [packets(camera, duration_us=300_000) for camera in range(2)]
    with NodeProcess('binner', PATIENT):
        publishers = event_publishers(probe)
        images = frames(probe)
        pictures = probe.collect(Image, TOPIC)
        probe.until(lambda: probe.node.count_publishers(TOPIC), TOPIC)
        send_both(publishers, streams)
        expected = expected_frames(streams)
        probe.until(lambda: len(pictures) == len(images) == len(expected), 'all pictures')

    for picture, image, counts in zip(pictures, images, expected.values(), strict=True):
        assert picture.encoding == 'rgb8'
        assert picture.header == image.header
        assert np.array_equal(from_image(picture), event_picture(counts))
    assert any((from_image(picture) != NO_EVENT_COLOUR).any() for picture in pictures)
