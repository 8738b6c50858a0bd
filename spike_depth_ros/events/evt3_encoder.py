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

"""Encode events as evt3."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from spike_depth_ros.events import evt3_layout as evt3
from spike_depth_ros.events.compiled import cached
from spike_depth_ros.events.histogram import check_polarity

# With a TIME_HIGH in each half wrap, a decoder can follow the wraps through a gap.
MAX_HIGH_STEP = 1 << (evt3.TIME_BITS - evt3.TIME_LOW_BITS - 1)
VECTOR_SPAN = 12
NO_POLARITY = -1


class Evt3Encoder:
    """Encode one camera's events, packet by packet.

    Every packet repeats time, row and vector base: a decoder that lost a packet loses only that
    packet. The time of the last packet is the only state. A single event ends the use of a vector
    base: the format allows more, but several decoders forget the base.
    """

    def __init__(self) -> None:
        self._reached_us: int | None = None

    def encode(
        self,
        t_us: npt.NDArray[np.integer[Any]],
        x: npt.NDArray[np.integer[Any]],
        y: npt.NDArray[np.integer[Any]],
        polarity: npt.NDArray[np.integer[Any] | np.bool_],
        until_us: int | None = None,
    ) -> bytes:
        """Return the events as evt3 words, in their order.

        Args:
            t_us: [n], time, microseconds; does not fall, also from call to call.
            x, y: [n], pixel, in [0, 2048).
            polarity: [n], 1 or True for ON, 0 or False for OFF.
            until_us: time that the clock of a decoder reaches after the last event, microseconds;
                None ends with the last event.

        Raises:
            ValueError: arrays of different lengths, falling times, or a value out of range.
        """
        events = [np.asarray(column, np.int64) for column in (t_us, x, y, polarity)]
        times = events[0] if until_us is None else np.append(events[0], until_us)
        if not len(times):
            return b''
        reached = int(times[0]) if self._reached_us is None else self._reached_us
        _check(events, times, reached)
        end = int(times[-1])
        gap = ((end - reached) >> evt3.TIME_LOW_BITS) // MAX_HIGH_STEP
        words = np.empty(4 * len(times) + gap, np.uint16)
        size = _encode(events[0], events[1], events[2], events[3], reached, end, words)
        self._reached_us = end
        return words[:size].astype('<u2', copy=False).tobytes()


def _check(
    events: list[npt.NDArray[np.int64]], times: npt.NDArray[np.int64], reached: int
) -> None:
    lengths = [len(column) for column in events]
    if len(set(lengths)) > 1:
        raise ValueError(f't_us, x, y and polarity have {lengths} entries; give one of each')
    if times[0] < reached or np.any(np.diff(times) < 0):
        raise ValueError(
            f'times fall, or start before {reached} us of the last call; sort the events by time'
        )
    for name, column in zip('xy', events[1:3], strict=True):
        if len(column) and not 0 <= column.min() <= column.max() <= evt3.ADDRESS:
            raise ValueError(
                f'{name} runs from {column.min()} to {column.max()}; '
                f'evt3 has room for 0 to {evt3.ADDRESS}'
            )
    check_polarity(events[3])


@cached(nogil=True)
def _encode(t_us: Any, x: Any, y: Any, polarity: Any, reached: Any, end: Any, words: Any) -> int:
    """Write all events, then the time `end`; return the number of words."""
    size = 0
    row = -1
    base, base_polarity = 0, NO_POLARITY
    event = 0
    while event < len(t_us):
        if size == 0 or t_us[event] > reached:
            size = _write_time(words, size, reached, t_us[event])
            reached = t_us[event]
        if y[event] != row:
            row = y[event]
            size = _write(words, size, evt3.ADDR_Y, row)
        stop, bits = event, 0
        if polarity[event] == base_polarity:
            stop, bits = _vector(t_us, x, y, polarity, event, base)
        if stop - event < 2:  # the present base saves nothing: try another one
            stop, bits = _vector(t_us, x, y, polarity, event, x[event])
            if stop - event < 3:
                address = polarity[event] << evt3.POLARITY_SHIFT | x[event]
                size = _write(words, size, evt3.ADDR_X, address)
                base_polarity = NO_POLARITY
                event += 1
                continue
            base, base_polarity = x[event], polarity[event]
            address = base_polarity << evt3.POLARITY_SHIFT | base
            size = _write(words, size, evt3.VECT_BASE_X, address)
        size = _write(words, size, evt3.VECT_12, bits)
        base += VECTOR_SPAN
        event = stop
    if size == 0 or end > reached:
        size = _write_time(words, size, reached, end)
    return size


@njit(nogil=True)
def _vector(t_us: Any, x: Any, y: Any, polarity: Any, event: Any, base: Any) -> Any:
    """Return the end of the run of events that fit one VECT_12 at `base`, and its bits."""
    bits = 0
    last = base - 1
    stop = event
    while (
        stop < len(t_us)
        and last < x[stop] < base + VECTOR_SPAN
        and t_us[stop] == t_us[event]
        and y[stop] == y[event]
        and polarity[stop] == polarity[event]
    ):
        last = x[stop]
        bits |= 1 << (last - base)
        stop += 1
    return stop, bits


@njit(nogil=True)
def _write_time(words: Any, size: Any, reached: Any, t_us: Any) -> Any:
    """Write the time words from one time to the next; all of them at the start."""
    high, target = reached >> evt3.TIME_LOW_BITS, t_us >> evt3.TIME_LOW_BITS
    first = size == 0
    while target - high > MAX_HIGH_STEP:
        high += MAX_HIGH_STEP
        size = _write(words, size, evt3.TIME_HIGH, high)
    if first or target > high:
        size = _write(words, size, evt3.TIME_HIGH, target)
    return _write(words, size, evt3.TIME_LOW, t_us)


@njit(nogil=True)
def _write(words: Any, size: Any, kind: Any, payload: Any) -> Any:
    words[size] = kind << evt3.TYPE_SHIFT | (payload & evt3.PAYLOAD)
    return size + 1
