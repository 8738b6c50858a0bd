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

"""Detector of unusable header stamps: zero, or constant while packets arrive."""

from spike_depth_ros.units import MS_NS, SECOND_NS

# A driver that sends the same stamp for longer does not stamp its packets.
STANDING_NS = 250 * MS_NS
# Each packet must have a new stamp for this long before stamps are used again.
RECOVERY_NS = 2 * SECOND_NS


class HeaderStamps:
    """Detect unusable header stamps of one camera."""

    def __init__(self) -> None:
        self._stamp_ns = 0
        self._seq: int | None = None
        self._changed_ns = 0  # when the stamp last changed
        self._repeated_ns = 0  # when a stamp was last repeated
        self._are_standing = False

    def are_unusable(self, stamp_ns: int, seq: int | None, now_ns: int) -> bool:
        """Return whether the stamp of a packet is zero or stands still.

        A duplicate of a packet rightly has the same stamp.

        Args:
            stamp_ns: header stamp, nanoseconds.
            seq: number of the packet, or None.
            now_ns: monotonic time of the packet's arrival, nanoseconds.
        """
        is_duplicate = seq is not None and seq == self._seq
        if stamp_ns != self._stamp_ns or is_duplicate:
            self._changed_ns = now_ns
        else:
            self._repeated_ns = now_ns
        self._stamp_ns, self._seq = stamp_ns, seq
        if stamp_ns == 0 or now_ns - self._changed_ns > STANDING_NS:
            self._are_standing, self._repeated_ns = True, now_ns
        elif now_ns - self._repeated_ns > RECOVERY_NS:
            self._are_standing = False
        return self._are_standing
