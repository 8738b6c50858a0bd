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

"""Base class of the depth networks, and their output."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.networks.membrane import event_shares, membranes
from spike_depth_ros.training.networks.spiking import reset
from spike_depth_ros.training.settings import SettingsError

GRID = 16  # image sides are padded to multiples of GRID, which four layers of stride 2 divide
# Counts of events saturate here: processors without VNNI add two products of eight bits in 16,
# which hold twice 127 * 127.
LARGEST_COUNT = 127


class Output(NamedTuple):
    """Outputs of a network for one batch.

    log_depth: float [p, n, 1, h, w], natural logarithm of metres; estimates from a growing number
        of the prediction layers, coarse to fine; the last one is the prediction.
    spikes: output of each spiking layer by name, float [n, c, h', w'], small whole numbers. The
        exported file reports firing rates and fan-outs under these names, in this order.
    log_spread: float [n, 1, h, w], logarithm of the expected mean absolute error of log depth;
        None from a network without confidence.
    metres: float [p, n, 1, h, w], the same estimates in metres, before they are limited to
        positive depth; None from a network whose readout is not in metres.
    log_disparity: float [2, n, disparities, h', w'], logarithm of the probability of each
        disparity, by the detectors alone and by the readout; the detectors' twice from a network
        that has no readout of disparities (MatchReadout); None from one that does not match the
        cameras.
    features: feature maps for distillation, float [n, c, h', w'], from the first to the last
        layer whose maps are coarsest, of the padded image; () from a network without any.
    """

    log_depth: Tensor
    spikes: dict[str, Tensor]
    log_spread: Tensor | None = None
    log_disparity: Tensor | None = None
    metres: Tensor | None = None
    features: tuple[Tensor, ...] = ()


@dataclass(frozen=True)
class Trust:
    """Weights of evidence and prior in a readout of disparities, relative to the trained ones.

    Raises SettingsError for a factor below 0 or not finite.

    Args:
        evidence: factor on the weights of the cooperating detectors.
        prior: factor on the logarithm of the prior probability of the disparities; 0 makes all
            equally likely.
    """

    evidence: float = 1.0
    prior: float = 1.0

    def __post_init__(self) -> None:
        for name, factor in (('evidence', self.evidence), ('prior', self.prior)):
            if not 0 <= factor < math.inf:
                raise SettingsError(f'{name} is {factor:g}: use a finite number of at least 0.')


class DepthNetwork(nn.Module, ABC):
    """Base class: maps the spike counts of one window to depth.

    A network is a plain PyTorch module. It builds the package's layers in its constructor and
    connects them in `predict`; the exported file, the layers' names, their fan-outs and the
    number of operations follow from a trace of `predict` (export/trace.py). In every window
    neurons start at potential 0; leaky membranes (membrane.py) alone go on from window to window.

    Attributes:
        channels: 4 (left ON, left OFF, right ON, right OFF) or 2 (left ON, left OFF).
        pictures: number of cameras whose pictures the network reads in place of counts: its
            input is then float [n, pictures, h, w], grey values from 0 to 255, the left one
            first.
        left_first: names of the weights whose first input channels are the left camera's: a
            network for one camera takes these from a checkpoint for two.
        between_cameras: beginnings of the names of weights that a network for one camera lacks.
        penalised: names of the layers whose spikes the spike penalty counts; () for all.
        no_file: sentence that refuses to export the network, which then only trains; '' for none.
    """

    channels: int
    pictures: int = 0
    left_first: tuple[str, ...] = ()
    between_cameras: tuple[str, ...] = ()
    penalised: tuple[str, ...] = ()
    no_file: str = ''

    @abstractmethod
    def predict(self, counts: Tensor) -> Output:
        """Map counts to depth and the spikes of the layers.

        Args:
            counts: float [n, channels, h, w], whole numbers up to 127; h and w are multiples
                of 16.
        """

    def forward(self, counts: Tensor, elapsed_ms: float | Tensor = math.inf) -> Output:
        """Map counts to depth and the spikes of the layers.

        Counts above 127 saturate at 127. The layers compute on counts padded to multiples of 16
        pixels. Backpropagation through several windows ends where spikingjelly's `detach_net` is
        called between them.

        Args:
            counts: float [n, channels, h, w].
            elapsed_ms: time from the end of the window of the call before to the end of this one,
                milliseconds, or float [n] of the images of the batch; inf forgets the former.
        """
        self._start(elapsed_ms, counts)
        height, width = counts.shape[-2:]
        output = self.predict(padded(self.prepared(counts)))
        spread, metres = output.log_spread, output.metres
        return output._replace(
            log_depth=output.log_depth[..., :height, :width],
            log_spread=None if spread is None else spread[..., :height, :width],
            metres=None if metres is None else metres[..., :height, :width],
        )

    def prepared(self, counts: Tensor) -> Tensor:
        """Return the input of the layers before padding; the largest count is 127."""
        return counts.clamp(max=LARGEST_COUNT)

    def _start(self, elapsed_ms: float | Tensor, counts: Tensor) -> None:
        """Reset all neurons, except membranes that go on; see `forward`."""
        kept = [(membrane, membrane.v) for _, membrane in membranes(self)]
        reset(self)
        for membrane, potentials in kept:
            membrane.elapsed_ms = elapsed_ms
            if membrane.events_exponent is not None:
                membrane.event_shares = event_shares(counts)
            if isinstance(elapsed_ms, Tensor) or elapsed_ms < math.inf:
                membrane.v = potentials

    def remember(
        self, half_life_ms: float, averages: bool = False, events_exponent: float | None = None
    ) -> None:
        """Let the readout's potentials last from window to window.

        Raises SettingsError for a network whose readout has no membrane.

        Args:
            half_life_ms: time in which half of a potential leaks, milliseconds.
            averages, events_exponent: see LeakyMembrane.
        """
        raise SettingsError(
            f'{type(self).__name__} has no readout that remembers for half_life_ms '
            f'{half_life_ms:g}: leave --half_life_ms out.'
        )

    def trust(self, trust: Trust) -> None:
        """Scale evidence and prior of the readout, in place.

        Raises SettingsError for a network without detectors, unless both factors are 1.
        """
        if trust != Trust():
            raise SettingsError(
                f'{type(self).__name__} has no detectors for evidence {trust.evidence:g} and '
                f'prior {trust.prior:g}: leave --trust.evidence and --trust.prior out.'
            )


def padded(images: Tensor) -> Tensor:
    """Return images [..., h, w] with zeros at the right and below, to multiples of GRID."""
    height, width = images.shape[-2:]
    return functional.pad(images, (0, -width % GRID, 0, -height % GRID))


def disparity_scale(output: Output) -> int:
    """Return the number of pixels from one place of an output's disparities to the next."""
    assert output.log_disparity is not None
    width = output.log_depth.shape[-1]
    return (width + -width % GRID) // output.log_disparity.shape[-1]


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Compute as after training: batch normalisation keeps its statistics, and uses them."""
    is_training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(is_training)
