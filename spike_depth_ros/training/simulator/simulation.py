"""A rig of two event cameras moving through a scene, window by window."""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from spike_depth_ros.training.simulator import renderer, sensor
from spike_depth_ros.training.simulator.rig import StereoRig
from spike_depth_ros.training.simulator.scene import SceneRanges, Surfaces, random_scene
from spike_depth_ros.training.simulator.sensor import Events, EventSensor, SensorRanges
from spike_depth_ros.training.simulator.trajectory import Trajectory, random_trajectory


class Window(NamedTuple):
    """One window: events of both cameras, and depth [h, w] in metres, left, at its end."""

    left: Events
    right: Events
    depth: Tensor


class Crop(NamedTuple):
    """A part of the cameras' field, in pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class SimulationRanges:
    """What `random_simulation` draws from: metres a second, radians a second, seconds."""

    scene: SceneRanges = field(default_factory=SceneRanges)
    sensor: SensorRanges = field(default_factory=SensorRanges)
    speed: tuple[float, float] = (0.05, 1.2)
    turn_rate: tuple[float, float] = (0.03, 0.8)
    period_s: tuple[float, float] = (1.5, 5.0)


class Simulation:
    """A scene, a rig on a trajectory through it, and the state of its pixels.

    Args:
        bank: textures, [k, SIDE, SIDE].
        bias: OFF and ON threshold and noise rate, of both cameras.
        steps: intensity samples a window.
    """

    def __init__(
        self,
        scene: Surfaces,
        trajectory: Trajectory,
        bank: Tensor,
        bias: tuple[float, float, float],
        mismatch: float,
        rig: StereoRig,
        crop: Crop,
        steps: int,
        generator: Generator,
    ) -> None:
        self.scene, self.trajectory, self.bank = scene, trajectory, bank
        self.bias, self.mismatch, self.generator = bias, mismatch, generator
        self.rig, self.crop, self.steps = rig, crop, steps
        self.rays = rig.rays(*crop)
        self.sensors: list[EventSensor] = []

    def window(self, start_us: int, duration_us: int) -> Window:
        """Return the events of [start, start + duration) and the depth at its end.

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
                sensor.sensor(self.bias, views[0], self.mismatch, self.generator)
                for views in log_intensity
            ]
        left, right = (
            camera.expose(views, start_us, step_us)
            for camera, views in zip(self.sensors, log_intensity, strict=True)
        )
        return Window(left, right, 1 / inverse_depth)

    def views(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return log intensity [2, n, h, w] and the left camera's last inverse depth [h, w]."""
        centre, rotation = self.trajectory.pose(t)
        left, inverse_depth = self.view(centre, rotation, t)
        right, _ = self.view(centre + self.rig.baseline_m * rotation[:, :, 0], rotation, t)
        return torch.stack([left, right]), inverse_depth[-1]

    def view(self, centre: Tensor, rotation: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return one camera's log intensity and inverse depth, both [n, h, w]; see Trajectory."""
        size = (-1, self.crop.height, self.crop.width)
        forms = renderer.homographies(self.scene, centre, rotation, t)
        log_intensity, inverse_depth = renderer.render(self.scene, self.bank, forms, self.rays)
        return renderer.blur(log_intensity.reshape(size)), inverse_depth.reshape(size)


def random_simulation(
    ranges: SimulationRanges,
    bank: Tensor,
    crop: Crop | None,
    steps: int,
    generator: Generator,
    rig: StereoRig | None = None,
) -> Simulation:
    """Draw a scene, a trajectory and the cameras' biases; `crop` None means the whole field."""
    rig = rig or StereoRig()
    speed, turn_rate = (
        low + (high - low) * float(torch.rand((), generator=generator))
        for low, high in (ranges.speed, ranges.turn_rate)
    )
    return Simulation(
        scene=random_scene(ranges.scene, len(bank), rig.f, generator),
        trajectory=random_trajectory(speed, turn_rate, ranges.period_s, generator),
        bank=bank,
        bias=sensor.random_thresholds(ranges.sensor, generator),
        mismatch=ranges.sensor.mismatch,
        rig=rig,
        crop=crop or Crop(0, 0, rig.width, rig.height),
        steps=steps,
        generator=generator,
    )
