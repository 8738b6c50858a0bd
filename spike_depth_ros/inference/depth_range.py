"""Judging the depths that a model can give on a rig."""

from spike_depth_ros.frames.rig import Rig
from spike_depth_ros.inference.contract import ModelContract

# Robots and cars with event cameras measure from centimetres to some hundred metres.
MAX_NEAR_M = 10.0
MIN_FAR_M = 0.3


def implausible_range(contract: ModelContract, rig: Rig) -> str:
    """Return a sentence about a rig whose depth range no robot has, '' if it is plausible."""
    scale = contract.depth_scale(rig)
    near_m, far_m = contract.depth_min_m * scale, contract.depth_max_m * scale
    if near_m <= MAX_NEAR_M and far_m >= MIN_FAR_M:
        return ''
    return (
        f'a baseline of {rig.baseline_m:g} m gives depths of {near_m:.3g} to {far_m:.3g} m: is '
        'the calibration, or the parameter baseline, in metres?'
    )
