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

"""Random rigs of event cameras, all of which look in the same direction."""

from dataclasses import dataclass

from torch import Generator

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.training.simulator.draw import happens, log_uniform, number, uniform

MAX_SHIFT = 0.05  # largest offset of the principal point, as a share of the image


@dataclass(frozen=True)
class RigRanges:
    """Ranges of `random_rig`.

    Args:
        other: share of windows from another rig than MVSEC_RIG, mapped to its camera.
        zoom: focal length of another rig over that of MVSEC_RIG, log-uniform.
        share: share of the field of MVSEC_RIG that another rig sees, in each direction, uniform.
    """

    other: float = 0.0
    zoom: tuple[float, float] = (0.8, 1.6)
    share: tuple[float, float] = (0.5, 1.0)


def random_rig(ranges: RigRanges, baseline_m: float, generator: Generator) -> StereoRig:
    """Return a random rig: MVSEC_RIG's camera, or another one that looks in the same direction.

    Args:
        ranges: ranges of the other cameras.
        baseline_m: baseline of the rig, metres.
        generator: random numbers.
    """
    network = MVSEC_RIG.camera
    if not happens(ranges.other, generator):
        return StereoRig(network, baseline_m)
    zoom = float(log_uniform(ranges.zoom, 1, generator))
    width, height = (
        round(side * zoom * number(ranges.share, generator))
        for side in (network.width, network.height)
    )
    shift = uniform((-MAX_SHIFT, MAX_SHIFT), 2, generator).tolist()
    cx, cy = width * (0.5 + shift[0]), height * (0.5 + shift[1])
    return StereoRig(PinholeCamera(width, height, network.f * zoom, cx, cy), baseline_m)
