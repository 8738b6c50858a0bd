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

"""Simulation: a rig of two event cameras that moves through a scene, window by window."""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.training.simulator import renderer
from spike_depth_ros.training.simulator.draw import kinds
from spike_depth_ros.training.simulator.light import Light, LightRanges, random_light
from spike_depth_ros.training.simulator.misalignment import (
    Misalignment,
    MisalignmentRanges,
    random_misalignment,
)
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
    """Events and pictures of both cameras in a window, and the depth of the left camera.

    Args:
        left, right: events of the cameras.
        depth: float [h, w], depth at the window's end, metres.
        nearest: float [h, w], least depth of each pixel within the window, metres; at a moving
            edge the nearer surface causes the events.
        log_intensity: float [2, h, w], log intensity of the left and the right camera at the
            window's end.
    """

    left: Events
    right: Events
    depth: Tensor
    nearest: Tensor
    log_intensity: Tensor


@dataclass(frozen=True)
class SimulationRanges:
    """Ranges of `random_simulation`.

    Args:
        scene, light, sensor: ranges of the scene, the light and the cameras.
        calibration: ranges of the right camera's misalignment.
        motions: ranges of the rig's motion, by name.
        moving_if_still: share of objects that move in front of a rig at rest; without motion it
            would see nothing.
    """

    scene: SceneRanges = field(default_factory=SceneRanges)
    light: LightRanges = field(default_factory=LightRanges)
    sensor: SensorRanges = field(default_factory=SensorRanges)
    calibration: MisalignmentRanges = field(default_factory=MisalignmentRanges)
    motions: dict[str, MotionRanges] = field(default_factory=lambda: dict(MOTIONS))
    moving_if_still: float = 0.7


class Simulation:
    """Scene, a rig on a trajectory through it, and the state of its pixels.

    Args:
        scene, light, trajectory: scene, its light and the motion of the rig.
        bank: textures, float [k, SIDE, SIDE]; the simulation runs on their device.
        biases: settings of the left and the right camera.
        rig: rectified rig.
        misalignment: misalignment of the right camera.
        steps: intensity samples in each window.
        generator: random numbers, on the CPU: every device then has the same ones.
    """

    def __init__(
        self,
        scene: Scene,
        light: Light,
        trajectory: Trajectory,
        bank: Tensor,
        biases: tuple[Bias, Bias],
        rig: StereoRig,
        misalignment: Misalignment,
        steps: int,
        generator: Generator,
    ) -> None:
        self.scene, self.light, self.trajectory, self.bank = scene, light, trajectory, bank
        self.biases, self.generator = biases, generator
        self.rig, self.misalignment, self.steps = rig, misalignment, steps
        self.sensors: list[EventSensor] = []

    def window(self, start_us: int, duration_us: int) -> Window:
        """Return the window [start_us, start_us + duration_us).

        The first call initialises the pixels; later calls continue their state. Adjoining windows
        are therefore one stream.

        Args:
            start_us: start, microseconds.
            duration_us: length, microseconds, a multiple of the number of steps.
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
        return Window(left, right, 1 / inverse_depth[-1], nearest, log_intensity[:, -1])

    def views(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return log intensity of both cameras, and inverse depth of the left one, in 1/m.

        t: float [n], times, seconds. Returns float [2, n, h, w] and float [n, h, w].
        """
        centre, rotation = self.trajectory.pose(t)
        right = centre + self.rig.baseline_m * rotation[:, :, 0]
        rays = renderer.pixel_rays(self.rig.camera).to(self.bank.device)
        left_view, inverse_depth = self.view(centre, rotation, t, rays)
        turned, scaled = rotation @ self.misalignment.rotation(), self.misalignment.rays(rays)
        right_view, _ = self.view(right, turned, t, scaled)
        return torch.stack([left_view, right_view]), inverse_depth

    def view(
        self, centre: Tensor, rotation: Tensor, t: Tensor, rays: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return log intensity and inverse depth (1/m) of one camera, both float [n, h, w].

        Args:
            centre, rotation: poses of the camera; see Trajectory.pose.
            t: float [n], times, seconds.
            rays: float [3, h, w], rays of the pixels.
        """
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
    """Return a random simulation.

    Args:
        ranges: ranges of everything that is random.
        bank: textures; see Simulation.
        steps: intensity samples in each window.
        generator: random numbers.
        rig: rectified rig.
    """
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
        misalignment=random_misalignment(ranges.calibration, generator),
        steps=steps,
        generator=generator,
    )
