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

"""Memory of a model: potentials of leaky membranes, which last from window to window.

A membrane's potential follows v' = leak * v + gain * evidence, where leak = exp(-elapsed / tau)
and elapsed is the time from the end of the window before to the end of this one. Potentials are
those of a leaky integrator between inputs (Gerstner et al., Neuronal Dynamics, section 1.3).

Overlapping windows count an event several times. The gain makes up for it: a constant scene gives
the same potentials at every hop.

What moves fast makes many events and is soon elsewhere. Where tau has an exponent, it is the
shorter, the more of the surrounding pixels have events: the memory there ages with events more
than with time.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.inference.event_shares import Shares, cells_of, event_shares
from spike_depth_ros.units import MS_NS

Potentials = npt.NDArray[np.float32]
COMMON_SHARE = 0.05  # share of pixels with events at which a time constant is that of its state
LEAST_SHARE = 1e-3  # is added to shares, of which a power is taken
TAU_MS = (1e-3, 1e9)  # least and greatest time constant, milliseconds
GREATEST_EXPONENT = 4.0
NAME = re.compile(r'[A-Za-z]\w*')


@dataclass(frozen=True)
class MembraneState:
    """Description of the membranes of one layer.

    Raises ValueError for a name that is no identifier, for time constants that are missing or not
    within TAU_MS, and for an exponent that is not within 0 to GREATEST_EXPONENT.

    Args:
        name: beginning of the names of the model's inputs `NAME_in`, `NAME_leak` and `NAME_gain`
            and of its output `NAME_out`.
        tau_ms: time constants, milliseconds; one, or one for each channel.
        averages: True for membranes that average their evidence, such as those whose potential is
            log depth; False for those that sum it, such as log odds.
        events_exponent: time constants are proportional to the share of the surrounding pixels
            with events in the window (event_shares.py) to the power of -events_exponent; 0: they
            are constant.
    """

    name: str
    tau_ms: tuple[float, ...]
    averages: bool = False
    events_exponent: float = 0.0

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f'the name of a state is {self.name!r}, but must be an identifier')
        least, greatest = TAU_MS
        if not self.tau_ms or not all(least <= tau <= greatest for tau in self.tau_ms):
            raise ValueError(
                f'tau_ms of {self.name} is {self.tau_ms}, but must be {least:g} to {greatest:g}'
            )
        if not 0 <= self.events_exponent <= GREATEST_EXPONENT:
            raise ValueError(
                f'events_exponent of {self.name} is {self.events_exponent}, but must be 0 to '
                f'{GREATEST_EXPONENT:g}'
            )

    @property
    def longest_tau_ms(self) -> float:
        """Return the time constant of the slowest membrane where there are no events."""
        return float(self.taus_ms(0.0).max())

    def factors_shape(self, shape: Sequence[int]) -> list[int]:
        """Return the shape of leak and gain for potentials of a shape, [1, channels, h, w]."""
        return [1, len(self.tau_ms), *(shape[2:] if self.events_exponent else (1, 1))]

    def taus_ms(self, shares: float | Shares = COMMON_SHARE) -> npt.NDArray[np.float64]:
        """Return the time constants, milliseconds, [1, n, rows, columns]; see `leak`."""
        longer = ((np.asarray(shares) + LEAST_SHARE) / COMMON_SHARE) ** -self.events_exponent
        return np.array(self.tau_ms)[None, :, None, None] * longer

    def leak(self, elapsed_ms: float, shares: float | Shares = COMMON_SHARE) -> Potentials:
        """Return the share of the potentials that is left, float32 [1, n, rows, columns].

        Args:
            elapsed_ms: time since the end of the window before, milliseconds; inf leaves nothing.
            shares: shares of pixels with events, [rows, columns] of cells; a number: one cell.
        """
        return np.exp(-elapsed_ms / self.taus_ms(shares)).astype(np.float32)

    def gain(
        self, elapsed_ms: float, window_ms: float, shares: float | Shares = COMMON_SHARE
    ) -> Potentials:
        """Return the weight of a window's evidence, float32 [1, n, rows, columns].

        It is 1 after a reset.

        Args:
            elapsed_ms, shares: see `leak`.
            window_ms: length of the windows, milliseconds.
        """
        if self.averages:
            return self._leaked(elapsed_ms, shares).astype(np.float32)
        new = self._leaked(min(elapsed_ms, window_ms), shares)
        return (new / self._leaked(window_ms, shares)).astype(np.float32)

    def _leaked(self, elapsed_ms: float, shares: float | Shares) -> npt.NDArray[np.float64]:
        """Return 1 - exp(-elapsed / tau), without loss of digits where tau is long."""
        return np.asarray(-np.expm1(-elapsed_ms / self.taus_ms(shares)))


class Memory:
    """Potentials of a model between inferences: two buffers for each state, which swap.

    Args:
        states: states of the model.
        shapes: shape of each state by name, [1, channels, h, w].
        window_ns: length of the model's windows, nanoseconds.

    Attributes:
        states: potentials by name, float32 [1, channels, h, w], that the next inference reads; a
            caller may change them in place between inferences.
    """

    def __init__(
        self,
        states: Sequence[MembraneState],
        shapes: Mapping[str, Sequence[int]],
        window_ns: int,
    ) -> None:
        self._described, self._window_ms = tuple(states), window_ns / MS_NS
        self.states = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
        self._next = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
        self._factors: list[Potentials] = []
        self._shares: float | Shares = COMMON_SHARE

    @property
    def half_lives_ms(self) -> tuple[float, float] | None:
        """Return the shortest and the longest half life in force, milliseconds.

        It is that of the window before, and None without states.
        """
        if not self._described:
            return None
        taus_ms = [state.taus_ms(self._shares) for state in self._described]
        ends = min(tau.min() for tau in taus_ms), max(tau.max() for tau in taus_ms)
        return math.log(2) * float(ends[0]), math.log(2) * float(ends[1])

    def bind(self, binding: Any, elapsed_ns: int | None, counts: npt.NDArray[np.uint8]) -> None:
        """Bind the states' inputs and outputs, in place.

        Args:
            binding: onnxruntime's IOBinding.
            elapsed_ns: time since the end of the window before, nanoseconds; None forgets it.
            counts: spike frame of the window, uint8 [h, w, channels].
        """
        if elapsed_ns is None:
            self.forget()
        elapsed_ms = math.inf if elapsed_ns is None else elapsed_ns / MS_NS
        self._factors = []  # keeps the bound arrays alive
        if any(state.events_exponent for state in self._described):
            self._shares = event_shares(counts)
        for state in self._described:
            before = self.states[state.name]
            leak, gain = self._spread_factors(state, elapsed_ms, before.shape)
            self._factors += [leak, gain]
            inputs = {'in': before, 'leak': leak, 'gain': gain}
            for end, array in inputs.items():
                name = f'{state.name}_{end}'
                binding.bind_input(name, 'cpu', 0, np.float32, array.shape, array.ctypes.data)
            after = self._next[state.name]
            name = f'{state.name}_out'
            binding.bind_output(name, 'cpu', 0, np.float32, after.shape, after.ctypes.data)

    def _spread_factors(
        self, state: MembraneState, elapsed_ms: float, shape: Sequence[int]
    ) -> tuple[Potentials, Potentials]:
        """Return leak and gain for potentials of a shape, [1, channels, h, w]."""
        if not state.events_exponent:
            return state.leak(elapsed_ms), state.gain(elapsed_ms, self._window_ms)
        leak = state.leak(elapsed_ms, self._shares)
        gain = state.gain(elapsed_ms, self._window_ms, self._shares)
        sides = zip(shape[2:], leak.shape[2:], strict=True)
        rows, columns = (cells_of(*side) for side in sides)
        return leak[:, :, rows[:, None], columns], gain[:, :, rows[:, None], columns]

    def step(self) -> None:
        """Take over the potentials that an inference has written."""
        self.states, self._next = self._next, self.states

    def is_finite(self) -> bool:
        """Return whether all potentials that the next inference reads are finite."""
        return all(bool(np.isfinite(potentials).all()) for potentials in self.states.values())

    def forget(self) -> None:
        """Set all potentials to 0."""
        for potentials in self.states.values():
            potentials.fill(0)
