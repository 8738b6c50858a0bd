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

"""The losses by hand."""

import dataclasses
import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from spike_depth_ros.training.losses import DepthLoss, LossWeights, spike_penalty

L1 = LossWeights(gradient=0.0, events=0.0)
EVERYWHERE = 0.3 + 0.3 + 0.3 + 1.0


def loss(
    weights: LossWeights, log_depth: Tensor, depth: Tensor, has_events: bool = False
) -> DepthLoss:
    return DepthLoss(weights, log_depth, depth, torch.full(depth.shape, has_events))


def test_a_constant_offset_counts_in_full() -> None:
    depth = torch.full((2, 1, 3, 4), 2.0)
    log_depth = torch.full((4, 2, 1, 3, 4), math.log(2.0) + 0.5)
    error = loss(LossWeights(), log_depth, depth).regression()
    torch.testing.assert_close(error, torch.tensor(0.5 * EVERYWHERE))


def test_gradient_by_hand() -> None:
    # Residuals 0 0.6 across: mean 0.3; one pair of neighbours across that differ by 0.6.
    log_depth = torch.tensor([0.0, 0.6]).expand(4, 1, 1, 1, 2)
    error = loss(LossWeights(gradient=0.2), log_depth, torch.ones(1, 1, 1, 2)).regression()
    torch.testing.assert_close(error, torch.tensor((0.3 + 0.2 * 0.6) * EVERYWHERE))


def test_scale_invariant_by_hand() -> None:
    # Residuals 1 and 4 in the last sum: 17 / 2 - (5 / 2)^2. Constant offsets have no effect.
    weights = LossWeights(l1=0, gradient=0, scale_invariant=1)
    offsets = torch.tensor([0.0, 7.0]).reshape(1, 2, 1, 1, 1)  # of two images
    log_depth = torch.tensor([1.0, 4.0]).reshape(1, 1, 1, 1, 2) + offsets
    error = loss(weights, log_depth, torch.ones(2, 1, 1, 2)).regression()
    torch.testing.assert_close(error, torch.tensor(2.25))


PAPER = LossWeights(
    l1=0, gradient=0.5, scale_invariant=1, coarse=1, events=0, unit='metres', sobel=True
)


def test_the_papers_loss_by_hand() -> None:
    # Errors of 1 m and 4 m in a row of two pixels: variance 2.25. Sobel's operator with zeros
    # around: 2 * 4 and 2 * 1 across, and down nothing, since rows above and below are alike.
    metres = torch.tensor([3.0, 6.0]).expand(2, 1, 1, 1, 2)
    depth = torch.full((1, 1, 1, 2), 2.0)
    has_events = torch.zeros(1, 1, 1, 2, dtype=torch.bool)
    error = DepthLoss(PAPER, metres.log(), depth, has_events, metres)
    torch.testing.assert_close(error.regression(), torch.tensor(2 * (2.25 + 0.5 * (8 + 2) / 2)))


def test_sobels_operator_is_the_convolution_with_its_kernels() -> None:
    metres, depth = torch.rand(1, 2, 1, 5, 7) + 1, torch.rand(2, 1, 5, 7) + 1
    across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    kernels = torch.stack([across, across.T])[:, None]
    expected = conv2d((metres - depth)[0], kernels, padding=1).abs().sum(1).mean()
    has_events = torch.zeros_like(depth, dtype=torch.bool)
    [found] = DepthLoss(PAPER, metres.log(), depth, has_events, metres).gradient()
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize('sobel', [True, False])
def test_sobel_sees_a_constant_error_at_the_edges_of_what_is_known(sobel: bool) -> None:
    weights = dataclasses.replace(PAPER, sobel=sobel)
    depth = torch.full((1, 1, 8, 8), 2.0)
    depth[..., :4] = float('nan')
    metres = torch.full((1, 1, 1, 8, 8), 2.5, requires_grad=True)
    error = DepthLoss(weights, metres.log(), depth, torch.ones(1, 1, 8, 8), metres).regression()
    (gradient,) = torch.autograd.grad(error, metres)
    assert (error > 0.1) == gradient.any() == sobel


