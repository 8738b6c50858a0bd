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

"""Bags of MVSEC: the topics of <sequence>_data.bag and <sequence>_gt.bag.

Source: data_format page of daniilidis-group/mvsec. Data and truth are two ROS 1 bags on one clock.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.geometry.stereo_rig import StereoRig
from spike_depth_ros.recordings.recording import SIDES, DepthFrame
from testing.recordings.ros1 import Ros1Writer, event_array, event_messages
from testing.recordings.rosbag2 import Rosbag2Writer
from testing.recordings.scene import HEIGHT, WIDTH, Scene

IMAGE_STEP_NS = 32_000_000
IMU_STEP_NS = 10_000_000
SIDE_RATES = {'left': 0.25, 'right': -0.25}  # about z, rad/s
_LIDAR_DELAY_NS = 5_000_000  # from a scan's time to its record time
_ARRAY = 'dvs_msgs/msg/EventArray'
_Message = tuple[int, str, str, Any]  # log time, topic, type, and bytes or fields


def write_bags(folder: Path, scene: Scene, sequence: str = 'indoor_flying1') -> Path:
    """Write <sequence>_data.bag and <sequence>_gt.bag; return the first one."""
    data = folder / f'{sequence}_data.bag'
    write_data(data, {'left': scene.left, 'right': scene.right}, scene.rig)
    write_truth(folder / f'{sequence}_gt.bag', scene.depth, scene.rig)
    return data


def write_data(path: Path, cameras: Mapping[str, EventArrays], rig: StereoRig) -> None:
    """Write the bag of events, images, IMUs and lidar; the first event messages are empty.

    Args:
        path: the new file.
        cameras: events by side.
        rig: camera and baseline of the rectified rig.
    """
    start_ns = min(int(events.t_ns[0]) for events in cameras.values())
    end_ns = max(int(events.t_ns[-1]) for events in cameras.values())
    with Ros1Writer(path) as writer:
        sensors = [_sensors(writer, side, rig, range(start_ns, end_ns)) for side in cameras]
        for t_ns, topic, kind, content in heapq.merge(
            _events(cameras, start_ns), *sensors, key=lambda message: message[0]
        ):
            if isinstance(content, bytes):
                writer.write(topic, kind, t_ns, content)
            else:
                writer.write_message(topic, kind, t_ns, **content)


def write_truth(
    path: Path, depth: Sequence[DepthFrame], rig: StereoRig, sides: Sequence[str] = SIDES
) -> None:
    """Write the bag of true depth: rows on top NaN, some pixels 0.

    Args:
        path: the new file.
        depth: rectified depth; the raw one is the same upside down, to tell them apart.
        rig: camera and baseline of the rectified rig.
        sides: sides with depth.
    """
    blended = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    with Ros1Writer(path) as writer:
        for frame in depth:
            rectified = frame.depth.copy()
            rectified[:5], rectified[5, ::3] = np.nan, 0
            for side in sides:
                header = writer.header(frame.t_ns, f'davis_{side}')
                for kind, name, fields in (
                    ('Image', 'depth_image_rect', image(rectified, '32FC1')),
                    ('Image', 'depth_image_raw', image(rectified[::-1], '32FC1')),
                    ('Image', 'blended_image_rect', image(blended, 'bgr8')),
                    ('CameraInfo', 'camera_info', camera_info(writer, side, rig)),
                ):
                    writer.write_message(
                        f'/davis/{side}/{name}',
                        f'sensor_msgs/msg/{kind}',
                        frame.t_ns + _LIDAR_DELAY_NS,
                        header=header,
                        **fields,
                    )


def expected_depth(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rectified depth that write_truth stores, NaN where it is invalid."""
    expected = depth.copy()
    expected[:5], expected[5, ::3] = np.nan, np.nan
    return expected


