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

"""Distillation of a student network from the features of a frozen teacher."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.distillation.losses import feature_difference, similarity_distance
from spike_depth_ros.training.distillation.teacher import Teacher
from spike_depth_ros.training.losses import LossWeights
from spike_depth_ros.training.networks.network import DepthNetwork, evaluating
from spike_depth_ros.training.settings import SettingsError

INNER = 0.5  # weight of the mean over the inner maps, relative to the last one
SIDE = 64  # of the image with which the sizes of the maps are found, pixels


class Distillation(nn.Module):
    """Losses between the features of a student and of a frozen teacher.

    Each map of the student is compared with that of the teacher at the same share of its depth.
    The finer one is averaged to the grid of the coarser one; where channels differ, a 1x1
    convolution, which is trained, maps the student's to the teacher's. The checkpoint holds these
    convolutions and not the teacher.

    Raises SettingsError for a student without features, for features of either that are no tuple
    of maps, and for maps whose grids do not fit.

    Args:
        network: student.
        teacher: teacher; it stays as it is, in evaluation mode.
        compiled: compile the teacher with torch.compile.
    """

    def __init__(self, network: DepthNetwork, teacher: Teacher, compiled: bool = False) -> None:
        super().__init__()
        teacher.eval().requires_grad_(False)
        # In a tuple: no part of the state, of the parameters, and of `train`.
        self._teacher = (teacher,)
        self._teach = torch.compile(teacher.forward) if compiled else teacher.forward
        ours, theirs = _maps(network, teacher)
        self.layers = [len(theirs) * (n + 1) // len(ours) - 1 for n in range(len(ours))]
        self.layers = [max(0, layer) for layer in self.layers]
        pairs = [(one, theirs[layer]) for one, layer in zip(ours, self.layers, strict=True)]
        self.projections = nn.ModuleList(_projection(*pair) for pair in pairs)

    @property
    def pictures(self) -> int:
        """Return the number of cameras whose pictures the teacher reads."""
        return self._teacher[0].pictures

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        """Move the teacher too, to another device or precision."""
        self._teacher[0]._apply(fn)  # type: ignore[no-untyped-call]  # torch's
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def targets(self, pictures: Tensor) -> list[Tensor]:
        """Return the teacher's map for each map of the student.

        pictures: uint8 [n, cameras, h, w].
        """
        found = self._teach(pictures)
        return [found[layer] for layer in self.layers]

    def forward(
        self, features: Sequence[Tensor], targets: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Return the difference of the features, and the distance of the similarities.

        Args:
            features: maps of the student, float [n, c, h', w'].
            targets: maps of the teacher for each, see `targets`.
        """
        with torch.autocast(features[0].device.type, enabled=False):
            pairs = [
                same_grid(one.float(), other.float())
                for one, other in zip(features, targets, strict=True)
            ]
            *inner, last = (
                feature_difference(project(one), other)
                for project, (one, other) in zip(self.projections, pairs, strict=True)
            )
            difference = last + INNER * torch.stack(inner).mean() if inner else last
            return difference, similarity_distance(*pairs[-1])


def same_grid(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Return two maps [n, c, h, w], the finer one averaged to the grid of the coarser one."""
    size = min(one.shape[2], other.shape[2]), min(one.shape[3], other.shape[3])
    first, second = (
        each if each.shape[2:] == size else functional.adaptive_avg_pool2d(each, size)
        for each in (one, other)
    )
    return first, second


def _maps(network: DepthNetwork, teacher: Teacher) -> tuple[list[Tensor], list[Tensor]]:
    """Return the maps of both for an empty image. Raises SettingsError."""
    student, name = type(network).__name__, type(teacher).__name__
    cameras = getattr(teacher, 'pictures', None)
    if cameras not in (1, 2):
        raise SettingsError(f'{name}.pictures is {cameras}: use 1 for the left camera, or 2.')
    device = next(network.parameters()).device
    counts = torch.zeros(1, network.channels, SIDE, SIDE, device=device)
    pictures = torch.zeros(1, cameras, SIDE, SIDE)
    with torch.no_grad(), evaluating(network):
        found, theirs = network(counts).features, _checked(teacher(pictures), f'{name}.features')
    if isinstance(found, tuple) and not found:
        raise SettingsError(
            f'{student} has no features for model.teacher: give some in '
            'Output.features, or leave model.teacher out.'
        )
    ours = _checked(found, f'Output.features of {student}')
    sides = {side for each in (*ours, *theirs) for side in each.shape[2:]}
    if any(max(sides) % side for side in sides):
        raise SettingsError(
            f'The maps of {student} and {name} have sides of '
            f'{sorted(sides)} for {SIDE} pixels: use ones that divide the largest.'
        )
    return ours, theirs


def _checked(features: Any, owner: str) -> list[Tensor]:
    """Return the feature maps of one image. Raises SettingsError for anything else.

    owner: name for the sentence, such as 'MyTeacher.features'.
    """
    mistake = _mistake(features)
    if mistake:
        raise SettingsError(
            f'{owner} is {mistake} for one image: use a tuple of at least one feature map, float '
            '[images, channels, height, width].'
        )
    return list(features)


def _mistake(features: object) -> str:
    """Return a description of features of one image that are no tuple of maps, or ''."""
    kind = type(features).__name__
    if not isinstance(features, tuple | list):
        return f'a {kind}'
    if not features:
        return f'an empty {kind}'
    for each in features:
        if not isinstance(each, Tensor):
            return f'a {kind} with a {type(each).__name__}'
        if each.ndim != 4 or len(each) != 1 or not each.numel():
            return f'a {kind} with a map of {list(each.shape)}'
    return ''


def _projection(ours: Tensor, theirs: Tensor) -> nn.Module:
    channels, wanted = ours.shape[1], theirs.shape[1]
    return nn.Identity() if channels == wanted else nn.Conv2d(channels, wanted, 1, bias=False)


def check_distillation(loss: LossWeights, has_teacher: bool) -> None:
    """Check that weights of distillation and a teacher go together. Raises SettingsError.

    Not in a constructor: a distilled network is loaded without its teacher.
    """
    if not 0 <= loss.warm_up < 1:
        raise SettingsError(
            f'model.loss.warm_up is {loss.warm_up:g}: use a share of the steps from 0 to below 1.'
        )
    weights = {name: getattr(loss, name) for name in ('features', 'semantic', 'warm_up')}
    if not has_teacher:
        for name, weight in weights.items():
            if weight:
                raise SettingsError(
                    f'model.loss.{name} is {weight:g}, but there is no model.teacher: give one, '
                    f'or leave {name} out.'
                )
    elif not loss.features and not loss.semantic:
        raise SettingsError(
            'model.loss.features and model.loss.semantic are 0, and model.teacher teaches '
            'nothing: give one of them, such as features 0.5, or leave the teacher out.'
        )


def without_distillation(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a model's weights without those that training with a teacher adds."""
    return {name: each for name, each in state.items() if not name.startswith('distillation.')}
