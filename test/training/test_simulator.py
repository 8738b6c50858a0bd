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
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pixel_table import pixel_table
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.training.data.sample import count_stereo_events
from spike_depth_ros.training.simulator.light import Light
from spike_depth_ros.training.simulator.misalignment import Misalignment
from spike_depth_ros.training.simulator.objects import moving
from spike_depth_ros.training.simulator.renderer import pixel_rays
from spike_depth_ros.training.simulator.scene import SceneRanges, paint, random_scene, thing
from spike_depth_ros.training.simulator.sensor import (
    Bias,
    Events,
    EventSensor,
    SensorRanges,
    random_biases,
    settled,
)
from spike_depth_ros.training.simulator.simulation import (
    Simulation,
    SimulationRanges,
    random_simulation,
)
from spike_depth_ros.training.simulator.surfaces import Paint, Scene, Shapes, still, turned
from spike_depth_ros.training.simulator.textures import texture_bank
from spike_depth_ros.training.simulator.trajectory import (
    MotionRanges,
    Trajectory,
    random_trajectory,
)

BANK = texture_bank(8, Generator().manual_seed(5))
RIG = MVSEC_RIG
CAMERA = RIG.camera
WINDOW_US = 50_000
DARK = Light(torch.zeros(2), torch.zeros(2), torch.zeros(2))
EXACT = Misalignment()


def simulation(seed: int, rig: StereoRig = RIG, steps: int = 4) -> Simulation:
    generator = Generator().manual_seed(seed)
    return random_simulation(SimulationRanges(), BANK, steps, generator, rig)


def wall(depth: float) -> Scene:
    """Return a large wall across the view, with texels as large as pixels."""
    paint = Paint(
        texture=torch.tensor([0]),
        texel=torch.tensor([depth / CAMERA.f]),
        offset=torch.tensor([[128.0, 128.0]]),
        contrast=torch.ones(1),
        brightness=torch.zeros(1),
    )
    origin, half = torch.tensor([[0.0, 0.0, depth]]), torch.full((1, 2), 1e3)
    return Scene(still(origin, torch.eye(3)[None], half, torch.tensor([False])), paint)


def reshaped(scene: Scene, **shapes: torch.Tensor) -> Scene:
    """Return a scene with other shapes."""
    return dataclasses.replace(scene, shapes=dataclasses.replace(scene.shapes, **shapes))


def resting(speed: float = 0.0) -> Trajectory:
    """Return a rig that moves along x, at `speed` m/s around t = 0."""
    amplitude = torch.zeros(6, 1)
    amplitude[0] = speed
    return Trajectory(amplitude, torch.ones(6, 1), torch.zeros(6, 1))


def watch(
    scene: Scene, trajectory: Trajectory, light: Light = DARK, misalignment: Misalignment = EXACT
) -> Simulation:
    generator, biases = Generator().manual_seed(0), (Bias(0.2, 0.2), Bias(0.2, 0.2))
    return Simulation(scene, light, trajectory, BANK, biases, RIG, misalignment, 4, generator)


def test_right_view_is_the_left_one_shifted_by_the_disparity() -> None:
    disparity = 8
    depth = RIG.focal_baseline / disparity
    views, inverse_depth = watch(wall(depth), resting()).views(torch.zeros(1))
    left, right = views[:, 0]
    torch.testing.assert_close(inverse_depth, torch.full_like(inverse_depth, 1 / depth))
    inner = slice(2, -2)  # the blur repeats the border
    torch.testing.assert_close(
        right[inner, 2 : -2 - disparity], left[inner, 2 + disparity : -2], atol=2e-3, rtol=0
    )


def test_nearer_surfaces_hide_farther_ones() -> None:
    far, near = wall(4.0), wall(2.0)
    near = reshaped(near, half_size=torch.full((1, 2), 0.5))
    both = Scene(
        Shapes.join([far.shapes, near.shapes]),
        Paint.join([far.paint, near.paint]),
    )
    _, inverse_depth = watch(both, resting()).views(torch.zeros(1))
    half = 0.5 / 2.0 * CAMERA.f
    columns = (torch.arange(CAMERA.width) - CAMERA.cx).abs() < half
    rows = (torch.arange(CAMERA.height) - CAMERA.cy).abs() < half
    expected = torch.where(rows[:, None] & columns, 1 / 2.0, 1 / 4.0)
    torch.testing.assert_close(inverse_depth[0], expected)


