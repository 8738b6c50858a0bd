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

from spike_depth_ros.events import evt3_layout as evt3
from spike_depth_ros.events.compiled import compiled, inlined
from spike_depth_ros.events.histogram import check_polarity

# With a TIME_HIGH in each half wrap, a decoder can follow the wraps through a gap.
MAX_HIGH_STEP = 1 << (evt3.TIME_BITS - evt3.TIME_LOW_BITS - 1)
VECTOR_SPAN = 12
NO_POLARITY, NO_ROW = -1, -1
_SPARE = 4  # words that are written ahead, or end the packet


def time_words(t_us: int) -> bytes:
    """Return words that hold a time alone: TIME_HIGH and TIME_LOW."""
    nothing = np.zeros(0, np.int64)
    return Evt3Encoder().encode(nothing, nothing, nothing, nothing, t_us)


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
        times = np.asarray(t_us, np.int64)
        events = [np.asarray(column) for column in (x, y, polarity)]
        end = until_us if until_us is not None else int(times[-1]) if len(times) else None
        if end is None:
            return b''
        start = int(times[0]) if len(times) else end
        reached = start if self._reached_us is None else self._reached_us
        _check(times, events, reached, end)
        gap = ((end - reached) >> evt3.TIME_LOW_BITS) // MAX_HIGH_STEP
        words = np.empty(4 * len(times) + gap + _SPARE, np.uint16)
        columns = zip((times, *events), ('i8', 'u2', 'u2', 'u1'), strict=True)
        size = _encode(*(_plain(*column) for column in columns), reached, end, words)
        self._reached_us = end
        return words[:size].astype('<u2', copy=False).tobytes()


def _plain(column: npt.NDArray[Any], dtype: str) -> npt.NDArray[Any]:
    """Return a column in the one form for which the encoder is compiled: dense and read-only."""
    plain = np.require(column, dtype, ['C']).view()
    plain.flags.writeable = False
    return plain


def _check(
    times: npt.NDArray[np.int64],
    events: list[npt.NDArray[np.integer[Any] | np.bool_]],
    reached: int,
    end: int,
) -> None:
    lengths = [len(times), *(len(column) for column in events)]
    if len(set(lengths)) > 1:
        raise ValueError(f't_us, x, y and polarity have {lengths} entries; give one of each')
    first, last = (int(times[0]), int(times[-1])) if len(times) else (end, end)
    if first < reached or end < last or np.any(times[1:] < times[:-1]):
        raise ValueError(
            f'times fall, or start before {reached} us of the last call; sort the events by time'
        )
    for name, column in zip('xy', events[:2], strict=True):
        if len(column) and not 0 <= column.min() <= column.max() <= evt3.ADDRESS:
            raise ValueError(
                f'{name} runs from {column.min()} to {column.max()}; '
                f'evt3 has room for 0 to {evt3.ADDRESS}'
            )
    check_polarity(events[2])


@compiled
def _encode(t_us: Any, x: Any, y: Any, polarity: Any, reached: Any, end: Any, words: Any) -> Any:
    """Write all events, then the time `end`; return the number of words.

    A word that may be superfluous is written all the same, and the next one overwrites it: a
    processor cannot predict which of the time and row words a sparse stream needs.
    """
    size, row, is_first = 0, np.int64(NO_ROW), True
    base, base_polarity = np.int64(0), np.int64(NO_POLARITY)
    event = 0
    while event < len(t_us):
        time_us, column = t_us[event], np.int64(x[event])
        size = _write_time(words, size, reached, time_us, is_first)
        reached, is_first = time_us, False
        _write(words, size, evt3.ADDR_Y, y[event])
        size += np.int64(y[event] != row)
        row = np.int64(y[event])
        sign = np.int64(polarity[event])
        stop, bits = event, 0
        if sign == base_polarity and base <= column < base + VECTOR_SPAN:
            stop, bits = _vector(t_us, x, y, polarity, event, base)
        if stop - event < 2:  # the present base saves nothing: try another one
            if _are_alike(t_us, x, y, polarity, event):
                stop, bits = _vector(t_us, x, y, polarity, event, column)
            if stop - event < 3:
                _write(words, size, evt3.ADDR_X, sign << evt3.POLARITY_SHIFT | column)
                size += 1
                base_polarity = np.int64(NO_POLARITY)
                event += 1
                continue
            base, base_polarity = column, sign
            _write(words, size, evt3.VECT_BASE_X, sign << evt3.POLARITY_SHIFT | base)
            size += 1
        _write(words, size, evt3.VECT_12, bits)
        size += 1
        base += VECTOR_SPAN
        event = stop
    return _write_time(words, size, reached, end, is_first)


@inlined
def _are_alike(t_us: Any, x: Any, y: Any, polarity: Any, event: Any) -> Any:
    """Return whether an event and the next two may share a vector: a quick test."""
    third = event + 2
    return (
        third < len(t_us)
        and t_us[third] == t_us[event]
        and y[third] == y[event]
        and polarity[third] == polarity[event]
        and np.int64(x[third]) - np.int64(x[event]) < VECTOR_SPAN
    )


@inlined
def _vector(t_us: Any, x: Any, y: Any, polarity: Any, event: Any, base: Any) -> Any:
    """Return the end of the run of events that fit one VECT_12 at `base`, and its bits."""
    bits = 0
    last = base - 1
    stop = event
    while (
        stop < len(t_us)
        and last < np.int64(x[stop]) < base + VECTOR_SPAN
        and t_us[stop] == t_us[event]
        and y[stop] == y[event]
        and polarity[stop] == polarity[event]
    ):
        last = np.int64(x[stop])
        bits |= 1 << (last - base)
        stop += 1
    return stop, bits


@inlined
def _write_time(words: Any, size: Any, reached: Any, t_us: Any, is_first: Any) -> Any:
    """Write the time words between two times, all of them at the start; return the new size."""
    high, target = reached >> evt3.TIME_LOW_BITS, t_us >> evt3.TIME_LOW_BITS
    while target - high > MAX_HIGH_STEP:
        high += MAX_HIGH_STEP
        _write(words, size, evt3.TIME_HIGH, high)
        size += 1
    _write(words, size, evt3.TIME_HIGH, target)
    size += np.int64(is_first | (target > high))
    _write(words, size, evt3.TIME_LOW, t_us)
    return size + np.int64(is_first | (t_us > reached))


@inlined
def _write(words: Any, size: Any, kind: Any, payload: Any) -> None:
    words[np.uint64(size)] = kind << evt3.TYPE_SHIFT | (np.int64(payload) & evt3.PAYLOAD)
