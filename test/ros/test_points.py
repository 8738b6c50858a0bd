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

"""Point cloud of the depth node over DDS."""

from pathlib import Path

import numpy as np
from sensor_msgs.msg import Image, PointCloud2, PointField

from spike_depth_ros.ros.conversions import from_image
from testing.depth_input import STATUS, Source, counts, stereo_rig
from testing.nodes import NodeProcess
from testing.probe import Probe

TOPIC = '/depth/points'
CAMERA = stereo_rig().camera


def slanted() -> np.ndarray:
    """Return a spike frame whose depth rises from the left to the right, in part sure."""
    frame = counts()
    frame[..., 0] = 1 + np.arange(CAMERA.width) // 40
    frame[::2, :, 1] = 3  # confidence 0.25
    frame[1, :, 0] = 200  # beyond the model's range
    return frame


def back_projected(depth: np.ndarray) -> np.ndarray:
    """Return x, y and z of each pixel by the definition of a pinhole camera."""
    v, u = np.mgrid[: CAMERA.height, : CAMERA.width]
    depth = np.where(np.isfinite(depth), depth, np.nan)
    x, y = (u - CAMERA.cx) * depth / CAMERA.f, (v - CAMERA.cy) * depth / CAMERA.f
    return np.stack([x, y, depth], axis=-1)


def test_points_are_those_of_the_depth_image(probe: Probe, confident_model: Path) -> None:
    with NodeProcess('depth', {'model': confident_model, 'min_confidence': 0.5}):
        source = Source(probe)
        depths = probe.collect(Image, '/depth/image_rect')
        pictures = probe.collect(Image, '/depth/image_color')
        clouds = probe.collect(PointCloud2, TOPIC)
        probe.until(lambda: probe.node.count_publishers(TOPIC), TOPIC)
        source.fit()
        source.spikes(slanted(), stamp_ns=1_234_567_890)
        probe.until(lambda: depths and pictures and clouds, 'depth, its picture and points')

    (cloud,) = clouds
    depth = from_image(depths[0]).astype(np.float64)
    shown = np.isfinite(depth)
    assert 0 < np.count_nonzero(shown) < shown.size // 2 + 1  # sure, mapped, in the range
    assert np.isinf(depth[1, 1])
    assert cloud.header == depths[0].header
    assert [(field.name, field.offset, field.datatype, field.count) for field in cloud.fields] == [
        (name, 4 * place, PointField.FLOAT32, 1)
        for place, name in enumerate(('x', 'y', 'z', 'rgb'))
    ]
    assert (cloud.height, cloud.width) == (1, np.count_nonzero(shown))
    assert (cloud.point_step, cloud.row_step) == (16, 16 * cloud.width)
    assert cloud.is_dense and not cloud.is_bigendian

    points = np.frombuffer(cloud.data, '<f4').reshape(-1, 4)
    np.testing.assert_allclose(points[:, :3], back_projected(depth)[shown], rtol=1e-6)
    assert np.array_equal(points[:, 2], from_image(depths[0])[shown])
    colours = points[:, 3].copy().view('<u4')
    rgb = np.stack([colours >> 16 & 255, colours >> 8 & 255, colours & 255], axis=-1)
    assert np.array_equal(rgb, from_image(pictures[0])[shown])
    assert not (colours >> 24).any()


def test_points_of_millimetres_are_in_metres(probe: Probe, stereo_model: Path) -> None:
    with NodeProcess('depth', {'model': stereo_model, 'depth_encoding': '16UC1'}):
        source = Source(probe)
        clouds = probe.collect(PointCloud2, TOPIC)
        probe.until(lambda: probe.node.count_publishers(TOPIC), TOPIC)
        source.fit()
        source.spikes(counts(), stamp_ns=1)
        probe.until(lambda: clouds, 'points')
        probe.until(lambda: 'windows out' in probe.values(STATUS), 'the report')
    points = np.frombuffer(clouds[0].data, '<f4').reshape(-1, 4)
    np.testing.assert_allclose(points[:, 2], 6.0)
