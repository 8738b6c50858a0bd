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

"""Conversion between a SpikeStream and the message of `spikes/info`."""

from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from builtin_interfaces.msg import Duration
from spike_depth_msgs.msg import SpikeInfo
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_frame import MONO_CHANNELS, STEREO_CHANNELS
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.frames.synchroniser import HOST, SENSOR
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.checks import check_rotation
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.ros.conversions import to_camera_info, to_ns
from spike_depth_ros.units import SECOND_NS

SYNCS = (SENSOR, HOST)
# In place of a rotation that is not known.
UNKNOWN = np.zeros(9)
CHANNELS = (MONO_CHANNELS, STEREO_CHANNELS)


class SpikeInfoError(ValueError):
    """A SpikeInfo that describes no spike frames; the message is one sentence."""


def to_spike_info(stream: SpikeStream, header: Header) -> SpikeInfo:
    """Return the message that describes a stream of spike frames.

    Args:
        stream: camera, baseline, windows and mapped pixels of the spike frames.
        header: time of publication and optical frame of the spike frames.
    """
    return SpikeInfo(
        header=header,
        ready=True,
        camera=to_camera_info(stream.camera, header),
        baseline=stream.baseline_m,
        window=_to_duration(stream.window_ns),
        hop=_to_duration(stream.hop_ns),
        channels=stream.channels,
        sync=stream.sync,
        mapped=array('B', np.packbits(stream.mapped).tobytes()),
        rectification=stream.rectification.ravel(),
        imu_rotation=UNKNOWN if stream.imu_rotation is None else stream.imu_rotation.ravel(),
    )


def to_stream(info: SpikeInfo) -> SpikeStream:
    """Return the stream that a message with `ready` describes.

    Raises SpikeInfoError if a field has a value that no binner of this version sends.
    """
    camera = _to_camera(info)
    window_ns, hop_ns = to_ns(info.window), to_ns(info.hop)
    _check('window', f'{window_ns} ns', window_ns > 0, 'above 0 ns')
    _check('hop', f'{hop_ns} ns', hop_ns > 0, 'above 0 ns')
    _check('channels', info.channels, info.channels in CHANNELS, ' or '.join(map(str, CHANNELS)))
    _check('sync', repr(info.sync[:40]), info.sync in SYNCS, ' or '.join(map(repr, SYNCS)))
    _check('baseline', f'{info.baseline} m', 0 <= info.baseline < np.inf, '0 m or more')
    return SpikeStream(
        window_ns=window_ns,
        hop_ns=hop_ns,
        channels=info.channels,
        camera=camera,
        baseline_m=info.baseline,
        sync=info.sync,
        mapped=_unpacked(info.mapped, camera.height, camera.width),
        rectification=_to_rotation('rectification', info.rectification),
        imu_rotation=_to_rotation('imu_rotation', info.imu_rotation)
        if np.any(info.imu_rotation)
        else None,
    )


def _to_duration(ns: int) -> Duration:
    sec, nanosec = divmod(ns, SECOND_NS)
    return Duration(sec=sec, nanosec=nanosec)


def _to_camera(info: SpikeInfo) -> PinholeCamera:
    matrix = [float(value) for value in info.camera.k]
    f, _, cx, _, _, cy, *_ = matrix
    is_pinhole = matrix == [f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0]
    _check('camera.k', matrix, is_pinhole, '[f, 0, cx, 0, f, cy, 0, 0, 1]')
    _check('camera.d', [*info.camera.d], not any(info.camera.d), 'all zero')
    try:
        return PinholeCamera(info.camera.width, info.camera.height, f, cx, cy)
    except CalibrationError as error:
        raise SpikeInfoError(
            f'spikes/info describes no camera ({error}): run a binner of the same version'
        ) from error


def _to_rotation(field: str, values: Sequence[float]) -> npt.NDArray[np.float64]:
    rotation = np.array(values, np.float64).reshape(3, 3)
    try:
        check_rotation(field, rotation)
    except CalibrationError:
        _check(field, rotation.tolist(), False, 'a rotation')
    return rotation


def _unpacked(packed: Sequence[int], height: int, width: int) -> npt.NDArray[np.bool_]:
    """Return packed bits as a mask, bool [height, width]."""
    size = (height * width + 7) // 8
    _check('mapped', f'{len(packed)} bytes', len(packed) == size, f'{size} bytes')
    bits = np.unpackbits(np.asarray(packed, np.uint8), count=height * width)
    return bits.astype(np.bool_).reshape(height, width)


def _check(field: str, value: object, is_valid: bool, allowed: str) -> None:
    if not is_valid:
        raise SpikeInfoError(
            f'spikes/info has {field} = {value}, but it must be {allowed}: run a binner of the '
            'same version'
        )
