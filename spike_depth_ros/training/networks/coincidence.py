"""The coincidence network: spikes of two cameras meet at every candidate shift."""

import torch
from spikingjelly.activation_based import functional as spiking
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.spiking import (
    FIRING_GAIN,
    GRID,
    LARGEST_COUNT,
    READOUT_GAIN,
    DepthNetwork,
    Output,
    SpikingLayer,
    draw,
    fanout,
    head,
    read_out,
    residual_block,
)

COINCIDENCE_GAIN = 0.25  # of those that read coincidences, which are counts, on top
FIRST_SPREAD = -1.0  # of log depth, as a logarithm: what is known before any spike


class Encoder(nn.Module):
    """Features of one camera at a half and at a quarter of the resolution, zeros and ones."""

    def __init__(self, width: int) -> None:
        super().__init__()
        half, quarter = 2 * width, 4 * width
        self.bottom = SpikingLayer(nn.Conv2d(2, width, 5, padding=2, bias=False))
        self.conv1 = SpikingLayer(nn.Conv2d(width, half, 5, stride=2, padding=2, bias=False))
        self.same1 = SpikingLayer(nn.Conv2d(half, half, 3, padding=1, bias=False))
        self.conv2 = SpikingLayer(nn.Conv2d(half, quarter, 5, stride=2, padding=2, bias=False))
        self.same2 = SpikingLayer(nn.Conv2d(quarter, quarter, 3, padding=1, bias=False))

    def fine(self, counts: Tensor) -> dict[str, Tensor]:
        """Return the layers' spikes down to a half of the resolution."""
        bottom = self.bottom(counts)
        conv1 = self.conv1(bottom)
        return {'bottom': bottom, 'conv1': conv1, 'same1': self.same1(conv1)}

    def coarse(self, same1: Tensor) -> dict[str, Tensor]:
        """Return those of the layers at a quarter of it."""
        conv2 = self.conv2(same1)
        return {'conv2': conv2, 'same2': self.same2(conv2)}