def test_a_turned_rig_sees_a_tilted_plane_at_its_depth() -> None:
    # The ray c + z R r meets the plane n . (p - o) = 0 at 1/z = n . (R r) / n . (o - c).
    yaw, tilt, speed, t = 0.3, 0.5, 1.0, 0.25
    ahead = wall(3.0)
    tilted = reshaped(ahead, axes=turned(ahead.shapes.axes, 0, torch.tensor([tilt])))
    moves = resting(speed)
    moves.frequency[4], moves.amplitude[4] = 0.5 * math.pi / t, yaw
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
    rays = rotation @ pixel_rays(CAMERA).flatten(1)
    expected = (normal @ rays) / (normal @ (tilted.shapes.origin[0] - centre))
    torch.testing.assert_close(inverse_depth[0].reshape(-1), expected)


def test_depth_is_that_at_the_window_end() -> None:
    coming = wall(3.0)
    towards = torch.tensor([0.0, 0.0, -2.0])
    coming = dataclasses.replace(coming, shapes=moving(coming.shapes, towards, rate=0.5, phase=0))
    window = watch(coming, resting()).window(4 * WINDOW_US, WINDOW_US)
    end = 3.0 - 2.0 / 0.5 * math.sin(0.5 * 0.25)
    torch.testing.assert_close(window.depth, torch.full_like(window.depth, end))
    torch.testing.assert_close(window.nearest, window.depth)


def test_nearest_depth_includes_a_surface_that_left_the_pixel() -> None:
    # A board at 2 m before a wall at 4 m goes left by 10 px; the wall is behind it at the end.
    far, near = wall(4.0), wall(2.0)
    board = reshaped(near, half_size=torch.full((1, 2), 0.5)).shapes
    left = torch.tensor([-10 * 2.0 / CAMERA.f / 0.05, 0.0, 0.0])
    shapes = Shapes.join([far.shapes, moving(board, left, rate=0.01, phase=0)])
    scene = Scene(shapes, Paint.join([far.paint, near.paint]))
    window = watch(scene, resting()).window(0, WINDOW_US)
    row = window.nearest[130] != window.depth[130]
    edge = round(CAMERA.cx + 0.5 / 2.0 * CAMERA.f)
    assert row.nonzero()[:, 0].tolist() == pytest.approx(range(edge - 9, edge + 1), abs=1)
    assert window.nearest[130, edge - 3] == 2.0 and window.depth[130, edge - 3] == 4.0


def test_changing_light_gives_events_everywhere() -> None:
    light = Light(torch.tensor([3.0, 0.0]), torch.tensor([10.0, 0.0]), torch.zeros(2))
    window = watch(wall(2.0), resting(), light).window(0, WINDOW_US)
    # Log intensity rises by 3 sin(0.5) = 1.438: seven thresholds of 0.2 and less than one more.
    counts = np.zeros((CAMERA.height, CAMERA.width))
    np.add.at(counts, (window.left.y, window.left.x), 1)
    assert window.left.polarity.all() and set(np.unique(counts)) <= {6, 7, 8}


def test_a_rolled_right_camera_sees_higher_on_one_side() -> None:
    roll = 0.05
    views, _ = watch(wall(2.0), resting(), misalignment=Misalignment((0.0, 0.0, roll))).views(
        torch.zeros(1)
    )
    straight, _ = watch(wall(2.0), resting()).views(torch.zeros(1))
    side, rise = 60, round(60 * roll)
    column = int(CAMERA.cx) + side
    turned_column, column_ = views[1, 0][:, column], straight[1, 0][:, column]
    shifted = [
        float((turned_column[20:-20] - column_[20 + by : -20 + by]).abs().mean())
        for by in (-rise, 0, rise)
    ]
    assert min(shifted) == shifted[2]


def test_trajectory_has_the_speed_and_turn_rate_asked_for() -> None:
    ranges = MotionRanges(1, speed_px=(70.0, 70.0), turn_rate=(0.3, 0.3), period_s=(1.0, 2.0))
    trajectory = random_trajectory(ranges, 0.01, Generator().manual_seed(3))
    t = torch.arange(0, 400, 0.01, dtype=torch.float64)
    freedom = (
        trajectory.amplitude.double()
        * torch.sin(trajectory.frequency.double() * t[:, None, None] + trajectory.phase)
    ).sum(-1)
    rate = freedom.diff(dim=0) / 0.01
    assert float(rate[:, :3].square().sum(1).mean().sqrt()) == pytest.approx(0.7, rel=0.02)
    assert float(rate[:, 3:].square().sum(1).mean().sqrt()) == pytest.approx(0.3, rel=0.02)


