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

"""Sensors in the binner: missing and changing pixel tables, and malformed messages."""

import numpy as np
from frames.steady import push, steady

from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.geometry.pixel_table import PixelTable, resize_table
from spike_depth_ros.units import MS_NS
from testing.cameras import HEIGHT, WIDTH, Camera


class Calibration:
    """Make tables that put everything on one column, once the calibration has come."""

    def __init__(self) -> None:
        self.column: int | None = None

    def table(self, camera: int, width: int, height: int) -> PixelTable:
        if self.column is None:
            raise ValueError('no calibration yet')
        table = resize_table(width, height, WIDTH, HEIGHT)
        return PixelTable(table.index // WIDTH * WIDTH + self.column, table.mapped)


def calibrated() -> tuple[Calibration, Binner]:
    calibration = Calibration()
    window_ns = 50 * MS_NS
    binner = Binner(
        2, window_ns, window_ns, 2 * window_ns, WIDTH, HEIGHT, make_table=calibration.table
    )
    return calibration, binner


def columns(frames: list) -> list[set[int]]:
    return [set(np.nonzero(frame.counts)[1].tolist()) for frame in frames]


def test_nothing_is_counted_before_the_calibration_has_come() -> None:
    calibration, binner = calibrated()
    left, right = Camera('mono'), Camera('mono')
    assert push(binner, steady(left, 0), steady(right, 0)) == []
    for camera in binner.counters.cameras:
        assert (camera.packets_uncalibrated, camera.events) == (30, 0)
    assert 'no calibration yet' in binner.problems[-1]
    assert binner.mapped is None

    calibration.column = 3
    binner.remap()  # no window is open yet
    frames = push(binner, steady(left, 300_000), steady(right, 300_000))
    assert columns(frames) == [{3}] * 5
    assert binner.counters.resets == 0
    assert binner.mapped is not None


def test_another_calibration_is_one_reset() -> None:
    calibration, binner = calibrated()
    left, right = Camera('mono'), Camera('mono')
    calibration.column = 3
    push(binner, steady(left, 0), steady(right, 0))
    calibration.column = 7
    binner.remap()
    assert binner.mapped is None
    frames = push(binner, steady(left, 300_000), steady(right, 300_000))
    assert columns(frames) == [{7}] * 5
    assert (binner.counters.resets, binner.counters.windows_discarded) == (1, 1)


def test_a_jump_keeps_the_calibration() -> None:
    calibration, binner = calibrated()
    calibration.column = 3
    push(binner, *[steady(Camera('mono'), 0) for _ in range(2)])
    calibration.column = None
    frames = push(binner, *[steady(Camera('mono'), 10**10) for _ in range(2)])
    assert columns(frames) == [{3}] * 5
    assert binner.counters.resets == 1


def test_a_message_that_is_no_packet_is_counted_and_reported() -> None:
    _, binner = calibrated()
    binner.drop_malformed(1, 'a message of 3 bytes ends before byte 8 of it')
    camera = binner.counters.cameras[1]
    assert (camera.packets, camera.packets_malformed) == (1, 1)
    assert list(binner.problems) == ['right camera: a message of 3 bytes ends before byte 8 of it']
