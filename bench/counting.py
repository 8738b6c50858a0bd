"""Decode, map and count in one pass, against decoding to arrays and a numpy histogram.

Both do the same work on the same bytes: evt3 words of 50 ms windows to a spike frame of 346 x 260,
through the same pixel table. The peer's decoder is compiled too.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from spike_depth_ros.events import evt3_layout as evt3
from spike_depth_ros.events.evt3 import Evt3Decoder
from spike_depth_ros.events.evt3_encoder import Evt3Encoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.pixel_table import resize_table
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from spike_depth_ros.recordings.rosbag2 import Recording

WIDTH, HEIGHT, CHANNELS = 346, 260, 2
WINDOW_NS = 50_000_000
REPETITIONS = 15
RECORDING = Path(os.environ.get('SPIKE_DEPTH_DATA', '../shared/data')) / 'evt3_640x480'


def run() -> list[dict[str, Any]]:
    """Return rows: name, value, unit, and ratio to the peer on the same stream."""
    Binner.warm_up()
    rows = []
    for name, packets in _streams().items():
        rows += _compare(name, packets)
    return rows


def _streams() -> dict[str, list[Packet]]:
    streams = {'dense 1280x720 (synthetic)': dense_stream()}
    if RECORDING.is_dir():
        streams['recording 640x480'] = _recorded_stream()
    return streams


def _recorded_stream() -> list[Packet]:
    codec = MessageCodec(message_types())
    with Recording(RECORDING) as recording:
        messages = recording.messages(['/event_camera/events'])
        return [codec.packet(message.cdr) for message in messages]


def dense_stream(windows: int = 10, edges: int = 1500) -> list[Packet]:
    """Return packets of 5 ms of a fast scene: every 100 us, edges cross some of the rows."""
    rng = np.random.default_rng(0)
    encoder, packets = Evt3Encoder(), []
    for number in range(windows * 10):
        t_us = np.sort(rng.integers(0, 50, edges)) * 100 + number * 5000
        length = 24
        y = rng.integers(0, 720, edges)
        x = rng.integers(0, 1280 - length, edges)[:, None] + np.arange(length)
        polarity = rng.integers(0, 2, edges)
        fired = rng.random((edges, length)) < 0.6
        columns = [np.broadcast_to(c[:, None], x.shape)[fired] for c in (t_us, y, polarity)]
        data = encoder.encode(columns[0], x[fired], columns[1], columns[2])
        stamp_ns = int(t_us[0]) * 1000
        words = np.frombuffer(data, np.uint8)
        packets.append(Packet('evt3', 1280, 720, number, stamp_ns, 0, False, words))
    return packets


def _compare(name: str, packets: list[Packet]) -> list[dict[str, Any]]:
    windows = _windows(packets)
    table = resize_table(packets[0].width, packets[0].height, WIDTH, HEIGHT)
    lookup = table.lookup(0, CHANNELS)
    frame, peer_frame = _one_pass(windows, lookup), _arrays_and_numpy(windows, lookup)
    if not np.array_equal(frame, peer_frame):
        raise RuntimeError(f'{name}: the two ways count differently')
    binner = Binner(1, WINDOW_NS, WINDOW_NS, 0, WIDTH, HEIGHT)
    _push(binner, packets)
    events = binner.counters.cameras[0].events
    seconds = _medians(
        {
            'one pass': lambda: _one_pass(windows, lookup),
            'arrays, then numpy': lambda: _arrays_and_numpy(windows, lookup),
            'binner, with its windows': lambda: _push(binner, packets),
        }
    )
    peer = seconds['arrays, then numpy']
    return [
        {
            'name': f'evt3 {name}: {way}',
            'value': round(events / spent / 1e6, 1),
            'unit': 'Mev/s',
            'ratio': round(peer / spent, 2),
        }
        for way, spent in seconds.items()
    ]


def _medians(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median seconds of each way; they take turns, so that a busy machine hits all."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPETITIONS):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - start)
    return {name: median(spent) for name, spent in times.items()}


def _windows(packets: list[Packet]) -> list[npt.NDArray[np.uint16]]:
    """Return the words of about 50 ms each."""
    first = packets[0].stamp_ns
    groups: dict[int, list[npt.NDArray[np.uint8]]] = {}
    for packet in packets:
        groups.setdefault((packet.stamp_ns - first) // WINDOW_NS, []).append(packet.data)
    windows = [np.concatenate(group).view(np.uint16) for group in groups.values()]
    for words in windows:
        words.flags.writeable = False
    return windows


def _one_pass(
    windows: list[npt.NDArray[np.uint16]], lookup: npt.NDArray[np.int32]
) -> npt.NDArray[np.uint8]:
    decoder = Evt3Decoder()
    for words in windows:
        frame = np.zeros(HEIGHT * WIDTH * CHANNELS, np.uint8)
        decoder.consume(words, 0, 1 << 62, lookup, frame)
    return frame


def _arrays_and_numpy(
    windows: list[npt.NDArray[np.uint16]], lookup: npt.NDArray[np.int32]
) -> npt.NDArray[np.uint8]:
    state = np.zeros(4, np.int64)
    for words in windows:
        size = 12 * len(words)
        columns = [np.empty(size, kind) for kind in (np.int64, np.uint16, np.uint16, np.uint8)]
        count = _decode(words, state, columns[0], columns[1], columns[2], columns[3])
        x, y, polarity = (column[:count] for column in columns[1:])
        places = lookup[y, x] - polarity
        counts = np.bincount(places[places >= 0], minlength=HEIGHT * WIDTH * CHANNELS)
        frame = np.minimum(counts, 255).astype(np.uint8)
    return frame


def _push(binner: Binner, packets: list[Packet]) -> None:
    """Let the binner see the stream as a new one."""
    binner.reset()
    for packet in packets:
        binner.push(0, packet, 0)


@njit(nogil=True, cache=True)
def _decode(words: Any, state: Any, t_us: Any, x: Any, y: Any, polarity: Any) -> int:
    """Decode to arrays and return the number of events; state: time, row, base, polarity."""
    time_us, row, base, base_polarity = state
    count = 0
    for word in words:
        kind, payload = word >> evt3.TYPE_SHIFT, np.int64(word & evt3.PAYLOAD)
        if kind == evt3.ADDR_X:
            x[count], y[count], t_us[count] = payload & evt3.ADDRESS, row, time_us
            polarity[count] = payload >> evt3.POLARITY_SHIFT
            count += 1
        elif kind == evt3.ADDR_Y:
            row = payload & evt3.ADDRESS
        elif kind == evt3.TIME_LOW:
            time_us = time_us >> evt3.TIME_LOW_BITS << evt3.TIME_LOW_BITS | payload
        elif kind == evt3.TIME_HIGH:
            time_us = payload << evt3.TIME_LOW_BITS
        elif kind == evt3.VECT_BASE_X:
            base, base_polarity = payload & evt3.ADDRESS, payload >> evt3.POLARITY_SHIFT
        elif kind == evt3.VECT_12 or kind == evt3.VECT_8:
            span = 12 if kind == evt3.VECT_12 else 8
            for bit in range(span):
                if payload >> bit & 1:
                    x[count], y[count], t_us[count] = base + bit, row, time_us
                    polarity[count] = base_polarity
                    count += 1
            base += span
    state[0], state[1], state[2], state[3] = time_us, row, base, base_polarity
    return count