def image(pixels: NDArray[Any], encoding: str) -> dict[str, Any]:
    """Return the fields of a sensor_msgs/Image but its header."""
    return {
        'height': pixels.shape[0],
        'width': pixels.shape[1],
        'encoding': encoding,
        'is_bigendian': 0,
        'step': pixels[0].nbytes,
        'data': np.ascontiguousarray(pixels).reshape(-1).view(np.uint8),
    }


def camera_info(writer: Ros1Writer, side: str, rig: StereoRig) -> dict[str, Any]:
    """Return the fields of a sensor_msgs/CameraInfo but its header: no distortion."""
    f, cx, cy = rig.camera.f, rig.camera.cx, rig.camera.cy
    offset = -f * rig.baseline_m if side == 'right' else 0.0
    region = writer.types.types['sensor_msgs/msg/RegionOfInterest']
    return {
        'height': rig.camera.height,
        'width': rig.camera.width,
        'distortion_model': 'plumb_bob',
        'D': np.zeros(5),
        'K': np.array([f, 0, cx, 0, f, cy, 0, 0, 1]),
        'R': np.eye(3).ravel(),
        'P': np.array([f, 0, cx, offset, 0, f, cy, 0, 0, 0, 1, 0]),
        'binning_x': 0,
        'binning_y': 0,
        'roi': region(x_offset=0, y_offset=0, height=0, width=0, do_rectify=False),
    }


def _events(cameras: Mapping[str, EventArrays], start_ns: int) -> Iterator[_Message]:
    nothing = EventArrays(*(np.zeros(0, np.int64) for _ in EventArrays._fields))
    topics = {f'/davis/{side}/events': events for side, events in cameras.items()}
    for topic in topics:
        yield start_ns, topic, _ARRAY, event_array(nothing, (WIDTH, HEIGHT), start_ns)
    for t_ns, topic, data in event_messages(topics, (WIDTH, HEIGHT)):
        yield t_ns, topic, _ARRAY, data


def _sensors(writer: Ros1Writer, side: str, rig: StereoRig, times: range) -> Iterator[_Message]:
    """Yield images, camera_infos and IMU of one camera; times: nanoseconds."""
    for t_ns in range(times.start, times.stop, IMU_STEP_NS):
        header = {'header': writer.header(t_ns, f'davis_{side}')}
        yield (
            t_ns,
            f'/davis/{side}/imu',
            'sensor_msgs/msg/Imu',
            header | imu(writer, SIDE_RATES[side]),
        )
        if (t_ns - times.start) % IMAGE_STEP_NS < IMU_STEP_NS:
            grey = np.full((HEIGHT, WIDTH), (t_ns // IMAGE_STEP_NS) % 256, np.uint8)
            info = camera_info(writer, side, rig)
            place = f'/davis/{side}'
            yield (
                t_ns,
                f'{place}/image_raw',
                'sensor_msgs/msg/Image',
                header | image(grey, 'mono8'),
            )
            yield t_ns, f'{place}/camera_info', 'sensor_msgs/msg/CameraInfo', header | info


def imu(writer: Ros1Writer | Rosbag2Writer, rate: float) -> dict[str, Any]:
    """Return the fields of a sensor_msgs/Imu but its header: at rest but for a turn about z.

    Args:
        writer: writer of the bag.
        rate: angular velocity, rad/s; nan for a message without it.
    """
    types = writer.types.types
    vector = types['geometry_msgs/msg/Vector3']
    known, absent = np.zeros(9), np.array([-1.0, *[0.0] * 8])
    return {
        'orientation': types['geometry_msgs/msg/Quaternion'](x=0.0, y=0.0, z=0.0, w=1.0),
        'orientation_covariance': absent,
        'angular_velocity': vector(x=0.0, y=0.0, z=0.0 if np.isnan(rate) else rate),
        'angular_velocity_covariance': absent if np.isnan(rate) else known,
        'linear_acceleration': vector(x=0.0, y=0.0, z=9.81),
        'linear_acceleration_covariance': known,
    }