def test_objects_have_the_same_speed_in_pixels_at_any_distance() -> None:
    ranges = SceneRanges(thing_depth=(0.6, 6.0), speed_px=(80.0, 80.0))
    generator = Generator().manual_seed(4)
    for name in ('board', 'box', 'pole'):
        shapes, depth = thing(name, ranges, 1.0, CAMERA.f, generator)
        velocity = (shapes.sway[:, 0] * shapes.rate[:, :1]).norm(dim=1)
        torch.testing.assert_close(velocity * CAMERA.f / depth, torch.full_like(depth, 80.0))


def test_sizes_in_metres_do_not_depend_on_distance() -> None:
    ranges = SceneRanges(size_m=(0.2, 0.2), texel_m=(0.04, 0.04))
    generator = Generator().manual_seed(4)
    for depth in (1.0, 5.0):
        at = dataclasses.replace(ranges, thing_depth=(depth, depth))
        shapes, depths = thing('box', at, 0.0, CAMERA.f, generator)
        torch.testing.assert_close(shapes.half_size, torch.full((3, 2), 0.2))
        texel = paint(at, depths, 6, CAMERA.f, generator).texel
        torch.testing.assert_close(texel, torch.full((3,), 0.04))


def test_objects_stand_on_the_floor_of_the_asked_height() -> None:
    mix = {'box': 0.5, 'person': 0.5}
    ranges = SceneRanges(height_m=(1.2, 1.2), things=(4, 4), mix=mix, moving=0.0)
    for seed in range(4):
        shapes = random_scene(ranges, 0.0, 6, CAMERA.f, Generator().manual_seed(seed)).shapes
        assert shapes.origin[1].tolist()[1] == pytest.approx(1.2)
        things = torch.arange(len(shapes.origin)) >= 5  # after the room's planes
        upright = (shapes.axes[:, :2, 1].abs() * shapes.half_size).sum(1)
        bottom = (shapes.origin[:, 1] + upright)[things]
        assert bottom.max() == pytest.approx(1.2, abs=1e-5)
        assert (bottom > 1.2 - 1e-5).sum() >= 4  # each object reaches it


def test_crossings_by_hand() -> None:
    # One pixel rises by 1.0 in 1000 us from its reference, then falls by 0.55; thresholds 0.3
    # (OFF) and 0.4 (ON). ON at levels .4 and .8 (400 us, 800 us); OFF at .5, which the fall
    # reaches after 0.5 / 0.55 of the second step (1909 us).
    threshold = torch.tensor([0.3, 0.4])[:, None, None]
    sensor = EventSensor(threshold, torch.zeros(1, 1), torch.zeros(2, 1, 1), 1.0, Generator())
    log_intensity = torch.tensor([0.0, 1.0, 0.45])[:, None, None]
    events = sensor.expose(log_intensity, start_us=0, step_us=1000)
    assert events.polarity.tolist() == [True, True, False]
    assert events.t_us.tolist() == pytest.approx([400, 800, 1909], abs=1)
    assert float(sensor.reference) == pytest.approx(0.5)


def test_a_pixel_gives_no_more_events_than_its_refractory_time_leaves_room_for() -> None:
    # Ten crossings in 1000 us, room for three; the pixel forgets the others.
    threshold = torch.full((2, 1, 1), 0.1)
    sensor = EventSensor(threshold, torch.zeros(1, 1), torch.zeros(2, 1, 1), 300.0, Generator())
    events = sensor.expose(torch.tensor([0.0, 1.04])[:, None, None], start_us=0, step_us=1000)
    assert events.t_us.tolist() == pytest.approx([96, 192, 288], abs=1)
    assert float(sensor.reference) == pytest.approx(1.0)


def test_two_cameras_are_alike_but_for_their_drift() -> None:
    ranges = SensorRanges(threshold=(0.3, 0.3), asymmetry=0.2, drift=0.1)
    for seed in range(20):
        left, right = random_biases(ranges, Generator().manual_seed(seed))
        for one, other in ((left.off, right.off), (left.on, right.on)):
            assert one != other and 0.9 / 1.1 <= one / other <= 1.1 / 0.9
        assert 0.3 * 0.9 / 1.2 <= left.off <= 0.3 * 1.1 / 0.8
        assert 0.3 * 0.9 * 0.8 <= left.on <= 0.3 * 1.1 * 1.2
        alike = dataclasses.replace(right, off=left.off, on=left.on)
        assert left == alike


