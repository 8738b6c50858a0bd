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

"""Counters of a binner: packets, events and windows."""

from dataclasses import dataclass
from enum import Enum, auto

from spike_depth_ros.events import event_counts as outcomes
from spike_depth_ros.events.event_counts import EventCounts


class DropReason(Enum):
    """Reason why a packet is dropped whole; see CameraCounters."""

    MALFORMED = auto()
    UNKNOWN_ENCODING = auto()
    WRONG_FORM = auto()
    UNCALIBRATED = auto()
    WRONG_TIME = auto()
    OUT_OF_ORDER = auto()
    STALE = auto()


@dataclass(slots=True)
class CameraCounters:
    """Packets, events and words of one camera since the start.

    Attributes:
        packets: packets received, dropped ones included.
        packets_lost: packets missing between those that were read, by gaps in `seq`.
        packets_out_of_order: dropped: older than a packet that was read.
        packets_stale: dropped: older than the last reset.
        packets_malformed: dropped: not a message of the topic's type.
        packets_unknown_encoding: dropped: an encoding that no decoder reads.
        packets_wrong_form: dropped: another size or encoding than the camera's first packet, or a
            size beyond any sensor's.
        packets_uncalibrated: dropped: no pixel table for the sensor yet.
        packets_wrong_time: dropped: a time that no clock shows, or too long a time in one packet.
        packets_truncated: ended within a word; read up to that word.
        packets_unstamped: had a header stamp that was zero or stood still; ROS time at their
            arrival replaced it.
        events: events decoded.
        events_unmapped: events on a pixel without a network pixel.
        events_outside: events outside the sensor.
        events_hot: events removed by the hot-pixel filter.
        events_refractory: events removed by the refractory filter.
        events_background: events removed by the background filter.
        events_late: events read after their window closed.
        events_stale: events after lost packets, before time and address were known again.
        events_backward: events earlier than the time reached by more than the jitter.
        words_unknown: words that the encoding does not define.
        triggers_falling: external triggers, falling edge.
        triggers_rising: external triggers, rising edge.
    """

    packets: int = 0
    packets_lost: int = 0
    packets_out_of_order: int = 0
    packets_stale: int = 0
    packets_malformed: int = 0
    packets_unknown_encoding: int = 0
    packets_wrong_form: int = 0
    packets_uncalibrated: int = 0
    packets_wrong_time: int = 0
    packets_truncated: int = 0
    packets_unstamped: int = 0
    events: int = 0
    events_unmapped: int = 0
    events_outside: int = 0
    events_hot: int = 0
    events_refractory: int = 0
    events_background: int = 0
    events_late: int = 0
    events_stale: int = 0
    events_backward: int = 0
    words_unknown: int = 0
    triggers_falling: int = 0
    triggers_rising: int = 0

    def drop(self, reason: DropReason) -> None:
        """Count a packet that is dropped whole."""
        match reason:
            case DropReason.MALFORMED:
                self.packets_malformed += 1
            case DropReason.UNKNOWN_ENCODING:
                self.packets_unknown_encoding += 1
            case DropReason.WRONG_FORM:
                self.packets_wrong_form += 1
            case DropReason.UNCALIBRATED:
                self.packets_uncalibrated += 1
            case DropReason.WRONG_TIME:
                self.packets_wrong_time += 1
            case DropReason.OUT_OF_ORDER:
                self.packets_out_of_order += 1
            case DropReason.STALE:
                self.packets_stale += 1

    def take(self, counts: EventCounts, is_late: bool) -> int:
        """Add a decoder's counts and clear them.

        Args:
            counts: events and words by outcome.
            is_late: whether the window of these events has closed.

        Returns:
            Events with a place in the frame, saturated ones included.
        """
        n = counts.tolist()
        counts.fill(0)
        filtered = n[outcomes.UNMAPPED_EVENTS : outcomes.BACKGROUND_EVENTS + 1]
        placed: int = n[outcomes.EVENTS] - sum(filtered)
        stale, backward = n[outcomes.STALE_EVENTS], n[outcomes.BACKWARD_EVENTS]
        self.events += n[outcomes.EVENTS] + stale + backward
        self.events_unmapped += n[outcomes.UNMAPPED_EVENTS]
        self.events_outside += n[outcomes.OUTSIDE_EVENTS]
        self.events_hot += n[outcomes.HOT_EVENTS]
        self.events_refractory += n[outcomes.REFRACTORY_EVENTS]
        self.events_background += n[outcomes.BACKGROUND_EVENTS]
        self.events_late += placed if is_late else 0
        self.events_stale += stale
        self.events_backward += backward
        self.words_unknown += n[outcomes.UNKNOWN_WORDS]
        self.triggers_falling += n[outcomes.TRIGGERS]
        self.triggers_rising += n[outcomes.TRIGGERS + 1]
        return placed


@dataclass(slots=True)
class BinnerCounters:
    """Windows and resets since the start, and the counters of each camera.

    Attributes:
        cameras: counters of the left camera, then of the right one.
        resets: resets of the common time.
        windows_closed: windows closed, empty ones included.
        windows_empty: closed without an event.
        windows_incomplete: closed without all events of each camera: before the camera had passed
            the window's end, or while it joined.
        windows_discarded: open windows with events that a reset discarded.
        events_saturated: events missing from frames, whose counts saturate at MAX_COUNT.
    """

    cameras: tuple[CameraCounters, ...]
    resets: int = 0
    windows_closed: int = 0
    windows_empty: int = 0
    windows_incomplete: int = 0
    windows_discarded: int = 0
    events_saturated: int = 0