def test_metres_below_zero_have_a_gradient() -> None:
    metres = torch.full((1, 1, 1, 1, 1), -1.0, requires_grad=True)
    weights = LossWeights(gradient=0, events=0, unit='metres')
    log_depth = metres.clamp(min=0.01).log()
    depth = torch.ones(1, 1, 1, 1)
    error = DepthLoss(weights, log_depth, depth, torch.ones_like(depth), metres).regression()
    assert error.item() == 2.0
    assert torch.autograd.grad(error, metres)[0].item() == -1.0


def test_errors_in_metres_of_a_readout_of_log_depth() -> None:
    weights = LossWeights(gradient=0, events=0, unit='metres')
    error = loss(weights, torch.full((1, 1, 1, 1, 1), 3.0).log(), torch.ones(1, 1, 1, 1))
    torch.testing.assert_close(error.regression(), torch.tensor(2.0))


def test_pixels_with_events_count_together_as_the_window_does() -> None:
    # Residuals of 1 without events and of 4 where 200 of 800 pixels have some: means 1.75 and 4.
    has_events = torch.zeros(1, 1, 20, 40, dtype=torch.bool)
    has_events[..., :10] = True
    log_depth = torch.where(has_events, 4.0, 1.0)[None]
    weights = LossWeights(gradient=0, events=2)
    error = DepthLoss(weights, log_depth, torch.ones(1, 1, 20, 40), has_events).regression()
    torch.testing.assert_close(error, torch.tensor((1.75 + 2 * 4.0) / 3))


def test_windows_of_few_and_of_many_events_count_alike() -> None:
    has_events = torch.zeros(2, 1, 20, 40, dtype=torch.bool)
    has_events[0, :, :, :5], has_events[1, :, :, :20] = True, True
    offset = torch.tensor([1.0, 2.0]).reshape(1, 2, 1, 1, 1)
    log_depth = torch.where(has_events, offset, 0.0)
    weights = LossWeights(gradient=0, events=1)
    error = DepthLoss(weights, log_depth, torch.ones(2, 1, 20, 40), has_events).regression()
    everywhere = (1 / 8 + 2 / 2) / 2
    torch.testing.assert_close(error, torch.tensor((everywhere + (1 + 2) / 2) / 2))


def test_fewer_than_a_hundred_pixels_with_events_count_less() -> None:
    has_events = torch.zeros(1, 1, 20, 40, dtype=torch.bool)
    has_events[..., 0, :25] = True
    log_depth = torch.where(has_events, 1.0, 0.0)[None]
    weights = LossWeights(gradient=0, events=1)
    error = DepthLoss(weights, log_depth, torch.ones(1, 1, 20, 40), has_events).regression()
    torch.testing.assert_close(error, torch.tensor((25 / 800 + 0.25) / 1.25))


def test_unknown_depth_has_no_weight() -> None:
    depth = torch.tensor([[1.0, 0.0, float('nan'), float('inf')]])[None, None]
    log_depth = torch.tensor([0.1, 9.0, 9.0, 9.0]).expand(4, 1, 1, 1, 4).requires_grad_()
    every = LossWeights(scale_invariant=1, events=0)
    error = loss(every, log_depth, depth).regression()
    torch.testing.assert_close(error, torch.tensor(0.1 * EVERYWHERE))
    (gradient,) = torch.autograd.grad(error, log_depth)
    assert gradient[..., 0].all() and not gradient[..., 1:].any()


def test_nothing_known_gives_zero() -> None:
    nothing = loss(LossWeights(), torch.ones(4, 1, 1, 2, 2), torch.zeros(1, 1, 2, 2))
    assert nothing.regression() == 0
    assert nothing.likelihood(torch.zeros(1, 1, 2, 2)) == 0


