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

"""Plausibility of the depth range that a model has on a rig."""

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.inference.contract import ModelContract

# Robots and cars with event cameras measure from centimetres to a few hundred metres.
MAX_NEAR_M = 10.0
MIN_FAR_M = 0.3


def implausible_range(contract: ModelContract, stream: SpikeStream) -> str:
    """Return a sentence about a stream whose depth range no robot has, '' if it is plausible."""
    scale = contract.depth_scale(stream)
    near_m, far_m = contract.depth_min_m * scale, contract.depth_max_m * scale
    if near_m <= MAX_NEAR_M and far_m >= MIN_FAR_M:
        return ''
    return (
        f'a baseline of {stream.baseline_m:g} m gives depths of {near_m:.3g} to {far_m:.3g} m: is '
        'the calibration, or the parameter baseline, in metres?'
    )