class CoincidenceNetwork(DepthNetwork):
    """Depth of the left camera, and how sure it is, from the spike counts of two cameras.

    One encoder sees both cameras. A detector for each feature, pixel and candidate shift fires
    where a left spike and a right spike coincide (cooperative stereo: Marr and Poggio 1976;
    coincidence neurons: Osswald et al. 2017); the number of detectors that fire at a shift joins
    the left camera's features on their way through a spiking U-Net like StereoSpike's, without
    its finest layers. Shifts are of whole pixels at a half of the resolution (the encoder sees
    the right frame at both column phases) and of four pixels at a quarter. The readout's
    potentials are the logarithms of depth and of its expected error.

    Args:
        width: channels of the first layer.
        reach: largest shift in pixels, not included; a multiple of 4.
        phases: 2, or 1 to have shifts of two pixels at a half of the resolution.
    """

    penalised = ('block', 'deconv4', 'deconv3', 'deconv2')

    def __init__(self, width: int = 16, reach: int = 48, phases: int = 2) -> None:
        super().__init__()
        if phases not in (1, 2):
            raise ValueError(f'phases is {phases}: use 1 or 2')
        if reach <= 0 or reach % 4:
            raise ValueError(f'reach is {reach}: use a positive multiple of 4')
        self.channels, self.width, self.reach, self.phases = 4, width, reach, phases
        half, quarter, eighth = 2 * width, 4 * width, 8 * width
        self.encoder = Encoder(width)
        self.match1 = SpikingLayer(matching(half, phases * reach // 2))
        self.down = SpikingLayer(nn.Conv2d(half, quarter, 5, stride=2, padding=2, bias=False))
        self.match2 = SpikingLayer(matching(quarter, reach // 4))
        self.conv3 = SpikingLayer(nn.Conv2d(quarter, eighth, 5, stride=2, padding=2, bias=False))
        self.conv4 = SpikingLayer(nn.Conv2d(eighth, eighth, 5, stride=2, padding=2, bias=False))
        self.block = residual_block(eighth)
        self.deconv4 = SpikingLayer(UpsampledConv2d(eighth, eighth, 5, 2))
        self.deconv3 = SpikingLayer(UpsampledConv2d(eighth, quarter, 5, 2))
        self.deconv2 = SpikingLayer(UpsampledConv2d(quarter, half, 5, 2))
        self.heads = nn.ModuleList([head(eighth, 8), head(quarter, 4), head(half, 2)])
        self.spread_heads = nn.ModuleList([head(eighth, 8), head(quarter, 4), head(half, 2)])
        self.reset_potential = nn.Parameter(torch.ones(()))  # learned, as StereoSpike's
        self.reset_spread = nn.Parameter(torch.full((), FIRST_SPREAD))
        self.initialise()

    def initialise(self) -> None:
        """Draw weights under which every layer fires, and readouts that start near flat."""
        for layer in self.modules():
            if isinstance(layer, SpikingLayer):
                draw(layer.synapses.weight, FIRING_GAIN)
        for match in (self.match1, self.match2):
            features = match.synapses.out_channels
            match.synapses.weight.data[:, features:] *= COINCIDENCE_GAIN
        for prediction in (*self.heads, *self.spread_heads):
            draw(prediction.weight, READOUT_GAIN)

    def fanouts(self) -> dict[str, float]:
        """Return how many synapses a spike of each layer, and of the input, reaches.

        As StereoSpike's; a spike that detectors see reaches one for each shift. Of a layer that
        several images share it is their mean: not all are read by the same layers.
        """
        encoder, block = self.encoder, self.block
        readers = {
            'input': [encoder.bottom],
            'bottom': [encoder.conv1],
            'conv1': [encoder.same1],
            'conv2': [encoder.same2],
            'coincidences1': [self.match1],
            'coincidences2': [self.match2],
            'match1': [self.down],
            'match2': [self.conv3],
            'conv3': [self.conv4],
            'conv4': [block.first],
            'block_hidden': [block.second],
            'block': [self.deconv4],
            'deconv4': [self.deconv3, self.heads[0], self.spread_heads[0]],
            'deconv3': [self.deconv2, self.heads[1], self.spread_heads[1]],
            'deconv2': [self.heads[2], self.spread_heads[2]],
        }
        reached = {
            name: float(sum(fanout(getattr(layer, 'synapses', layer)) for layer in layers))
            for name, layers in readers.items()
        }
        images = 1 + self.phases
        conv2, match1 = fanout(encoder.conv2.synapses), fanout(self.match1.synapses)
        detectors = self.phases * self.reach  # that see a left pixel, and the right ones there
        reached['same1'] = (2 * conv2 + match1 + detectors) / images
        reached['same2'] = (fanout(self.match2.synapses) + self.reach / 2) / 2
        reached['input'] *= images / 2
        return reached

    def forward(self, counts: Tensor) -> Output:
        """Map counts, float [n, 4, h, w], to log depth, its log spread and the layers' spikes.

        Counts above 127 are taken for 127. The encoder's spikes are of both cameras together:
        the left one, the right one and, where it counts, the right one a pixel aside.
        """
        spiking.reset_net(self)
        height, width = counts.shape[-2:]
        counts = counts.clamp(max=LARGEST_COUNT)
        padded = functional.pad(counts, (0, -width % GRID, 0, -height % GRID))
        spikes = self.match(padded)
        features = self.decode(spikes)
        log_depth = read_out(self.reset_potential, features, self.heads)
        log_spread = read_out(self.reset_spread, features, self.spread_heads)[-1]
        cropped = (..., slice(height), slice(width))
        return Output(
            torch.stack([part[cropped] for part in log_depth]), spikes, log_spread[cropped]
        )

    def match(self, counts: Tensor) -> dict[str, Tensor]:
        """Return the spikes of the encoder, the detectors and the layers that join both."""
        left, right = counts.split(2, 1)
        aside = functional.pad(right, (1, -1))
        spikes = self.encoder.fine(torch.cat([left, right, aside][: 1 + self.phases]))
        spikes |= self.encoder.coarse(spikes['same1'][: 2 * len(left)])
        left1, *rights1 = spikes['same1'].split(len(left))
        left2, right2 = spikes['same2'].split(len(left))
        shifts1, shifts2 = self.reach // 2, self.reach // 4
        found1 = torch.cat([coincidences(left1, right1, shifts1) for right1 in rights1], 1)
        found2 = coincidences(left2, right2, shifts2)
        match1 = self.match1(torch.cat([left1, found1], 1))
        match2 = self.match2(torch.cat([left2, found2], 1)) + self.down(match1)
        spikes |= {'coincidences1': found1, 'coincidences2': found2}
        return spikes | {'match1': match1, 'match2': match2}

    def decode(self, spikes: dict[str, Tensor]) -> list[Tensor]:
        """Add the U-Net's layers to `spikes`; return the decoder's, coarse to fine."""
        spikes['conv3'] = self.conv3(spikes['match2'])
        spikes['conv4'] = self.conv4(spikes['conv3'])
        spikes['block_hidden'], x = self.block(spikes['conv4'])
        spikes['block'] = x
        decoder = {'deconv4': 'conv3', 'deconv3': 'match2', 'deconv2': 'match1'}
        for name, skip in decoder.items():
            x = spikes[name] = getattr(self, name)(x) + spikes[skip]
        return [spikes[name] for name in decoder]


def matching(features: int, shifts: int) -> nn.Conv2d:
    """Return the synapses that join a camera's features and the coincidences at each shift."""
    return nn.Conv2d(features + shifts, features, 3, padding=1, bias=False)


def coincidences(left: Tensor, right: Tensor, shifts: int) -> Tensor:
    """Count the channels in which left and right spikes coincide at each shift.

    The result at [n, d, y, x] is the sum over channels of left[n, :, y, x] AND
    right[n, :, y, x - d], 0 where x - d is outside. One product of matrices for each row of the
    image, of which a band of diagonals is kept.

    Args:
        left, right: zeros and ones, float [n, c, h, w].
        shifts: d runs from 0 to shifts - 1.

    Returns:
        float [n, shifts, h, w], whole numbers up to c.
    """
    width = left.shape[-1]
    rows = torch.einsum('nchx,nchy->nhxy', left, right)  # every x against every y = x - d
    padded = functional.pad(rows, (shifts - 1, 0)).flatten(2)
    # In rows of one number more, what lies on a diagonal lies in a column.
    skewed = functional.pad(padded, (0, width)).unflatten(2, (width, -1))[..., :shifts]
    return skewed.flip(-1).permute(0, 3, 1, 2)
