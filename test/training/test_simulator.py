"""The simulator: geometry against closed forms, events by hand, streams against windows."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import Generator

from spike_depth_ros.events.evt3_encoder import Evt3Encoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.training.data.simulated import spike_frame
from spike_depth_ros.training.simulator.rig import StereoRig
from spike_depth_ros.training.simulator.scene import Surfaces, turned
from spike_depth_ros.training.simulator.sensor import Events, EventSensor
from spike_depth_ros.training.simulator.simulation import (
    Crop,
    Simulation,
    SimulationRanges,
    random_simulation,
)
from spike_depth_ros.training.simulator.textures import texture_bank
from spike_depth_ros.training.simulator.trajectory import Trajectory, random_trajectory

BANK = texture_bank(8, Generator().manual_seed(5))
RIG = StereoRig()
WINDOW_US = 50_000


def simulation(seed: int, crop: Crop | None = None, steps: int = 4) -> Simulation:
    generator = Generator().manual_seed(seed)
    return random_simulation(SimulationRanges(), BANK, crop, steps, generator)


def wall(depth: float) -> Surfaces:
    """Return one endless wall across the view, its texels as large as pixels."""
    return Surfaces(
        origin=torch.tensor([[0.0, 0.0, depth]]),
        axes=torch.eye(3)[None],
        half_size=torch.full((1, 2), 1e3),
        round=torch.tensor([False]),
        velocity=torch.zeros(1, 3),
        texture=torch.tensor([0]),
        texel=torch.tensor([depth / RIG.f]),
        offset=torch.tensor([[128.0, 128.0]]),
        contrast=torch.ones(1),
        brightness=torch.zeros(1),
    )


def still(speed: float = 0.0) -> Trajectory:
    """Return a rig that moves along x, at `speed` m/s around t = 0."""
    amplitude = torch.zeros(6, 1)
    amplitude[0] = speed
    return Trajectory(amplitude, torch.ones(6, 1), torch.zeros(6, 1))


def watch(scene: Surfaces, trajectory: Trajectory) -> Simulation:
    crop = Crop(0, 0, RIG.width, RIG.height)
    generator = Generator().manual_seed(0)
    return Simulation(scene, trajectory, BANK, (0.2, 0.2, 0.0), 0.0, RIG, crop, 4, generator)


def test_right_view_is_the_left_one_shifted_by_the_disparity() -> None:
    disparity = 8
    depth = RIG.f * RIG.baseline_m / disparity
    views, inverse_depth = watch(wall(depth), still()).views(torch.zeros(1))
    left, right = views[:, 0]
    torch.testing.assert_close(inverse_depth, torch.full_like(inverse_depth, 1 / depth))
    inner = slice(2, -2)  # the blur repeats the border
    torch.testing.assert_close(
        right[inner, 2 : -2 - disparity], left[inner, 2 + disparity : -2], atol=2e-3, rtol=0
    )


def test_nearer_surfaces_hide_farther_ones() -> None:
    far, near = wall(4.0), wall(2.0)
    near = dataclasses.replace(near, half_size=torch.full((1, 2), 0.5))
    both = Surfaces(
        *(
            torch.cat([getattr(far, f.name), getattr(near, f.name)])
            for f in dataclasses.fields(Surfaces)
        )
    )
    _, inverse_depth = watch(both, still()).views(torch.zeros(1))
    half = 0.5 / 2.0 * RIG.f
    columns = (torch.arange(RIG.width) - RIG.cx).abs() < half
    rows = (torch.arange(RIG.height) - RIG.cy).abs() < half
    expected = torch.where(rows[:, None] & columns, 1 / 2.0, 1 / 4.0)
    torch.testing.assert_close(inverse_depth, expected)


def test_a_turned_rig_sees_a_tilted_plane_at_its_depth() -> None:
    # The ray c + z R r meets the plane n . (p - o) = 0 at 1/z = n . (R r) / n . (o - c).
    yaw, tilt, speed, t = 0.3, 0.5, 1.0, 0.25
    ahead = wall(3.0)
    tilted = dataclasses.replace(ahead, axes=turned(ahead.axes, 0, torch.tensor([tilt])))
    moves = still(speed)
    moves.phase[4], moves.frequency[4], moves.amplitude[4] = math.pi / 2, 0.0, yaw
    _, inverse_depth = watch(tilted, moves).views(torch.tensor([t]))

    normal = torch.tensor([0.0, -math.sin(tilt), math.cos(tilt)])
    rotation = torch.tensor(
        [
            [math.cos(yaw), 0.0, math.sin(yaw)],
            [0.0, 1.0, 0.0],
            [-math.sin(yaw), 0.0, math.cos(yaw)],
        ]
    )
    centre = torch.tensor([speed * math.sin(t), 0.0, 0.0])
    rays = rotation @ RIG.rays(0, 0, RIG.width, RIG.height)
    expected = (normal @ rays) / (normal @ (tilted.origin[0] - centre))
    torch.testing.assert_close(inverse_depth.reshape(-1), expected)


def test_depth_is_that_at_the_window_end() -> None:
    coming = dataclasses.replace(wall(3.0), velocity=torch.tensor([[0.0, 0.0, -2.0]]))
    depth = watch(coming, still()).window(4 * WINDOW_US, WINDOW_US).depth
    torch.testing.assert_close(depth, torch.full_like(depth, 3.0 - 2.0 * 0.25))


def test_trajectory_has_the_speed_and_turn_rate_asked_for() -> None:
    trajectory = random_trajectory(0.7, 0.3, (1.0, 2.0), Generator().manual_seed(3))
    t = torch.arange(0, 400, 0.01, dtype=torch.float64)
    freedom = (
        trajectory.amplitude.double()
        * torch.sin(trajectory.frequency.double() * t[:, None, None] + trajectory.phase)
    ).sum(-1)
    rate = freedom.diff(dim=0) / 0.01
    assert float(rate[:, :3].square().sum(1).mean().sqrt()) == pytest.approx(0.7, rel=0.02)
    assert float(rate[:, 3:].square().sum(1).mean().sqrt()) == pytest.approx(0.3, rel=0.02)


def test_crossings_by_hand() -> None:
    # One pixel rises by 1.0 in 1000 us from its reference, then falls by 0.55; thresholds 0.3
    # (OFF) and 0.4 (ON). ON at levels .4 and .8 (400 us, 800 us); OFF at .5, which the fall
    # reaches after 0.5 / 0.55 of the second step (1909 us).
    threshold = torch.tensor([0.3, 0.4])[:, None, None]
    sensor = EventSensor(threshold, torch.zeros(1, 1), 0.0, Generator())
    log_intensity = torch.tensor([0.0, 1.0, 0.45])[:, None, None]
    events = sensor.expose(log_intensity, start_us=0, step_us=1000)
    assert events.polarity.tolist() == [True, True, False]
    assert events.t_us.tolist() == pytest.approx([400, 800, 1909], abs=1)
    assert float(sensor.reference) == pytest.approx(0.5)


def test_noise_is_poisson_in_space_and_time() -> None:
    sensor = EventSensor(torch.ones(2, 50, 60), torch.zeros(50, 60), 2.0, Generator())
    events = sensor.expose(torch.zeros(3, 50, 60), start_us=7, step_us=500_000)
    assert len(events.t_us) == pytest.approx(2.0 * 3000, abs=5 * 6000**0.5)
    assert events.t_us.min() >= 7 and events.t_us.max() < 1_000_007
    assert np.all(np.diff(events.t_us) >= 0)
    for column, size in ((events.x, 60), (events.y, 50)):
        assert set(np.unique(column)) == set(range(size))


def test_adjoining_windows_are_one_stream() -> None:
    whole = watch(wall(2.0), still(speed=1.0))
    halves = watch(wall(2.0), still(speed=1.0))
    whole.steps, halves.steps = 8, 4
    expected = whole.window(0, 2 * WINDOW_US).left
    parts = [halves.window(start, WINDOW_US).left for start in (0, WINDOW_US)]
    for name, column in zip(Events._fields, expected, strict=True):
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(joined, column, name)
    assert len(expected.t_us) > 1000


def test_a_still_rig_before_a_still_wall_sees_nothing() -> None:
    window = watch(wall(2.0), still()).window(0, WINDOW_US)
    assert not len(window.left.t_us) and not len(window.right.t_us)


def test_a_seed_gives_one_window() -> None:
    crop = Crop(60, 40, 96, 64)
    first, again, other = (simulation(seed, crop).window(0, WINDOW_US) for seed in (1, 1, 2))
    for one, two in zip(first.left + first.right, again.left + again.right, strict=True):
        np.testing.assert_array_equal(one, two)
    assert torch.equal(first.depth, again.depth)
    assert first.depth.shape == (64, 96) and not torch.equal(first.depth, other.depth)


def test_training_counts_as_the_nodes_do() -> None:
    window = simulation(11).window(WINDOW_US, WINDOW_US)
    binner = Binner(2, 50_000_000, 50_000_000, 100_000_000, RIG.width, RIG.height)
    frames = []
    for camera, events in enumerate((window.left, window.right)):
        words = Evt3Encoder().encode(*events, until_us=2 * WINDOW_US)
        data = np.frombuffer(words, np.uint8)
        packet = Packet('evt3', RIG.width, RIG.height, 0, 10**18, 0, False, data)
        frames += binner.push(camera, packet, now_ns=0)
    (frame,) = frames
    trained_on = spike_frame(window.left, window.right, RIG.width, RIG.height)
    np.testing.assert_array_equal(frame.counts, trained_on)
    assert trained_on.sum() == len(window.left.t_us) + len(window.right.t_us) > 10_000