def test_cross_entropy_of_disparities_by_hand() -> None:
    # Disparity 1.25 pixels: three quarters of the probability belong to 1, a quarter to 2.
    depth = torch.full((1, 1, 2, 2), 4.0)
    has_events = torch.tensor([[True, False], [False, False]])[None, None]
    detectors, readout = (
        torch.tensor(p).log().reshape(3, 1, 1) for p in ([0.1, 0.7, 0.2], [0.2, 0.5, 0.3])
    )
    error = DepthLoss(LossWeights(), torch.zeros(1, 1, 1, 2, 2), depth, has_events)
    found = error.cross_entropy(torch.stack([detectors, readout])[:, None], focal_baseline=5.0)
    by_hand = [-(0.75 * math.log(p) + 0.25 * math.log(q)) for p, q in ((0.7, 0.2), (0.5, 0.3))]
    torch.testing.assert_close(found, torch.tensor(sum(by_hand)))


def test_detectors_train_at_event_pixels_only() -> None:
    # Upper half: disparity 1, with events. Lower half: 2, which is limited to 1.99, the largest,
    # without events.
    depth = torch.tensor([2.0, 1.0]).repeat_interleave(2)[:, None].expand(4, 2)[None, None]
    has_events = depth == 2
    estimate = torch.tensor([[0.2, 0.7, 0.1], [0.3, 0.3, 0.4]]).log().T.reshape(1, 3, 2, 1)
    error = DepthLoss(LossWeights(events=0), torch.zeros(1, 1, 1, 4, 2), depth, has_events)
    found = error.cross_entropy(torch.stack([estimate, estimate]), focal_baseline=2.0)
    lower = 0.01 * math.log(0.3) + 0.99 * math.log(0.4)
    by_hand = -math.log(0.7) - (math.log(0.7) + lower) / 2
    torch.testing.assert_close(found, torch.tensor(by_hand))


def test_cross_entropy_reads_the_pixels_of_each_place_and_none_beyond_the_frame() -> None:
    # Six columns of 2 m under places of four pixels: the second place has two columns.
    depth = torch.full((1, 1, 4, 6), 2.0)
    estimate = torch.tensor([[0.2, 0.7, 0.1], [0.1, 0.5, 0.4]]).log().T.reshape(1, 3, 1, 2)
    error = DepthLoss(LossWeights(events=0), torch.zeros(1, 1, 1, 4, 6), depth, depth < 0)
    found = error.cross_entropy(torch.stack([estimate, estimate]), 2.0, scale=4)
    by_hand = -(16 * math.log(0.7) + 8 * math.log(0.5)) / 24
    torch.testing.assert_close(found, torch.tensor(by_hand))


@pytest.mark.parametrize('error', [0.05, 0.5])
def test_the_likeliest_spread_is_the_mean_absolute_error(error: float) -> None:
    measured = loss(L1, torch.full((1, 1, 1, 4, 4), error), torch.ones(1, 1, 4, 4))
    log_spread = torch.full((1, 1, 4, 4), math.log(error), requires_grad=True)
    (gradient,) = torch.autograd.grad(measured.likelihood(log_spread), log_spread)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-6, rtol=0)


def test_likelihood_does_not_excuse_errors() -> None:
    log_depth = torch.ones(1, 1, 1, 2, 2, requires_grad=True)
    spread = torch.zeros(1, 1, 2, 2, requires_grad=True)
    loss(L1, log_depth, torch.ones(1, 1, 2, 2)).likelihood(spread).backward()
    assert spread.grad is not None and log_depth.grad is None


def test_spike_penalty_by_hand() -> None:
    # Half of (0 + 1 + 4 + 9) / 4 and of 1: the mean of both.
    layers = [torch.tensor([0.0, 1.0, 2.0, 3.0]), torch.ones(2, 5)]
    torch.testing.assert_close(spike_penalty(layers), torch.tensor((1.75 + 0.5) / 2))
