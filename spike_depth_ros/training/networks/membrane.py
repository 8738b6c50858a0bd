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

"""Leaky membranes: potentials that last from window to window."""

import math
from collections.abc import Iterator

import torch
from spikingjelly.activation_based.base import MemoryModule
from torch import Tensor, nn

from spike_depth_ros.frames.spike_frame import LEFT
from spike_depth_ros.inference.event_shares import areas, cells_of, reach
from spike_depth_ros.inference.memory import (
    COMMON_SHARE,
    GREATEST_EXPONENT,
    LEAST_SHARE,
    TAU_MS,
    MembraneState,
)
from spike_depth_ros.training.quantisation import POTENTIAL_UNIT
from spike_depth_ros.training.settings import SettingsError

LARGEST_STATE = 256.0  # potentials saturate here
LONGEST_MS = 1e9  # leaves nothing, as inf does, which has no gradient


class LeakyMembrane(MemoryModule):  # type: ignore[misc]  # spikingjelly has no types
    """Membranes whose potential is v' = leak * v + gain * evidence; see inference/memory.py.

    The first call after a reset returns the evidence as it is.

    Args:
        half_life_ms: time in which half of a potential leaks at first, milliseconds; learned.
        averages: True to average the evidence, False to sum it.
        window_ms: length of the windows, milliseconds.
        events_exponent: see MembraneState, at first: it is learned; None: the time constant does
            not depend on the events.

    Attributes:
        log_tau_ms: logarithm of the time constant at COMMON_SHARE, float [1].
        elapsed_ms: time between the ends of the last call's window and of the next one's,
            milliseconds; inf forgets the potentials. A number, or float [n], one for each image.
        event_shares: shares of pixels with events in the next call's window, see `event_shares`;
            a number: the same everywhere.
        is_exact: True to round potentials to whole numbers of POTENTIAL_UNIT, as int8 files do.
    """

    v: Tensor | None

    def __init__(
        self,
        half_life_ms: float,
        averages: bool = False,
        window_ms: float = 50.0,
        events_exponent: float | None = None,
    ) -> None:
        super().__init__()
        tau_ms = half_life_ms / math.log(2)
        if not TAU_MS[0] <= tau_ms <= TAU_MS[1]:
            least, greatest = (math.log(2) * end for end in TAU_MS)
            raise SettingsError(
                f'half_life_ms is {half_life_ms:g}: use a number from {least:.1g} to '
                f'{greatest:.1g}, or none for a network without memory.'
            )
        self.log_tau_ms = nn.Parameter(torch.full((1,), math.log(tau_ms)))
        self.averages, self.window_ms = averages, window_ms
        if events_exponent is not None and not 0 <= events_exponent <= GREATEST_EXPONENT:
            raise SettingsError(
                f'events_exponent is {events_exponent:g}: use a number from 0 to '
                f'{GREATEST_EXPONENT:g}, or none.'
            )
        self.events_exponent = (
            None if events_exponent is None else nn.Parameter(torch.tensor(events_exponent))
        )
        self.elapsed_ms: float | Tensor = math.inf
        self.event_shares: float | Tensor = COMMON_SHARE
        self.is_exact = False
        self.register_memory('v', None)

    def forward(self, evidence: Tensor) -> Tensor:
        """Map evidence, float [n, channels, h, w], to potentials of the same shape."""
        before = torch.zeros_like(evidence) if self.v is None else self.v
        leak, gain = self._factors(evidence)
        v = self._rounded(leak * before) + self._rounded(gain * evidence)
        self.v = v.clamp(-LARGEST_STATE, LARGEST_STATE)
        return self.v

    def described(self, name: str) -> MembraneState:
        """Return the description of the membranes in a model's contract."""
        tau_ms = self.log_tau_ms.detach().double().exp()
        learned = self.events_exponent
        exponent = 0.0 if learned is None else learned.clamp(0, GREATEST_EXPONENT).item()
        return MembraneState(name, tuple(tau_ms.tolist()), self.averages, exponent)

    def _factors(self, evidence: Tensor) -> tuple[Tensor, Tensor]:
        """Return leak and gain, [n or 1, 1, h or 1, w or 1], computed in double precision."""
        tau_ms = self._log_tau_ms(evidence.device).exp()
        elapsed_ms = torch.as_tensor(self.elapsed_ms, dtype=torch.float64, device=evidence.device)
        elapsed_ms = elapsed_ms.clamp(max=LONGEST_MS).reshape(-1, 1, 1, 1)
        leak = torch.exp(-elapsed_ms / tau_ms)
        if self.averages:
            gain = -torch.expm1(-elapsed_ms / tau_ms)
        else:
            new = torch.expm1(-elapsed_ms.clamp(max=self.window_ms) / tau_ms)
            gain = new / torch.expm1(-self.window_ms / tau_ms)
        return _spread(leak.to(evidence.dtype), evidence), _spread(
            gain.to(evidence.dtype), evidence
        )

    def _log_tau_ms(self, device: torch.device) -> Tensor:
        """Return the logarithm of the time constant of each cell, [n or 1, 1, rows, columns]."""
        log_tau_ms = self.log_tau_ms.double()[None, :, None, None]
        if self.events_exponent is None:
            return log_tau_ms
        shares = torch.as_tensor(self.event_shares, dtype=torch.float64, device=device)
        shares = shares[:, None] if shares.ndim else shares.reshape(1, 1, 1, 1)
        log_share = torch.log((shares + LEAST_SHARE) / COMMON_SHARE)
        return log_tau_ms - self.events_exponent.double().clamp(min=0) * log_share

    def _rounded(self, potentials: Tensor) -> Tensor:
        if self.is_exact:
            return torch.round(potentials / POTENTIAL_UNIT) * POTENTIAL_UNIT
        return potentials


