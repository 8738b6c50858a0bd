"""What training minimises."""

import torch
from torch import Tensor

PARTIAL_WEIGHTS = (0.3, 0.3, 0.3, 1.0)  # of the four partial sums of the readout
GRADIENT_WEIGHT = 0.2


def depth_loss(log_depth: Tensor, depth: Tensor) -> Tensor:
    """Return the L1 error of log depth and of its gradient over the readout's partial sums.

    StereoSpike's loss (equations 2 to 4) cannot see a constant offset of depth, so metric depth
    needs an absolute term; this one is absolute throughout.

    Args:
        log_depth: float [partial sums, n, 1, h, w], natural logarithm of metres.
        depth: float [n, 1, h, w] in metres; not finite or not positive where unknown.

    Returns:
        A scalar, in units of log depth.
    """
    valid = torch.isfinite(depth) & (depth > 0)
    residual = log_depth.float() - torch.log(torch.where(valid, depth, 1.0))
    weights = torch.tensor(PARTIAL_WEIGHTS, device=depth.device)
    error = masked_l1(residual, valid) + GRADIENT_WEIGHT * gradient_l1(residual, valid)
    return (weights * error).sum()


def masked_l1(residual: Tensor, valid: Tensor) -> Tensor:
    """Return the mean absolute residual [p, n, 1, h, w] over valid pixels [n, 1, h, w], [p]."""
    return (residual.abs() * valid).sum((1, 2, 3, 4)) / valid.sum().clamp(min=1)


def gradient_l1(residual: Tensor, valid: Tensor) -> Tensor:
    """Return the mean absolute gradient of the residual where both neighbours are valid, [p]."""
    across = masked_l1(residual.diff(dim=-1), valid[..., 1:] & valid[..., :-1])
    down = masked_l1(residual.diff(dim=-2), valid[..., 1:, :] & valid[..., :-1, :])
    return across + down
