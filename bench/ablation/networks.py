"""The coincidence network with one thing changed, for ablations."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork, Encoder

POLARITIES = 2
HALF_BASE = 11  # of stacked counts: what an older event counts, a newer one counts 1


class OneScale(CoincidenceNetwork):
    """Detectors cooperate at a half of the resolution; those of the others are silent."""

    def matches(self, counts: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        spikes, evidence = super().matches(counts)
        for name in ('cooperation3', 'cooperation4'):
            spikes[name] = torch.zeros_like(spikes[name])
        return spikes, evidence


class SeparateEncoders(CoincidenceNetwork):
    """The right camera has an encoder of its own."""

    def __init__(self, width: int = 16, reach: int = 48) -> None:
        super().__init__(width, reach)
        self.right_encoder = Encoder(width)
        self.initialise()

    def encode(self, counts: Tensor) -> dict[str, Tensor]:
        left, right = counts.split(2, 1)
        aside = functional.pad(right, (1, -1))
        of_left, of_right = self.encoder(left), self.right_encoder(torch.cat([right, aside]))
        return {name: torch.cat([of_left[name], of_right[name]]) for name in of_left}


class PolarityEncoder(nn.Module):
    """Half of the features of ON events and half of OFF, by the same half of the kernels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one = Encoder(width // POLARITIES, channels=1)

    def forward(self, counts: Tensor) -> dict[str, Tensor]:
        spikes = self.one(torch.cat(counts.split(1, 1)))
        return {name: torch.cat(layer.chunk(POLARITIES), 1) for name, layer in spikes.items()}


class PerPolarity(CoincidenceNetwork):
    """ON meets ON and OFF meets OFF."""

    def __init__(self, width: int = 16, reach: int = 48) -> None:
        super().__init__(width, reach)
        self.encoder = PolarityEncoder(width)
        self.initialise()


class Stacked(CoincidenceNetwork):
    """The window's two halves are channels of their own; see windows.stacked."""

    def __init__(self, width: int = 16, reach: int = 48) -> None:
        super().__init__(width, reach)
        self.encoder = Encoder(width, channels=4)
        self.initialise()

    def encode(self, counts: Tensor) -> dict[str, Tensor]:
        older = torch.div(counts, HALF_BASE, rounding_mode='floor')
        newer = counts - HALF_BASE * older
        left, right = (
            torch.cat([older[:, :2], newer[:, :2]], 1),
            torch.cat([older[:, 2:], newer[:, 2:]], 1),
        )
        return self.encoder(torch.cat([left, right, functional.pad(right, (1, -1))]))
