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

"""Loss terms of distillation: distances between the feature maps of student and teacher."""

import torch
from torch import Tensor

LEAST_VARIANCE = 1e-5  # of a channel; one that is constant becomes 0
TINY = 1e-12


def standardised(features: Tensor) -> Tensor:
    """Return feature maps [n, c, h, w] with mean 0 and variance 1 in each channel, float32."""
    features = features.float()
    variance, mean = torch.var_mean(features, (0, 2, 3), correction=0, keepdim=True)
    return (features - mean) * torch.rsqrt(variance + LEAST_VARIANCE)


def feature_difference(student: Tensor, teacher: Tensor) -> Tensor:
    """Return the mean absolute difference of standardised maps, both float [n, c, h, w].

    The paper's domain loss (Zhang et al. 2024); it does not say that maps are standardised.
    """
    return (standardised(student) - standardised(teacher)).abs().mean()


def similarity_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Return 1 less the cosine between the token similarity matrices of two maps.

    A similarity matrix, F Fᵀ with F [tokens, channels] of an image, has the product of each two
    tokens. This is our reading of the paper's perceptual, semantic loss: both models find the
    same places alike. The numbers of channels may differ.

    The matrices of n tokens need not be computed: <F Fᵀ, G Gᵀ> is the sum of squares of Fᵀ G.

    Args:
        student: float [n, c, h, w].
        teacher: float [n, c', h, w].
    """
    ours, theirs = (standardised(each).flatten(2) for each in (student, teacher))
    shared = torch.linalg.matrix_norm(ours @ theirs.mT) ** 2
    own, other = (torch.linalg.matrix_norm(each @ each.mT) for each in (ours, theirs))
    distance: Tensor = (1 - shared / (own * other).clamp(min=TINY)).mean()
    return distance
