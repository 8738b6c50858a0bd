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

"""Doubts about a recording: one sentence for each part that looks wrong."""

from collections.abc import Iterator
from itertools import combinations

from spike_depth_ros.geometry.plausibility import implausible
from spike_depth_ros.recordings.info.depth_info import DepthInfo
from spike_depth_ros.recordings.info.event_info import EventInfo
from spike_depth_ros.recordings.info.survey import RecordingInfo
from spike_depth_ros.units import SECOND_NS

# A camera with a smaller share of another camera's events is as good as silent.
SILENT_SHARE = 0.01
# Two cameras record at the same time for at least this share of the shorter recording.
OVERLAP_SHARE = 0.9


def doubts(info: RecordingInfo) -> list[str]:
    """Return a sentence for each part that looks wrong."""
    return [
        *(f'{count:,} {phrase} are left out' for phrase, count in info.losses.items()),
        *(doubt for camera in info.cameras for doubt in _of_camera(camera)),
        *(doubt for pair in combinations(info.cameras, 2) for doubt in _of_pair(*pair)),
        *(doubt for depth in info.depth for doubt in _of_depth(depth, info)),
        *_of_calibration(info),
    ]


def seconds(info: RecordingInfo, t_ns: int) -> float:
    """Return a time after the first event of all cameras, seconds."""
    starts = [camera.start_ns for camera in info.cameras if camera.start_ns is not None]
    return (t_ns - min(starts, default=t_ns)) / SECOND_NS


def _of_camera(camera: EventInfo) -> Iterator[str]:
    name = camera.camera.name
    if not camera.events:
        yield f'{name} has no event'
        return
    if camera.lost_packets:
        yield f'{name} lost {camera.lost_packets:,} packets, by their numbers'
    if camera.restarts:
        yield f'{name} starts again {camera.restarts:,} times, by the numbers of its packets'
    if camera.on_events in (0, camera.events):
        yield f'{name} has events of one polarity only'
    if camera.longest_gap is not None:
        first_s = (camera.longest_gap.start_ns - (camera.start_ns or 0)) / SECOND_NS
        longest_s = camera.longest_gap.length_ns / SECOND_NS
        yield (
            f'{name} is silent {camera.gaps:,} times, the longest time {longest_s:.1f} s from '
            f'{first_s:.1f} s after its start on'
        )


def _of_pair(first: EventInfo, second: EventInfo) -> Iterator[str]:
    few, many = sorted((first, second), key=lambda camera: camera.events)
    if few.start_ns is None or few.end_ns is None or many.start_ns is None or many.end_ns is None:
        return
    if few.events < SILENT_SHARE * many.events:
        yield (
            f'{few.camera.name} has {few.events:,} events, but {many.camera.name} has '
            f'{many.events:,}'
        )
    shared = min(few.end_ns, many.end_ns) - max(few.start_ns, many.start_ns)
    shortest = min(few.end_ns - few.start_ns, many.end_ns - many.start_ns)
    if shared < 0:
        yield f'{few.camera.name} and {many.camera.name} do not overlap in time'
    elif shared < OVERLAP_SHARE * shortest:
        yield (
            f'{few.camera.name} and {many.camera.name} overlap for {shared / SECOND_NS:.1f} s only'
        )


def _of_depth(depth: DepthInfo, info: RecordingInfo) -> Iterator[str]:
    name = depth.stream.name
    if depth.start_ns is None or depth.end_ns is None:
        yield f'{name} has no image'
        return
    if not depth.valid_share:
        yield f'{name} has no valid depth'
    starts = [camera.start_ns for camera in info.cameras if camera.start_ns is not None]
    ends = [camera.end_ns for camera in info.cameras if camera.end_ns is not None]
    if starts and (depth.end_ns < min(starts) or depth.start_ns > max(ends)):
        yield f'{name} and the events do not overlap in time'


def _of_calibration(info: RecordingInfo) -> Iterator[str]:
    if info.calibration_error:
        yield info.calibration_error.rstrip('.')
    if info.calibration is None:
        return
    yield from implausible(info.calibration.rig)
    sizes = {(camera.width, camera.height) for camera in info.calibration.rig.cameras}
    for camera in info.cameras:
        size = camera.camera.width, camera.camera.height
        if size not in sizes:
            yield f'the calibration is for other sensors than {size[0]} x {size[1]} pixels'
            return
