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

"""Teacher that `spike-depth train` trained: a picture transformer."""

from pathlib import Path

from torch import Tensor

from spike_depth_ros.training.checkpoints import CheckpointError
from spike_depth_ros.training.distillation.teacher import Teacher
from spike_depth_ros.training.estimation import from_checkpoint
from spike_depth_ros.training.networks.network import Output

REMEDY = (
    'give one of a network that reads pictures; `spike-depth train --config '
    'config/training/picture_teacher_robot.yaml` trains one'
)


class PictureTeacher(Teacher):
    """Network that reads pictures, from a checkpoint of `spike-depth train`.

    Raises CheckpointError for a missing checkpoint, and for one of a network that reads events.

    Args:
        checkpoint: path of the checkpoint.
    """

    def __init__(self, checkpoint: str) -> None:
        super().__init__()
        try:
            self.network = from_checkpoint(Path(checkpoint)).network
        except CheckpointError as error:
            raise CheckpointError(error.path, error.reason, REMEDY) from error
        if not self.network.pictures:
            name = type(self.network).__name__
            raise CheckpointError(Path(checkpoint), f'is of {name}, which reads events', REMEDY)
        self.pictures = self.network.pictures

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Map pictures to feature maps; see Teacher.forward.

        The network adds zeros itself, to pictures that it has prepared, as in its training.
        """
        return self.features(pictures[:, : self.pictures].float())

    def features(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Map pictures of any size to the network's features; see Teacher.features."""
        output: Output = self.network(pictures)
        return output.features
