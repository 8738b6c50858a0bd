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

"""Model contract: metadata of an exported ONNX file, from window and rig to provenance."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, get_type_hints

from spike_depth_ros.frames.spike_frame import MONO_CHANNELS, STEREO_CHANNELS
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.inference.memory import GREATEST_EXPONENT, TAU_MS, MembraneState
from spike_depth_ros.units import MS_NS

CONTRACT_VERSION = 2
KEY_PREFIX = 'spike_depth.'
VERSION_KEY = KEY_PREFIX + 'contract_version'
# A network computes depth from disparity: 1 % of focal length is 1 % of depth, well below the
# networks' error, and allows for the rounding of calibrations.
FOCAL_LENGTH_TOLERANCE = 0.01


class ContractError(ValueError):
    """Contract that is missing, malformed or inconsistent; the message is one sentence."""


@dataclass(frozen=True)
class ModelContract:
    """Inputs, outputs, rig, activity and provenance of a model.

    Attributes:
        window_ns: length of the half-open window [t - window_ns, t) of a spike frame, nanoseconds.
        channels: 4 (left ON, left OFF, right ON, right OFF) or 2 (ON, OFF of one camera).
        width: columns of a spike frame.
        height: rows of a spike frame.
        f: focal length of the spike frame's pinhole camera, pixels.
        cx: column of its principal point, pixels.
        cy: row of its principal point, pixels.
        baseline_m: baseline in training, metres; no meaning with 2 channels.
        depth_min_m: near end of the training range, metres along z.
        depth_max_m: far end of the training range, metres along z.
        layers: names of the spiking layers, in the order of the outputs `firing_rates` and
            `mean_spikes`.
        sizes: values that each layer outputs per window.
        fanouts: synapses that one spike of each layer reaches.
        firing_rate_low: lowest firing rate of each layer on the validation set, in [0, 1].
        firing_rate_high: highest firing rate of each layer on the validation set, in [0, 1].
        input_fanout: synapses that one event of the spike frame reaches.
        operations: multiply-accumulates of the dense network per window.
        training_data: data that the model was trained on, as text.
        recipe: training and export settings, as text.
        commit: commit of this package at the export.
        states: potentials that last from window to window; () for a model without memory.
        analog: True for layers that send a number at every place in every window instead of
            spikes: `firing_rates` and `mean_spikes` are 1.

    Raises:
        ContractError: a value is impossible, or the layers' lists differ in length.
    """

    window_ns: int
    channels: int
    width: int
    height: int
    f: float
    cx: float
    cy: float
    baseline_m: float
    depth_min_m: float
    depth_max_m: float
    layers: tuple[str, ...]
    sizes: tuple[float, ...]
    fanouts: tuple[float, ...]
    firing_rate_low: tuple[float, ...]
    firing_rate_high: tuple[float, ...]
    input_fanout: float
    operations: int
    training_data: str
    recipe: str
    commit: str
    states: tuple[MembraneState, ...] = ()
    analog: bool = False

    def __post_init__(self) -> None:
        for problem in (self._impossible_value(), self._impossible_layers()):
            if problem:
                raise ContractError(f'{problem}; export the model again with a right contract.')

    def _impossible_value(self) -> str | None:
        if self.channels not in (MONO_CHANNELS, STEREO_CHANNELS):
            allowed = f'{MONO_CHANNELS} or {STEREO_CHANNELS} are allowed'
            return f'the contract has {self.channels} channels, but {allowed}'
        positive = ['window_ns', 'width', 'height', 'f', 'depth_min_m']
        positive += ['input_fanout', 'operations']
        if self.channels == STEREO_CHANNELS:
            positive.append('baseline_m')
        for name in positive:
            if not getattr(self, name) > 0:
                return f'{name} of the contract is {getattr(self, name)}, but must be positive'
        if not self.depth_min_m < self.depth_max_m:
            return (
                f'depth_max_m of the contract is {self.depth_max_m}, but must exceed '
                f'depth_min_m = {self.depth_min_m}'
            )
        return None

    def _impossible_layers(self) -> str | None:
        lists = ('layers', 'sizes', 'fanouts', 'firing_rate_low', 'firing_rate_high')
        lengths = {name: len(getattr(self, name)) for name in lists}
        if not self.layers or len(set(lengths.values())) != 1:
            listed = ', '.join(f'{name} {length}' for name, length in lengths.items())
            return (
                f"the contract's lists of layers must be equally long and not empty, not {listed}"
            )
        bounds = zip(self.layers, self.firing_rate_low, self.firing_rate_high, strict=True)
        for layer, low, high in bounds:
            if not 0 <= low <= high <= 1:
                return (
                    f'the firing-rate envelope of layer {layer} is {low} to {high}, but must '
                    f'rise within 0 to 1'
                )
        return None

    @property
    def camera(self) -> PinholeCamera:
        """Return the camera of the spike frames."""
        return PinholeCamera(self.width, self.height, self.f, self.cx, self.cy)

    def to_metadata(self) -> dict[str, str]:
        """Return the contract as ONNX metadata: prefixed keys, numbers and lists as JSON."""
        texts = {name: _to_text(value) for name, value in asdict(self).items()}
        for optional in ('states', 'analog'):
            if not getattr(self, optional):
                del texts[optional]
        return {
            VERSION_KEY: str(CONTRACT_VERSION),
            **{KEY_PREFIX + name: text for name, text in texts.items()},
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> 'ModelContract':
        """Read a contract from ONNX metadata; other keys are ignored.

        Raises:
            ContractError: the version, a key or a value does not fit.
        """
        version = metadata.get(VERSION_KEY)
        if version != str(CONTRACT_VERSION):
            found = 'no contract' if version is None else f'contract version {version}'
            raise ContractError(
                f'the file carries {found}, but version {CONTRACT_VERSION} is needed: export the '
                f'model with this version of spike_depth_ros.'
            )
        types = get_type_hints(cls)
        return cls(
            **{
                f.name: _read(metadata, f.name, types[f.name])
                for f in fields(cls)
                if f.default is MISSING or KEY_PREFIX + f.name in metadata
            }
        )

    def mismatch(self, stream: SpikeStream) -> str | None:
        """Return one sentence if spike frames of this stream do not fit the model, else None.

        The principal point is not compared: disparity does not depend on it, and the camera_info
        published with the depth is that of the stream.
        """
        camera = stream.camera
        size = f'{self.width} x {self.height}'
        needs = [
            (
                'window',
                f'{self.window_ns / MS_NS:g} ms',
                f'{stream.window_ns / MS_NS:g} ms',
                'window_ms',
            ),
            ('channel count', f'{self.channels}', f'{stream.channels}', 'stereo'),
            ('frame size', size, f'{camera.width} x {camera.height}', 'width and height'),
        ]
        for quantity, need, found, parameter in needs:
            if need != found:
                return _unfit(quantity, need, found, parameter)
        if not abs(camera.f / self.f - 1) <= FOCAL_LENGTH_TOLERANCE:
            need = f'{self.f:g} px within {FOCAL_LENGTH_TOLERANCE:.0%}'
            return (
                f'the focal length of the spike frames is {camera.f:g} px, but the model needs '
                f'{need}: give the binner that focal_length and a calibration, by which it maps '
                'the cameras to it, or load a model made for these frames.'
            )
        if self.channels == STEREO_CHANNELS and not stream.baseline_m > 0:
            return _unfit('baseline', 'a positive one', f'{stream.baseline_m:g} m', 'baseline')
        return None

    def depth_scale(self, stream: SpikeStream) -> float:
        """Return baseline of the stream / baseline of the model: the factor for depth.

        The network sees disparity f * B / z, so depth is proportional to the baseline. A model
        for one camera sees no disparity: its factor is 1.
        """
        return stream.baseline_m / self.baseline_m if self.channels == STEREO_CHANNELS else 1.0


def _unfit(quantity: str, need: str, found: str, parameter: str) -> str:
    return (
        f'the {quantity} of the spike frames is {found}, but the model needs {need}: set the '
        f"binner's {parameter}, or load a model made for these frames."
    )


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _read(metadata: Mapping[str, str], name: str, wanted: object) -> Any:
    key = KEY_PREFIX + name
    if key not in metadata:
        raise ContractError(f'the metadata lack {key}: export the model again.')
    text = metadata[key]
    if wanted is str:
        return text
    reader, description = _READERS[wanted]
    try:
        return reader(json.loads(text))
    except (TypeError, ValueError, LookupError):
        raise ContractError(
            f'{key} is {text[:60]!r}, but must be {description}: export the model again.'
        ) from None


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def _number(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise TypeError(value)
    return float(value)


def _numbers(value: object) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(_number(item) for item in value)


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError(value)
    return tuple(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _states(value: object) -> tuple[MembraneState, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError(value)
    states = tuple(
        MembraneState(
            _text(item['name']),
            _numbers(item['tau_ms']),
            _boolean(item['averages']),
            _number(item.get('events_exponent', 0.0)),
        )
        for item in value
    )
    if len({state.name for state in states}) < len(states):
        raise ValueError(value)
    return states


_READERS: Mapping[object, tuple[Callable[[object], object], str]] = {
    int: (_integer, 'a whole number'),
    bool: (_boolean, 'true or false'),
    float: (_number, 'a finite number'),
    tuple[float, ...]: (_numbers, 'a JSON list of finite numbers'),
    tuple[str, ...]: (_names, 'a JSON list of names'),
    tuple[MembraneState, ...]: (
        _states,
        'a JSON list of states of different names, each with name, tau_ms of '
        f'{TAU_MS[0]:g} to {TAU_MS[1]:g}, averages and events_exponent of 0 to '
        f'{GREATEST_EXPONENT:g}',
    ),
}
