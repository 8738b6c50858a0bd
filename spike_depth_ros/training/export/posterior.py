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

"""Posterior of disparity in an ONNX graph: depth at its median, and confidence.

Products of matrices sum over the disparities, which stay in place; onnxruntime's Softmax and
CumSum would move them. Places are one axis: OpenVINO then keeps them together in memory, as the
state of the membrane is, and converts the evidence once.
"""

from typing import NamedTuple

import numpy as np
import torch
from onnx import TensorProto

from spike_depth_ros.training.export.graph import Graph
from spike_depth_ros.training.networks.posterior import (
    CONFIDENT,
    LARGEST_POTENTIAL,
    LEAST_DISPARITY,
    LOG_SPREAD_BOUNDS,
    Calibration,
)


class Posterior(NamedTuple):
    """Names of a posterior in a graph; see networks/posterior.py.

    Args:
        weights: exponentials of the potentials, [1, disparities, places].
        from_here: sum of the weights of each disparity and larger ones, less half of all weights.
        median: median disparity, pixels, [1, 1, places].
        disparities: number of disparities.
    """

    weights: str
    from_here: str
    median: str
    disparities: int


def posterior(graph: Graph, potentials: str, disparities: int) -> Posterior:
    """Return the posterior of potentials, [1, disparities, places]."""
    bounds = (graph.constant(np.float32(sign * LARGEST_POTENTIAL)) for sign in (-1, 1))
    weights = graph.node('Exp', graph.node('Clip', potentials, *bounds))
    sums = torch.ones(disparities, disparities).triu() - 0.5
    from_here = graph.node('MatMul', graph.constant(sums.numpy()), weights)
    zero, one = (graph.constant(np.float32(n)) for n in (0, 1))
    below = graph.node('Clip', graph.node('Div', from_here, weights), zero, one)
    ones = graph.constant(np.ones((1, disparities), np.float32))
    half = graph.constant(np.float32(0.5))
    median = graph.node('Sub', graph.node('MatMul', ones, below), half)
    median = graph.node('Max', median, graph.constant(np.float32(LEAST_DISPARITY)))
    return Posterior(weights, from_here, median, disparities)


def confidence(
    graph: Graph, posterior: Posterior, log_spread: str, calibration: Calibration
) -> str:
    """Return the confidence in the median, [1, 1, places].

    Args:
        graph: graph to extend.
        posterior: posterior of disparity.
        log_spread: logarithm of the expected error of log depth, [1, 1, places].
        calibration: weights of the confidence.
    """
    share = _share_near_median(graph, posterior, calibration.share)
    return confidence_of_spread(graph, log_spread, calibration, share)


def confidence_of_spread(
    graph: Graph, log_spread: str, calibration: Calibration, share: str = ''
) -> str:
    """Return the confidence that follows from the expected error, of the same shape.

    Args:
        graph: graph to extend.
        log_spread: logarithm of the expected error of log depth.
        calibration: weights of the confidence.
        share: weighted share of the posterior; '' from networks without one.
    """
    lowest, highest = (graph.constant(np.float32(end)) for end in LOG_SPREAD_BOUNDS)
    spread = graph.node('Clip', log_spread, lowest, highest)
    spread = graph.node('Mul', spread, graph.constant(np.float32(calibration.spread)))
    if share:
        spread = graph.node('Add', share, spread)
    bias = graph.constant(np.float32(calibration.bias))
    return graph.node('Sigmoid', graph.node('Add', spread, bias))


def _share_near_median(graph: Graph, posterior: Posterior, weight: float) -> str:
    """Return the share of the posterior within 10 % of its median, times a weight.

    It is gathered from the sums that the median needs: a mask over all disparities would take as
    long as the median.
    """
    edges = graph.constant(np.array([[[1 / CONFIDENT], [CONFIDENT]]], np.float32))
    half = graph.constant(np.float32(0.5))
    place = graph.node('Add', graph.node('Mul', posterior.median, edges), half)
    ends = (graph.constant(np.float32(posterior.disparities - less)) for less in (0, 1))
    place = graph.node('Min', place, next(ends))
    index = graph.node('Min', graph.node('Floor', place), next(ends))
    part = graph.node('Sub', place, index)
    index = graph.node('Cast', index, to=TensorProto.INT32)
    whole, first = (
        graph.node('GatherElements', each, index, axis=1)
        for each in (posterior.from_here, posterior.weights)
    )
    above = graph.node('Sub', whole, graph.node('Mul', part, first))
    difference = graph.constant(np.array([[weight, -weight]], np.float32))
    near = graph.node('MatMul', difference, above)
    half_of_all = graph.part(posterior.from_here, 1, 0, 1)
    total = graph.node('Add', half_of_all, half_of_all)
    return graph.node('Div', near, total)