def check_remembers(
    half_life_ms: float | None, averages: bool, events_exponent: float | None
) -> None:
    """Check that the settings of a membrane go with a half life; see LeakyMembrane.

    Raises SettingsError.
    """
    if half_life_ms is None and (averages or events_exponent is not None):
        raise SettingsError(
            'averages and events_exponent need half_life_ms: give it, such as 50, or leave them '
            'out.'
        )


def event_shares(counts: Tensor) -> Tensor:
    """Return the share of pixels with events, double [n, rows, columns] of cells.

    See inference/event_shares.py.

    counts: [n, channels, h, w].
    """
    active = (counts[:, LEFT] > 0).any(1).double()
    height, width = active.shape[1:]
    rows, columns, pixels = (
        torch.from_numpy(each).to(active)
        for each in (reach(height), reach(width).T, areas(height, width))
    )
    return rows @ active @ columns / pixels


def _spread(factors: Tensor, evidence: Tensor) -> Tensor:
    """Return the factors of cells, [n, 1, rows, columns], for each potential of the evidence."""
    if factors.shape[2:] == (1, 1):
        return factors
    sides = zip(evidence.shape[2:], factors.shape[2:], strict=True)
    rows, columns = (torch.from_numpy(cells_of(*side)) for side in sides)
    return factors[:, :, rows[:, None], columns]


def set_window(network: nn.Module, window_ms: float) -> None:
    """Tell the leaky membranes of a network the length of the windows, milliseconds."""
    for _, membrane in membranes(network):
        membrane.window_ms = window_ms


def membranes(network: nn.Module) -> Iterator[tuple[str, LeakyMembrane]]:
    """Yield the leaky membranes of a network, with the names of their states in a file."""
    found = (module for module in network.modules() if isinstance(module, LeakyMembrane))
    for number, membrane in enumerate(found, 1):
        yield 'state' if number == 1 else f'state{number}', membrane


def membrane_weights(network: nn.Module) -> dict[str, Tensor]:
    """Return the weights of a network's leaky membranes by their names in the network."""
    modules = network.named_modules()
    found = {name: layer for name, layer in modules if isinstance(layer, LeakyMembrane)}
    state = network.state_dict()
    return {name: state[name] for name in state if name.rpartition('.')[0] in found}
