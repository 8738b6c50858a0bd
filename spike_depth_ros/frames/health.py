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

"""Judge the counters of packets and events: streams that lead to wrong depth or to no depth."""

from dataclasses import fields

from spike_depth_ros.frames.counters import CameraCounters
from spike_depth_ros.geometry.pixel_table import PixelTable

# Share of events outside the sensor that damaged words explain; a sensor sends none.
MAX_OUTSIDE = 0.02
# Limits of the share of unmapped events: events gather at moving edges, which may lie there.
UNMAPPED_FACTOR, MOST_MORE, EXTRA = 1.5, 0.15, 0.05
NEARLY_ALL = 0.9
# Reasons to drop a packet whole, by counter.
DROPPED = {
    'packets_malformed': 'are malformed',
    'packets_unknown_encoding': 'have an unknown encoding',
    'packets_wrong_form': 'have another size or encoding than those before',
    'packets_uncalibrated': 'do not fit the calibration',
    'packets_wrong_time': 'carry an impossible time',
    'packets_out_of_order': 'come out of order',
    'packets_stale': 'are older than the last reset',
}
# Parameter of each noise filter, by counter.
_NOISE = {
    'events_hot': 'hot_pixel_hz',
    'events_refractory': 'refractory_ms',
    'events_background': 'background_ms',
}


def difference(now: CameraCounters, before: CameraCounters) -> CameraCounters:
    """Return the counts between two snapshots."""
    names = [field.name for field in fields(CameraCounters)]
    return CameraCounters(*(getattr(now, name) - getattr(before, name) for name in names))


def misplaced(name: str, counted: CameraCounters, table: PixelTable) -> list[str]:
    """Return sentences about events without a network pixel that the pixel table cannot explain.

    Args:
        name: 'left' or 'right'.
        counted: counts of some time, with at least one event.
        table: pixel table of the camera.
    """
    problems = []
    height, width = table.index.shape
    outside = counted.events_outside / counted.events
    if outside > MAX_OUTSIDE:
        problems.append(
            f"{outside:.0%} of the {name} camera's events lie off its sensor of {width} x "
            f"{height} pixels: are the width and height of the driver's messages exchanged?"
        )
    unmapped = counted.events_unmapped / counted.events
    if unmapped > min(UNMAPPED_FACTOR * table.unmapped, MOST_MORE + table.unmapped) + EXTRA:
        problems.append(
            f"{unmapped:.0%} of the {name} camera's events fall on pixels that the calibration "
            f"maps outside the network's image ({table.unmapped:.0%} of its pixels): is the "
            'calibration that of this camera?'
        )
    return problems


def filtered(name: str, counted: CameraCounters) -> list[str]:
    """Return sentences about noise filters that remove nearly all of a camera's events.

    name: 'left' or 'right'. counted: counts of some time, with at least one event.
    """
    shares = {row: getattr(counted, row) / counted.events for row in _NOISE}
    return [
        f"{share:.0%} of the {name} camera's events are removed as noise: change {_NOISE[row]}, "
        'or set it to 0'
        for row, share in shares.items()
        if share > NEARLY_ALL
    ]


def read(counted: CameraCounters) -> int:
    """Return the number of packets that were read."""
    dropped: int = sum(getattr(counted, counter) for counter in DROPPED)
    return counted.packets - dropped


def why_nothing_counts(name: str, counted: CameraCounters) -> str:
    """Return the reason why a camera contributed nothing to windows, '' if it contributed.

    name: 'left' or 'right'. counted: counts of the time without a window.
    """
    if not counted.packets:
        return f'no packets come from the {name} camera'
    dropped = {reason: getattr(counted, counter) for counter, reason in DROPPED.items()}
    if sum(dropped.values()) > NEARLY_ALL * counted.packets:
        return f"the {name} camera's packets {max(dropped, key=lambda key: dropped[key])}"
    if not counted.events:
        return f"the {name} camera's packets hold no events"
    lost = {
        'lie off its sensor': counted.events_outside,
        "are mapped outside the network's image": counted.events_unmapped,
        'are removed as noise': sum(getattr(counted, counter) for counter in _NOISE),
        'come too late for their windows': counted.events_late,
        'are stale or run back in time': counted.events_stale + counted.events_backward,
    }
    if sum(lost.values()) > NEARLY_ALL * counted.events:
        return f"the {name} camera's events {max(lost, key=lambda key: lost[key])}"
    return ''
