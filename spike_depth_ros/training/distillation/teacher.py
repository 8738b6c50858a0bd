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

"""Base class of teachers: pictures to feature maps."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from spike_depth_ros.training.networks.network import padded


class Teacher(nn.Module, ABC):
    """Base class: a frozen model that maps the pictures of a window to feature maps.

    A subclass sets `pictures` and defines `features`. `model.teacher.class_path` names it; see
    docs/how-to/distil.md.

    Attributes:
        pictures: number of cameras whose pictures it reads, 1 for the left one, or 2.
    """

    pictures: int

    @abstractmethod
    def features(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Map pictures to feature maps, float [n, c, h', w'], from the first to the last layer.

        pictures: float [n, pictures, h, w], grey values from 0 to 255, the left one first; h and
        w are multiples of 16, to which zeros are added at the right and below.
        """

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Map pictures, [n, pictures or more, h, w], to feature maps; see `features`."""
        return self.features(padded(pictures[:, : self.pictures].float()))
