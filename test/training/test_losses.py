"""The loss by hand."""

import math

import torch

from spike_depth_ros.training.losses import depth_loss

EVERYWHERE = 0.3 + 0.3 + 0.3 + 1.0


def test_a_constant_offset_counts_in_full() -> None:
    depth = torch.full((2, 1, 3, 4), 2.0)
    log_depth = torch.full((4, 2, 1, 3, 4), math.log(2.0) + 0.5)
    torch.testing.assert_close(depth_loss(log_depth, depth), torch.tensor(0.5 * EVERYWHERE))


def test_gradient_by_hand() -> None:
    # Residuals 0 0.6 across: mean 0.3; one pair of neighbours across that differ by 0.6.
    log_depth = torch.tensor([0.0, 0.6]).expand(4, 1, 1, 1, 2)
    loss = depth_loss(log_depth, torch.ones(1, 1, 1, 2))
    torch.testing.assert_close(loss, torch.tensor((0.3 + 0.2 * 0.6) * EVERYWHERE))


def test_unknown_depth_counts_nowhere() -> None:
    depth = torch.tensor([[1.0, 0.0, float('nan'), float('inf')]])[None, None]
    log_depth = torch.tensor([0.1, 9.0, 9.0, 9.0]).expand(4, 1, 1, 1, 4).requires_grad_()
    loss = depth_loss(log_depth, depth)
    torch.testing.assert_close(loss, torch.tensor(0.1 * EVERYWHERE))
    (gradient,) = torch.autograd.grad(loss, log_depth)
    assert gradient[..., 0].all() and not gradient[..., 1:].any()


def test_nothing_known_gives_zero() -> None:
    assert depth_loss(torch.ones(4, 1, 1, 2, 2), torch.zeros(1, 1, 2, 2)) == 0