def test_pixels_are_uneven_noisy_leaky_and_some_hot() -> None:
    bias = Bias(0.2, 0.4, mismatch=0.1, noise_hz=0.6, leak_hz=0.1, hot=0.01, hot_hz=(50.0, 200.0))
    first = torch.rand(200, 300)
    sensor = settled(bias, first, Generator().manual_seed(2))
    for polarity, mean, own_hz in ((0, 0.2, 0.3), (1, 0.4, 0.4)):
        threshold, hz = sensor.threshold[polarity], sensor.own_hz[polarity]
        assert float(threshold.mean()) == pytest.approx(mean, rel=0.01)
        assert float(threshold.std()) == pytest.approx(0.1 * mean, rel=0.05)
        hot = hz > 1
        assert float(hot.float().mean()) == pytest.approx(0.01, rel=0.2)
        assert float(hz[hot].min()) > 50 and float(hz[hot].max()) < 201
        torch.testing.assert_close(hz[~hot], torch.full_like(hz[~hot], own_hz))
    away = sensor.reference - first
    assert torch.all(away <= sensor.threshold[0]) and torch.all(away >= -sensor.threshold[1])


def test_noise_is_poisson_in_space_and_time() -> None:
    own_hz = torch.ones(2, 50, 60)
    sensor = EventSensor(torch.ones(2, 50, 60), torch.zeros(50, 60), own_hz, 1.0, Generator())
    events = sensor.expose(torch.zeros(3, 50, 60), start_us=7, step_us=500_000)
    assert len(events.t_us) == pytest.approx(2.0 * 3000, abs=5 * 6000**0.5)
    assert events.t_us.min() >= 7 and events.t_us.max() < 1_000_007
    assert np.all(np.diff(events.t_us) >= 0)
    for column, size in ((events.x, 60), (events.y, 50)):
        assert set(np.unique(column)) == set(range(size))


def test_adjoining_windows_are_one_stream() -> None:
    whole = watch(wall(2.0), resting(speed=1.0))
    halves = watch(wall(2.0), resting(speed=1.0))
    whole.steps, halves.steps = 8, 4
    expected = whole.window(0, 2 * WINDOW_US).left
    parts = [halves.window(start, WINDOW_US).left for start in (0, WINDOW_US)]
    for name, column in zip(Events._fields, expected, strict=True):
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(joined, column, name)
    assert len(expected.t_us) > 1000


def test_a_still_rig_before_a_still_wall_sees_nothing() -> None:
    window = watch(wall(2.0), resting()).window(0, WINDOW_US)
    assert not len(window.left.t_us) and not len(window.right.t_us)


def test_a_seed_gives_one_window() -> None:
    small = StereoRig(PinholeCamera(96, 64, CAMERA.f, 48.0, 32.0), RIG.baseline_m)
    first, again, other = (simulation(seed, small).window(0, WINDOW_US) for seed in (1, 1, 2))
    for one, two in zip(first.left + first.right, again.left + again.right, strict=True):
        np.testing.assert_array_equal(one, two)
    assert torch.equal(first.depth, again.depth)
    assert first.depth.shape == (64, 96) and not torch.equal(first.depth, other.depth)


def test_training_counts_as_the_nodes_do() -> None:
    window = simulation(11).window(WINDOW_US, WINDOW_US)
    binner = Binner(2, 50_000_000, 50_000_000, 100_000_000, CAMERA.width, CAMERA.height)
    frames = []
    for camera, events in enumerate((window.left, window.right)):
        words = Evt3Encoder().encode(*events, until_us=2 * WINDOW_US)
        data = np.frombuffer(words, np.uint8)
        packet = Packet('evt3', CAMERA.width, CAMERA.height, 0, 10**18, 0, False, data)
        frames += binner.push(camera, packet, now_ns=0)
    (frame,) = frames
    trained_on = count_stereo_events(window.left, window.right, pixel_table(CAMERA, CAMERA))
    np.testing.assert_array_equal(frame.counts, trained_on)
    assert trained_on.sum() == len(window.left.t_us) + len(window.right.t_us) > 4_000
