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

"""Runs of the fuzz program: damaged packets through one decoder, then checks."""

import time
from dataclasses import dataclass

import numpy as np

from spike_depth_ros.events import encodings
from spike_depth_ros.events.decoder import Decoder, PacketWords
from spike_depth_ros.events.event_counts import EVENTS, STALE_EVENTS
from spike_depth_ros.events.noise import NoiseState
from spike_depth_ros.events.packet import Packet
from stress.mutations import spoil
from stress.rig import Rig
from stress.seeds import Pool, pools

INPUTS = 32  # per run
RIGS = 32
DICE = 5  # random numbers per input
# Other processes and the kernel slow any input down now and then, but not the same one each time.
REPETITIONS = 4  # repetitions of the slowest run so far
# Steps of reading, from the time reached; the last call reads to the packet's end.
STEPS_NS = (-1_000_000, 0, 1, 1000, 1_000_000, 50_000_000, 1_000_000_000, 1 << 60)
END_NS = (1 << 63) - 1  # later than any event
EXTREME_TIME_BASES_NS = np.array(
    [0, 1, 2**31, 2**62 - 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1], np.uint64
)
# Largest number; 1 for other encodings.
EVENTS_A_WORD = {'evt21': 32, 'evt3': 12, 'libcaer_cmp': 8}


class FaultError(Exception):
    """Fault of a decoder, in one sentence."""


class RunError(Exception):
    """Error at an input of a run; number: index of the input in the run."""

    def __init__(self, error: Exception, number: int, packet: Packet) -> None:
        super().__init__(f'{type(error).__name__}: {error}')
        self.number = number
        self.packet = packet


@dataclass
class Figures:
    """Inputs, their bytes and events, and the CPU time of the slowest input with its run."""

    inputs: int = 0
    bytes: int = 0
    events: int = 0
    slowest_us: float = 0.0
    slowest_run: int = 0

    def add(self, run: 'Figures') -> None:
        """Add the figures of a run."""
        self.inputs += run.inputs
        self.bytes += run.bytes
        self.events += run.events
        if run.slowest_us > self.slowest_us:
            self.slowest_us, self.slowest_run = run.slowest_us, run.slowest_run


class Fuzzer:
    """Execute runs by number; the same seed and number give the same inputs.

    Attributes:
        figures: figures of all runs so far, by encoding.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._pools = pools(seed)
        rng = np.random.default_rng(seed)
        self._rigs = [Rig(rng, number) for number in range(RIGS)]
        for rig in self._rigs:
            _warm_up(rig)
        self.figures = {encoding: Figures() for encoding in encodings.names()}

    def run(self, number: int) -> None:
        """Execute one run; raise RunError for the input at which a decoder fails."""
        total = self.figures[self.encoding(number)]
        try:
            run = self._run(number)
            for _ in range(REPETITIONS):
                if run.slowest_us > total.slowest_us:
                    run.slowest_us = min(run.slowest_us, self._run(number).slowest_us)
        except RunError:
            # The check at the end of a run may find a fault of an earlier input.
            self._run(number, check_each=True)
            raise
        total.add(run)

    def encoding(self, number: int) -> str:
        """Return the encoding of a run."""
        return encodings.names()[number % len(encodings.names())]

    def _run(self, number: int, check_each: bool = False) -> Figures:
        encoding, rng = self.encoding(number), np.random.default_rng((self._seed, number))
        rig = self._rigs[rng.integers(0, RIGS)]
        rig.clear()
        reading = _Reading(encoding, rig)
        packets = _packets(rng, encoding, rig, self._pools[encoding])
        dice = rng.integers(0, 1 << 16, (INPUTS, DICE)).tolist()
        slowest_us = 0.0
        for place, packet in enumerate(packets):
            try:
                slowest_us = max(slowest_us, reading.read(packet, dice[place]))
                if check_each or place == INPUTS - 1:
                    reading.check()
            except Exception as error:
                raise RunError(error, place, packet) from error
        return Figures(
            inputs=INPUTS,
            bytes=sum(len(packet.data) for packet in packets),
            events=int(rig.counts[EVENTS]),
            slowest_us=slowest_us,
            slowest_run=number,
        )


def _warm_up(rig: Rig) -> None:
    """Compile the functions that a rig needs, to leave compilation out of the inputs' times."""
    for encoding in encodings.names():
        decoder = encodings.new_decoder(encoding)
        words = decoder.parse(Packet(encoding, 1, 1, 0, 0, 0, False, np.zeros(0, np.uint8)))
        for state in (None, rig.noise.state):
            decoder.consume(words, 0, 1, rig.sink(state))


