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

"""A rig of two event cameras moving through a scene, window by window."""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.training.simulator import renderer
from spike_depth_ros.training.simulator.calibration import (
    CalibrationError,
    CalibrationRanges,
    random_error,
)
from spike_depth_ros.training.simulator.draw import kinds
from spike_depth_ros.training.simulator.light import Light, LightRanges, random_light
from spike_depth_ros.training.simulator.scene import SceneRanges, random_scene
from spike_depth_ros.training.simulator.sensor import (
    Bias,
    Events,
    EventSensor,
    SensorRanges,
    random_biases,
    settled,
)
from spike_depth_ros.training.simulator.surfaces import Scene
from spike_depth_ros.training.simulator.trajectory import (
    MotionRanges,
    Trajectory,
    random_trajectory,
)

MOTIONS = {
    'drone': MotionRanges(share=0.5),
    'hand': MotionRanges(
        share=0.2, speed_px=(3.0, 60.0), turn_rate=(0.2, 2.0), period_s=(0.4, 2.0)
    ),
    'still': MotionRanges(share=0.3, speed_px=(0.0, 0.0), turn_rate=(0.0, 0.0)),
}


class Window(NamedTuple):
    """One window: events of both cameras, and what the left one saw, float [h, w].

    depth: metres at its end. nearest: the least depth in metres of all that each pixel saw in the
    window, which is what gave it its events at a moving edge. log_intensity: at its end.
    """

    left: Events
    right: Events
    depth: Tensor
    nearest: Tensor
    log_intensity: Tensor


@dataclass(frozen=True)
class SimulationRanges:
    """Ranges that `random_simulation` draws from.

    motions: ways to carry the rig by name. moving_if_still: share of things that move by
    themselves before a rig that stands still, which otherwise sees nothing.
    """

    scene: SceneRanges = field(default_factory=SceneRanges)
    light: LightRanges = field(default_factory=LightRanges)
    sensor: SensorRanges = field(default_factory=SensorRanges)
    calibration: CalibrationRanges = field(default_factory=CalibrationRanges)
    motions: dict[str, MotionRanges] = field(default_factory=lambda: dict(MOTIONS))
    moving_if_still: float = 0.7


class Simulation:
    """A scene, a rig on a trajectory through it, and the state of its pixels.

    Args:
        bank: textures, [k, SIDE, SIDE]; on its device the simulation runs.
        biases: of the left and the right camera.
        steps: intensity samples a window.
        generator: on the CPU, so that the numbers are the same on every device.
    """

    def __init__(
        self,
        scene: Scene,
        light: Light,
        trajectory: Trajectory,
        bank: Tensor,
        biases: tuple[Bias, Bias],
        rig: StereoRig,
        error: CalibrationError,
        steps: int,
        generator: Generator,
    ) -> None:
        self.scene, self.light, self.trajectory, self.bank = scene, light, trajectory, bank
        self.biases, self.generator = biases, generator
        self.rig, self.error, self.steps = rig, error, steps
        self.sensors: list[EventSensor] = []

    def window(self, start_us: int, duration_us: int) -> Window:
        """Return the events of [start, start + duration) and what the left camera saw.

        The first call settles the pixels at `start_us`; later ones go on from where they are, so
        that adjoining windows are one stream.
        """
        step_us = duration_us // self.steps
        if step_us * self.steps != duration_us:
            raise ValueError(f'a window of {duration_us} us has no {self.steps} equal steps')
        t = (start_us + step_us * torch.arange(self.steps + 1, dtype=torch.float64)).float() * 1e-6
        log_intensity, inverse_depth = self.views(t)
        if not self.sensors:
            self.sensors = [
                settled(bias, views[0], self.generator)
                for bias, views in zip(self.biases, log_intensity, strict=True)
            ]
        left, right = (
            camera.expose(views, start_us, step_us)
            for camera, views in zip(self.sensors, log_intensity, strict=True)
        )
        nearest = 1 / inverse_depth.amax(0)
        return Window(left, right, 1 / inverse_depth[-1], nearest, log_intensity[0, -1])

    def views(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return log intensity [2, n, h, w] and the left camera's inverse depth [n, h, w]."""
        centre, rotation = self.trajectory.pose(t)
        right = centre + self.rig.baseline_m * rotation[:, :, 0]
        rays = renderer.pixel_rays(self.rig.camera).to(self.bank.device)
        left_view, inverse_depth = self.view(centre, rotation, t, rays)
        turned, scaled = rotation @ self.error.rotation(), self.error.rays(rays)
        right_view, _ = self.view(right, turned, t, scaled)
        return torch.stack([left_view, right_view]), inverse_depth

    def view(
        self, centre: Tensor, rotation: Tensor, t: Tensor, rays: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return one camera's log intensity and inverse depth, both [n, h, w]; see Trajectory."""
        forms = renderer.homographies(self.scene.shapes, centre, rotation, t).to(rays.device)
        scene = self.scene.to(rays.device)
        log_intensity, inverse_depth = renderer.render(scene, self.bank, forms, rays)
        light = self.light.at(t)[:, None, None].to(rays.device)
        return renderer.blur(log_intensity) + light, inverse_depth


def random_simulation(
    ranges: SimulationRanges,
    bank: Tensor,
    steps: int,
    generator: Generator,
    rig: StereoRig = MVSEC_RIG,
) -> Simulation:
    """Draw a scene, its light, a trajectory and the cameras' faults."""
    f = rig.camera.f
    weights = {name: motion.share for name, motion in ranges.motions.items()}
    motion = ranges.motions[kinds(weights, 1, generator)[0]]
    moving = ranges.moving_if_still if motion.stands_still else ranges.scene.moving
    scene = random_scene(ranges.scene, moving, len(bank), f, generator)
    return Simulation(
        scene=scene,
        light=random_light(ranges.light, generator),
        trajectory=random_trajectory(motion, scene.middle() / f, generator),
        bank=bank,
        biases=random_biases(ranges.sensor, generator),
        rig=rig,
        error=random_error(ranges.calibration, generator),
        steps=steps,
        generator=generator,
    )
