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

"""Coincidence network: depth from coincident spikes of two cameras at each candidate disparity."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.networks.matching import LARGEST_BURST, Coincidences, Cooperation
from spike_depth_ros.training.networks.membrane import LeakyMembrane, check_remembers
from spike_depth_ros.training.networks.network import DepthNetwork, Output, Trust
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.readout import DisparityReadout
from spike_depth_ros.training.networks.spiking import (
    FIRING_GAIN,
    Bursts,
    SpikingLayer,
    draw,
    residual_block,
)
from spike_depth_ros.training.settings import SettingsError

# The readout's weight of one spike of these detectors before training, logarithm of odds.
EVIDENCE = {'cooperation2': 0.5, 'cooperation3': 0.2, 'cooperation4': 0.2}


class Encoder(nn.Module):
    """Features of two cameras at a half or a quarter of the resolution, zeros and ones.

    Args:
        width: twice the channels of the first layer; the last has `scale` times as many as it.
        scale: pixels from one feature to the next, 2 or 4.
        channels: channels of a camera's counts.
    """

    def __init__(self, width: int, scale: int = 2, channels: int = 2) -> None:
        super().__init__()
        finest, features = width // 2, 2 * width
        self.scale, stride = scale, scale // 2
        self.bottom = SpikingLayer(nn.Conv2d(channels, finest, 5, padding=2, bias=False))
        self.conv1 = SpikingLayer(nn.Conv2d(finest, features, 5, stride=2, padding=2, bias=False))
        self.same1 = SpikingLayer(
            nn.Conv2d(features, stride * features, 3, stride=stride, padding=1, bias=False)
        )

    def forward(self, left: Tensor, right: Tensor) -> dict[str, Tensor]:
        """Return the spikes of the layers by name for counts, float [n, channels, h, w].

        Returns:
            bottom, [2n, width / 2, h, w]: spikes of the left camera, then of the right one. conv1,
            [3n, 2 width, h / 2, w / 2]: of the left camera, of the right one, and of the right one
            displaced to the right by a pixel. same1, [(1 + scale) n, scale * width, h / scale,
            w / scale]: of the left camera, and of the right one displaced by 0 to scale - 1
            pixels.
        """
        bottom = self.bottom(torch.cat([left, right]))
        conv1 = self.conv1(_with_displaced(bottom, bottom.chunk(2)[1]))[..., :-1]
        return {'bottom': bottom, 'conv1': conv1, 'same1': self._matched(conv1)}

    def _matched(self, conv1: Tensor) -> Tensor:
        matched: Tensor
        if self.scale == 2:
            matched = self.same1(conv1)
        else:
            _, right, displaced = conv1.chunk(3)
            both = torch.cat([right, displaced])
            matched = self.same1(_with_displaced(conv1, both))[..., :-1]
        return matched


def _with_displaced(spikes: Tensor, displaced: Tensor) -> Tensor:
    """Return images, and some displaced to the right by a pixel, for a layer of stride 2.

    The displaced map's last column lies beyond the border, where kernels still read it: maps are
    two columns wider, and the layer's additional output is to be dropped.
    """
    return torch.cat([functional.pad(spikes, (0, 2)), functional.pad(displaced, (1, 1))])


class CoincidenceNetwork(DepthNetwork):
    """Depth of the left camera, and its confidence, from the spike counts of two cameras.

    One encoder computes the features of both cameras. A detector for each feature, place and
    candidate disparity fires where a left spike and a right spike coincide (coincidence neurons:
    Osswald et al. 2017). Two layers of cooperating neurons pass the coincidences, summed over the
    features, that their surroundings support (cooperative stereo: Marr and Poggio 1976); their
    kernels depend on the difference of two disparities only, so all disparities share the
    weights. Two more such layers, at a quarter and an eighth of the resolution, carry matches to
    places with few events or none. Their spikes join the left camera's features in a spiking U-Net
    similar to StereoSpike's.

    The readout gives a potential for each disparity, and the confidence (DisparityReadout). Depth
    has a half of the resolution, disparities are whole pixels: the encoder halves the right
    camera's spikes once as they are and once displaced by a pixel.

    With scale 4 features, detectors and readout have a quarter of the resolution, since arrays of
    all disparities take most of the time. There are twice as many features, the encoder reads the
    right camera's spikes displaced by 0 to 3 pixels, and the U-Net begins at the quarter.

    Args:
        width: twice the channels of the first layer, and the number of matched features divided
            by `scale`; even, because onnxruntime's integer kernels give some wrong sums for odd
            widths (its issue 27670).
        reach: the largest disparity in pixels, not included; a multiple of scale.
        half_life_ms: time in which half of the evidence for a disparity leaks, milliseconds, at
            first: it is learned; None: each window is computed by itself.
        averages, events_exponent: see LeakyMembrane.
        scale: pixels from one place of the readout to the next, 2 or 4.
    """

    penalised = (*EVIDENCE, 'block', 'deconv4', 'deconv3')

    def __init__(
        self,
        width: int = 16,
        reach: int = 48,
        half_life_ms: float | None = None,
        averages: bool = False,
        events_exponent: float | None = None,
        scale: int = 2,
    ) -> None:
        super().__init__()
        if width <= 0 or width % 2:
            raise SettingsError(f'width is {width}: use a positive multiple of 2.')
        if scale not in (2, 4):
            raise SettingsError(f'scale is {scale}: use 2 or 4.')
        if reach <= 0 or reach % scale:
            raise SettingsError(f'reach is {reach}: use a positive multiple of {scale}.')
        self.channels, self.width, self.scale = 4, width, scale
        half, quarter, eighth = 2 * width, 4 * width, 8 * width
        self.encoder = Encoder(width, scale)
        self.coincidences = Coincidences(reach // scale)
        # At a quarter of the resolution a kernel of 3 covers as much as one of 5 at a half.
        size = 5 if scale == 2 else 3
        self.cooperation1 = SpikingLayer(Cooperation(reach, size=size))
        self.cooperation2 = SpikingLayer(Cooperation(reach, size=size), Bursts(LARGEST_BURST))
        self.cooperation3 = SpikingLayer(
            Cooperation(reach, size=size, stride=4 // scale), Bursts(LARGEST_BURST)
        )
        self.cooperation4 = SpikingLayer(Cooperation(reach, stride=2), Bursts(LARGEST_BURST))
        if scale == 2:
            self.conv2 = _halving(half + reach, quarter, size)
        self.conv3 = _halving(quarter + reach, eighth, size)
        self.conv4 = _halving(eighth + reach, eighth, 5)
        self.block = residual_block(eighth)
        self.deconv4 = SpikingLayer(UpsampledConv2d(eighth, eighth, 5, 2))
        self.deconv3 = SpikingLayer(UpsampledConv2d(eighth, quarter, 5, 2))
        levels = [{'cooperation4': reach}, {'cooperation3': reach, 'deconv3': quarter}]
        if scale == 2:
            self.deconv2 = SpikingLayer(UpsampledConv2d(quarter, half, 5, 2))
            self.penalised = *self.penalised, 'deconv2'
            levels.append({'cooperation2': reach, 'deconv2': half})
        else:
            levels[-1]['cooperation2'] = reach
        self.readout = DisparityReadout(levels, EVIDENCE, reach, MVSEC_RIG.focal_baseline, scale)
        self.initialise()
        check_remembers(half_life_ms, averages, events_exponent)
        if half_life_ms is not None:
            self.remember(half_life_ms, averages, events_exponent)

    def initialise(self) -> None:
        """Draw weights with which every layer fires and the readout starts close to flat."""
        for layer in self.modules():
            if isinstance(layer, SpikingLayer) and not isinstance(layer.synapses, Cooperation):
                draw(layer.synapses.weight, FIRING_GAIN)
        self.readout.initialise()

    def remember(
        self, half_life_ms: float, averages: bool = False, events_exponent: float | None = None
    ) -> None:
        """Let the evidence for disparities last from window to window.

        Raises SettingsError for a half life that is not above 0, and an exponent below 0.

        Args:
            half_life_ms: time in which half of it leaks, milliseconds.
            averages, events_exponent: see LeakyMembrane.
        """
        self.readout.membrane = LeakyMembrane(
            half_life_ms, averages=averages, events_exponent=events_exponent
        )

    def trust(self, trust: Trust) -> None:
        """Scale evidence and prior of the readout, in place."""
        self.readout.trust(trust)

    def predict(self, counts: Tensor) -> Output:
        """Map padded counts, float [n, 4, h, w], to depth, confidence and the layers' spikes.

        The encoder's spikes hold several images, see Encoder. The features are the spikes of the
        layers at a sixteenth of the resolution.
        """
        spikes, detected = self.matches(counts)
        self.decode(spikes)
        features = {name: spikes[name] for level in self.readout.levels for name in level}
        log_depth, log_spread, log_disparity = self.readout(features, detected)
        coarsest = spikes['conv4'], spikes['block']
        return Output(log_depth, spikes, log_spread, log_disparity, features=coarsest)

    def encode(self, counts: Tensor) -> dict[str, Tensor]:
        """Return the encoder's spikes for the left and the right channels of counts."""
        left, right = counts.split(2, 1)
        return self.encoder(left, right)

    def matches(self, counts: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Return the spikes of encoder and detectors, and the potentials of cooperation2."""
        spikes = self.encode(counts)
        images = spikes['same1'].chunk(1 + self.scale)
        rights = (images[1 + shift] for shift in range(self.scale))
        spikes['coincidences'] = self.coincidences(images[0], *rights)
        spikes['cooperation1'] = self.cooperation1(spikes['coincidences'])
        detected = self.cooperation2.synapses(spikes['cooperation1'])
        spikes['cooperation2'] = self.cooperation2.neurons(detected)
        spikes['cooperation3'] = self.cooperation3(spikes['cooperation2'])
        spikes['cooperation4'] = self.cooperation4(spikes['cooperation3'])
        return spikes, detected

    def decode(self, spikes: dict[str, Tensor]) -> None:
        """Add the U-Net's layers to `spikes`."""
        x = left = spikes['same1'].chunk(1 + self.scale)[0]
        layers = {3: self.conv3, 4: self.conv4}
        if self.scale == 2:
            layers = {2: self.conv2, **layers}
        for number, layer in layers.items():
            x = torch.cat([x, spikes[f'cooperation{number}']], 1)
            x = spikes[f'conv{number}'] = layer(x)
        spikes['block_hidden'], x = self.block(x)
        spikes['block'] = x
        x = spikes['deconv4'] = self.deconv4(x) + spikes['conv3']
        x = spikes['deconv3'] = self.deconv3(x) + spikes.get('conv2', left)
        if self.scale == 2:
            spikes['deconv2'] = self.deconv2(x) + left


def _halving(inputs: int, out: int, size: int) -> SpikingLayer:
    """Return a spiking convolution that halves the resolution."""
    return SpikingLayer(nn.Conv2d(inputs, out, size, stride=2, padding=size // 2, bias=False))
