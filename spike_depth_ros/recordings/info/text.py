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

"""Contents of a recording as text and as JSON."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from spike_depth_ros.recordings.info.depth_info import DepthInfo
from spike_depth_ros.recordings.info.doubts import doubts, seconds
from spike_depth_ros.recordings.info.event_info import PEAK_NS, EventInfo
from spike_depth_ros.recordings.info.survey import RecordingInfo
from spike_depth_ros.units import SECOND_NS

# Times from here on are Unix times; earlier ones count from a start of the sensor. 2001-09-09.
_UNIX_NS = 10**18


def to_text(info: RecordingInfo) -> str:
    """Return the contents as lines of text."""
    return '\n'.join(_lines(info))


def to_json(info: RecordingInfo) -> str:
    """Return the contents as a JSON object, with the doubts."""
    fields: dict[str, Any] = {
        'path': info.path,
        'kind': info.kind,
        'dataset': info.dataset,
        'cameras': [_camera_fields(camera) for camera in info.cameras],
        'depth': [_depth_fields(depth) for depth in info.depth],
        'images': [asdict(stream) for stream in info.images],
        'calibration': info.calibration.origin if info.calibration else '',
        'about': dict(info.about),
        'notes': list(info.notes),
        'doubts': doubts(info),
    }
    return json.dumps(fields, indent=2)


def _lines(info: RecordingInfo) -> Iterator[str]:
    dataset = f' of {info.dataset}' if info.dataset not in info.kind else ''
    yield f'{info.path}: {info.kind}{dataset}'
    for camera in info.cameras:
        yield from _camera_lines(camera)
    for depth in info.depth:
        yield from _depth_lines(depth, info)
    for stream in info.images:
        yield f'  images {stream.name}: {stream.width} x {stream.height}'
    yield f'  calibration: {_calibration(info)}'
    yield from (f'  {key}: {value}' for key, value in info.about.items())
    yield from (f'  note: {note}' for note in info.notes)
    found = doubts(info)
    yield from (f'  LOOKS WRONG: {doubt}{"" if doubt.endswith("?") else "."}' for doubt in found)
    if not found:
        yield '  nothing looks wrong'


def _camera_lines(info: EventInfo) -> Iterator[str]:
    camera = info.camera
    form = f'{camera.encoding} packets' if camera.encoding else 'arrays'
    frame = f", frame '{camera.frame_id}'" if camera.frame_id else ''
    yield f'  camera {camera.name}: {camera.width} x {camera.height}, {form}{frame}'
    if info.start_ns is None:
        return
    yield f'    {info.duration_s:.3f} s from {_time(info.start_ns)}'
    peak = max(info.peak_rate, info.mean_rate)  # a short recording fills no bin
    yield (
        f'    {info.events:,} events ({info.on_events / info.events:.0%} ON), '
        f'{info.mean_rate / 1e6:.3f} million/s, at most {peak / 1e6:.3f} million/s over '
        f'{PEAK_NS // 10**6} ms'
    )
    if info.packets:
        yield f'    {info.packets:,} packets'


def _depth_lines(info: DepthInfo, recording: RecordingInfo) -> Iterator[str]:
    stream = info.stream
    yield (
        f'  true depth {stream.name}: {stream.width} x {stream.height}, {stream.view} view of the '
        f'{stream.side} camera'
    )
    if info.start_ns is None or info.end_ns is None:
        return
    start_s, end_s = (seconds(recording, t_ns) for t_ns in (info.start_ns, info.end_ns))
    yield f'    {info.frames:,} images, {start_s:.3f} s to {end_s:.3f} s after the first event'
    if info.valid_share:
        yield (
            f'    {info.nearest_m:.2f} m to {info.farthest_m:.2f} m on {info.valid_share:.0%} of '
            'the pixels'
        )


def _calibration(info: RecordingInfo) -> str:
    if info.calibration is None:
        return 'none found'
    rig = info.calibration.rig
    lenses = ', '.join(camera.distortion_model for camera in rig.cameras)
    baseline = f', baseline {rig.baseline_m * 1000:.1f} mm' if rig.baseline_m else ''
    return f'{info.calibration.origin} ({lenses}{baseline})'


def _time(t_ns: int) -> str:
    """Return a Unix time as a date, or a time of the sensor in seconds."""
    if t_ns < _UNIX_NS:
        return f'{t_ns / SECOND_NS:.6f} s'
    date = datetime.fromtimestamp(t_ns // SECOND_NS, UTC)
    return f'{date:%Y-%m-%d %H:%M:%S} UTC ({t_ns} ns)'


def _camera_fields(info: EventInfo) -> dict[str, Any]:
    return {
        **asdict(info),
        'duration_s': info.duration_s,
        'mean_rate': info.mean_rate,
    }


def _depth_fields(info: DepthInfo) -> dict[str, Any]:
    """Return the fields; JSON has no NaN."""
    fields = asdict(info)
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in fields.items()
    }