def _packets(rng: np.random.Generator, encoding: str, rig: Rig, pool: Pool) -> list[Packet]:
    """Return a run's packets, a few with another time base or byte order."""
    data, sizes, origins = spoil(rng, pool.data, pool.ends, INPUTS)
    dice = rng.integers(0, 16, (INPUTS, 2)).tolist()
    extremes = rng.choice(EXTREME_TIME_BASES_NS, INPUTS).tolist()
    has_extremes = rng.integers(0, 4) == 0
    packets = []
    for place, (size, origin) in enumerate(zip(sizes.tolist(), origins.tolist(), strict=True)):
        is_extreme = has_extremes and dice[place][0] == 0
        time_base_ns = extremes[place] if is_extreme else pool.time_bases_ns[origin]
        packets.append(
            Packet(
                encoding=encoding,
                width=rig.width,
                height=rig.height,
                seq=place,
                stamp_ns=0,
                time_base_ns=time_base_ns,
                big_endian=dice[place][1] == 0,
                data=data[place, :size],
            )
        )
    return packets


class _Reading:
    """Read packets with one decoder, and check positions, time and memory."""

    def __init__(self, encoding: str, rig: Rig) -> None:
        self._decoder: Decoder = encodings.new_decoder(encoding)
        self._rig = rig
        self._events_a_word = EVENTS_A_WORD.get(encoding, 1)
        self._words = 0
        self._spent_ns = 0

    def read(self, packet: Packet, dice: list[int]) -> float:
        """Read one packet in steps; dice: DICE large random numbers. Returns the CPU time, us."""
        decoder = self._decoder
        if dice[0] % 16 == 0:
            decoder.on_packet_loss()
        if dice[1] % 16 == 0:
            decoder.advance_wraps(dice[1] // 16 % 5 - 2)
        state = self._rig.noise.state if dice[2] % 4 else None
        start_ns = time.thread_time_ns()
        parsed = decoder.parse(packet)
        self._spent_ns = time.thread_time_ns() - start_ns
        position = 0
        for die in dice[3:]:
            now_ns = parsed.first_ns if decoder.time_ns is None else decoder.time_ns
            until_ns = min((now_ns or 0) + STEPS_NS[die % len(STEPS_NS)], END_NS)
            position = self._consume(parsed, position, until_ns, state)
        position = self._consume(parsed, position, END_NS, state)
        words = len(parsed.words)
        if position < words:
            raise FaultError(f'reading stops at word {position} of {words}')
        self._words += words
        return self._spent_ns / 1000

    def _consume(
        self, packet: PacketWords, position: int, until_ns: int, state: NoiseState | None
    ) -> int:
        """Read up to a time and return the position; it and the time must not run back."""
        decoder, rig, before_ns = self._decoder, self._rig, self._decoder.time_ns
        if before_ns is not None:
            rig.noise.advance(before_ns)
        words, sink = len(packet.words), rig.sink(state)
        start_ns = time.thread_time_ns()
        end = decoder.consume(packet, position, until_ns, sink)
        self._spent_ns += time.thread_time_ns() - start_ns
        time_ns = decoder.time_ns
        if not position <= end <= words:
            raise FaultError(f'from word {position} of {words} it came to {end}')
        if end < words and (time_ns is None or time_ns < until_ns):
            raise FaultError(f'it stopped at word {end}, time {time_ns}, before {until_ns}')
        if before_ns is not None and (time_ns is None or time_ns < before_ns):
            raise FaultError(f'time ran back from {before_ns} to {time_ns}')
        return end

    def check(self) -> None:
        """Raise FaultError for wrong memory or counts."""
        fault = self._rig.find_fault(self._decoder.time_ns)
        if fault:
            raise FaultError(fault)
        counts = self._rig.counts.tolist()
        read = counts[EVENTS] + sum(counts[STALE_EVENTS:])
        if read > self._words * self._events_a_word:
            raise FaultError(f'{self._words} words have no room for {counts}')
