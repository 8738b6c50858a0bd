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

"""Description of a stream of spike frames: camera, baseline, windows and mapped pixels."""

import base64
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import MONO_CHANNELS, STEREO_CHANNELS
from spike_depth_ros.geometry.camera import MAX_SIZE, PinholeCamera

CAMERA = tuple(field.name for field in fields(PinholeCamera))


@dataclass(frozen=True, eq=False)
class SpikeStream:
    """Description of a stream of spike frames.

    Args:
        window_ns, hop_ns: length of a window, and time from window to window, nanoseconds.
        channels: channels of a frame, 4 with two cameras and 2 with one.
        camera: rectified camera of the frames, the left one of two.
        baseline_m: distance of the cameras in metres; 0 with one camera.
        sync: clock in which windows are cut: 'sensor' (synchronised sensor time) or 'host' (ROS
            time of the header stamps).
        mapped: bool [height, width], False for pixels to which no pixel of the left sensor is
            mapped.
    """

    window_ns: int
    hop_ns: int
    channels: int
    camera: PinholeCamera
    baseline_m: float
    sync: str
    mapped: npt.NDArray[np.bool_]

    def to_pairs(self) -> dict[str, str]:
        """Return the key-value pairs of `spikes/info`; numbers keep every digit."""
        pairs = {
            key: str(getattr(self.camera if key in CAMERA else self, key)) for key in _PARSERS
        }
        packed = zlib.compress(np.packbits(self.mapped).tobytes())
        return pairs | {'mapped': base64.b64encode(packed).decode('ascii')}

    @classmethod
    def from_pairs(cls, pairs: Mapping[str, str]) -> 'SpikeStream':
        """Read the pairs of to_pairs; others are ignored.

        Raises ValueError, one sentence, when a pair is missing or not a value that it may have.
        """
        values = {key: _value(pairs, key, parse) for key, parse in _PARSERS.items()}
        shape = (values['height'], values['width'])
        mapped = _value(pairs, 'mapped', lambda text: _unpacked(text, shape))
        camera = PinholeCamera(**{key: values.pop(key) for key in CAMERA})
        return cls(**values, camera=camera, mapped=mapped)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError('must be at least 1')
    return number


def _size(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MAX_SIZE:
        raise ValueError(f'must be from 1 to {MAX_SIZE}')
    return number


def _channels(text: str) -> int:
    if text not in (str(MONO_CHANNELS), str(STEREO_CHANNELS)):
        raise ValueError(f'must be {MONO_CHANNELS} or {STEREO_CHANNELS}')
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError('must be finite')
    return number


def _sync(text: str) -> str:
    if text not in ('sensor', 'host'):
        raise ValueError("must be 'sensor' or 'host'")
    return text


_PARSERS: dict[str, Any] = {
    'window_ns': _count,
    'hop_ns': _count,
    'channels': _channels,
    'width': _size,
    'height': _size,
    'f': _finite,
    'cx': _finite,
    'cy': _finite,
    'baseline_m': _finite,
    'sync': _sync,
}


def _unpacked(text: str, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Undo base64, zlib and packbits: bool [height, width]."""
    pixels = shape[0] * shape[1]
    size = (pixels + 7) // 8
    try:
        packed = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), size + 1)
    except (ValueError, zlib.error) as error:
        raise ValueError('must be base64 of zlib data') from error
    if len(packed) != size:
        raise ValueError(f'must hold one bit for each of {pixels} pixels')
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=pixels)
    return bits.astype(np.bool_).reshape(shape)


def _value(pairs: Mapping[str, str], key: str, parse: Any) -> Any:
    if key not in pairs:
        raise ValueError(
            f"spikes/info has no '{key}'; it must come from a binner of the same version"
        )
    try:
        return parse(pairs[key])
    except ValueError as error:
        raise ValueError(
            f"spikes/info has {key}='{pairs[key][:40]}', which does not do: {error}; "
            'it must come from a binner of the same version'
        ) from error
