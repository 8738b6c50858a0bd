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

"""Training of a depth network by Lightning."""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from spike_depth_ros import metrics
from spike_depth_ros.frames.spike_frame import LEFT
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.checkpoints import (
    ROUNDED,
    Checkpoint,
    CheckpointError,
    check_fit,
    current_names,
    naming_another,
    read_checkpoint,
)
from spike_depth_ros.training.data.module import DepthData
from spike_depth_ros.training.data.training_sequences import Batch, windows_of
from spike_depth_ros.training.distillation.distillation import (
    Distillation,
    without_distillation,
)
from spike_depth_ros.training.distillation.teacher import Teacher
from spike_depth_ros.training.losses import DepthLoss, LossWeights, spike_penalty
from spike_depth_ros.training.networks.membrane import membrane_weights
from spike_depth_ros.training.networks.network import DepthNetwork, Output, disparity_scale
from spike_depth_ros.training.quantisation import quantise
from spike_depth_ros.training.schedule import Schedule, share_of_run
from spike_depth_ros.training.settings import SettingsError, check_least


class DepthEstimation(LightningModule):
    """A network, its loss and its optimiser.

    Args:
        network: network of training/networks, or another DepthNetwork. Sequences of windows are
            backpropagated through its membranes.
        learning_rate: peak learning rate of Adam.
        loss: weights of the loss's terms.
        initial: checkpoint with the initial weights; omitted: random weights. A network for
            one camera takes the left camera's weights from a checkpoint for two cameras.
        quantised: round the weights of the spiking layers to eight bits; needs float32, because
            bfloat16 rounds potentials at the threshold, and `initial` for a network with batch
            normalisation, whose statistics are folded.
        compiled: compile the training step with torch.compile. The first step takes a minute or
            more; the others are faster, because elementwise operations are fused. Needs a C++
            compiler, and triton on a GPU.
        unscored: number of windows at the beginning of each sequence that fill the memory only,
            without loss and without backpropagation.
        frozen: layers and weights that stay as they are, by the beginnings of their names.
        schedule: learning rate over the run.
        teacher: frozen model that sees the cameras' pictures, whose features the network learns
            beside depth, with the weights loss.features and loss.semantic.
    """

    def __init__(
        self,
        network: DepthNetwork,
        learning_rate: float = 5e-4,
        loss: LossWeights = LossWeights(),  # noqa: B008 (frozen)
        initial: str | None = None,
        quantised: bool = False,
        compiled: bool = False,
        unscored: int = 0,
        frozen: tuple[str, ...] = (),
        schedule: Schedule = Schedule(),  # noqa: B008 (frozen)
        teacher: Teacher | None = None,
    ) -> None:
        super().__init__()
        check_least(0, unscored=unscored)
        self.save_hyperparameters()
        self.network, self.learning_rate, self.loss = network, learning_rate, loss
        self.unscored, self.schedule = unscored, schedule
        self.step = torch.compile(self.objective) if compiled else self.objective
        if initial is not None:
            start(self.network, Path(initial))
        if quantised:
            quantise(self.network)
        freeze(self.network, frozen)
        self.distillation = Distillation(network, teacher, compiled) if teacher else None

    @property
    def pictures(self) -> int:
        """Return the number of cameras whose pictures the network or its teacher reads."""
        taught = self.distillation.pictures if self.distillation else 0
        return max(self.network.pictures, taught)

    def on_load_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Rename weights of older checkpoints; leave out a teacher's where there is none."""
        state = current_names(checkpoint['state_dict'], self.state_dict())
        checkpoint['state_dict'] = state if self.distillation else without_distillation(state)

    def forward(
        self,
        spikes: Tensor,
        elapsed_ms: float | Tensor = math.inf,
        pictures: Tensor | None = None,
    ) -> Tensor:
        """Map spikes, uint8 [n, 4 or channels, h, w], to depth [n, 1, h, w] in metres.

        Args:
            spikes: uint8 [n, 4 or channels, h, w].
            elapsed_ms: see DepthNetwork.forward.
            pictures: uint8 [n, cameras, h, w], for a network that reads them.
        """
        output = self.network(self.inputs(spikes, pictures), elapsed_ms)
        return torch.exp(output.log_depth[-1])

    def inputs(self, spikes: Tensor, pictures: Tensor | None) -> Tensor:
        """Return the channels, or the pictures, that the network takes, as float."""
        if self.network.pictures:
            assert pictures is not None  # DepthData.use_pictures
            return pictures[:, : self.network.pictures].float()
        return spikes[:, : self.network.channels].float()

    def training_step(self, batch: Batch) -> Tensor:
        """Return the loss of a batch; log it, its terms by name and the mean firing rate."""
        windows = list(windows_of(batch))
        with torch.no_grad():
            for window in windows[: self.unscored]:
                self.network(self.inputs(window.spikes, window.pictures), window.elapsed_ms)
        values = [
            self.step(
                window.spikes,
                window.event_depth,
                window.elapsed_ms,
                window.pictures,
                self.targets(window.pictures),
                self.is_warming_up(),
            )
            for window in windows[self.unscored :]
        ]
        means = {name: torch.stack([each[name] for each in values]).mean() for name in values[0]}
        for name, value in means.items():
            self.log(name, value, prog_bar=name in ('loss', 'firing'))
        return means['loss']

    def targets(self, pictures: Tensor | None) -> list[Tensor]:
        """Return the teacher's features of pictures, uint8 [n, cameras, h, w]; [] without one."""
        if self.distillation is None:
            return []
        assert pictures is not None  # DepthData.use_pictures
        return self.distillation.targets(pictures)

    def is_warming_up(self) -> bool:
        """Return whether features alone train in this step; see LossWeights.warm_up."""
        if not self.loss.warm_up:
            return False
        return share_of_run(self.trainer, self.global_step) < self.loss.warm_up

    def objective(
        self,
        spikes: Tensor,
        event_depth: Tensor,
        elapsed_ms: float | Tensor = math.inf,
        pictures: Tensor | None = None,
        targets: Sequence[Tensor] = (),
        is_warming_up: bool = False,
    ) -> dict[str, Tensor]:
        """Return the loss of a window, its optional terms by name, and the mean firing rate.

        Args:
            spikes: uint8 [n, 4 or channels, h, w].
            event_depth: float [n, 1, h, w], see DepthWindow.
            elapsed_ms: see DepthNetwork.forward.
            pictures: uint8 [n, cameras, h, w], for a network that reads them.
            targets: features of the teacher.
            is_warming_up: train features alone.
        """
        output = self.network(self.inputs(spikes, pictures), elapsed_ms)
        terms = self.depth_terms(output, spikes, event_depth)
        loss = terms['loss']
        if self.distillation is not None:
            found = self.distillation(output.features, targets)
            terms['features'], terms['semantic'] = found
            distance = self.loss.features * found[0] + self.loss.semantic * found[1]
            terms['loss'] = distance if is_warming_up else loss + distance
        return terms

    def depth_terms(
        self, output: Output, spikes: Tensor, event_depth: Tensor
    ) -> dict[str, Tensor]:
        """Return the loss of depth, its optional terms by name, and the mean firing rate.

        Args:
            output: outputs of the network.
            spikes, event_depth: see `objective`.
        """
        error = DepthLoss(
            self.loss, output.log_depth, event_depth, left_events(spikes), output.metres
        )
        terms, loss = {}, error.regression()
        if output.spikes:
            layers = [output.spikes[name] for name in self.network.penalised or output.spikes]
            loss = loss + self.loss.spikes * spike_penalty(layers)
            rates = [(layer.detach() != 0).float().mean() for layer in output.spikes.values()]
            terms['firing'] = torch.stack(rates).mean()
        if output.log_spread is not None:
            terms['likelihood'] = error.likelihood(output.log_spread)
            loss = loss + self.loss.likelihood * terms['likelihood']
        if output.log_disparity is not None:
            terms['shifts'] = error.cross_entropy(
                output.log_disparity, MVSEC_RIG.focal_baseline, disparity_scale(output)
            )
            loss = loss + self.loss.shifts * terms['shifts']
        return {'loss': loss, **terms}

    def validation_step(self, batch: Batch, number: int, dataloader_idx: int = 0) -> None:
        """Log the mean depth error over all pixels, and the share of event pixels within 1 px.

        The network computes in float32. Errors are in metres of the network; event pixels are
        compared with `event_depth`, as by `spike-depth evaluate`.
        """
        with torch.autocast(batch.spikes.device.type, enabled=False):
            found = [
                self(window.spikes, window.elapsed_ms, window.pictures)
                for window in windows_of(batch)
            ]
        depth = torch.cat(found[self.unscored :]).cpu().numpy()
        spikes, truth, event_depth = (
            torch.cat(each.unbind(1)[self.unscored :]) for each in batch[:3]
        )
        known, at_events, has_events = (
            part.cpu().numpy() for part in (truth, event_depth, left_events(spikes))
        )
        values = {
            'error': metrics.mean_depth_error(depth, known),
            '1pa': metrics.pixel_accuracy(
                depth, at_events, MVSEC_RIG.focal_baseline, 1.0, has_events
            ),
        }
        data: DepthData = self.trainer.datamodule  # type: ignore[attr-defined]  # set by fit()
        dataset = data.datasets[dataloader_idx].description.name
        for name, value in values.items():
            is_known = not math.isnan(value)  # all processes log the same names, NaN as 0
            self.log(
                f'{dataset}_{name}',
                value if is_known else 0.0,
                prog_bar=True,
                batch_size=len(spikes) if is_known else 0,
                sync_dist=True,
                add_dataloader_idx=False,
            )

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return Adam under the schedule over the whole run."""
        optimizer = torch.optim.Adam(
            (weight for weight in self.parameters() if weight.requires_grad), lr=self.learning_rate
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda n: self.schedule.rate(share_of_run(self.trainer, n))
        )
        return {
            'optimizer': optimizer,
            'lr_scheduler': {'scheduler': schedule, 'interval': 'step'},
        }


def from_checkpoint(path: Path) -> DepthEstimation:
    """Return the model of a checkpoint of `spike-depth train`, on the CPU.

    Raises CheckpointError for a checkpoint of another version of the package.
    """
    with warnings.catch_warnings():  # the network is made from its class path
        warnings.filterwarnings('ignore', "Attribute 'network' is an instance of `nn.Module`")
        read_checkpoint(path)  # raises for a file that is no checkpoint
        try:
            model = DepthEstimation.load_from_checkpoint(
                path, map_location='cpu', initial=None, teacher=None
            )
            return model.eval()
        except (ImportError, AttributeError, LookupError, RuntimeError, TypeError) as error:
            reason = ' '.join(str(error).split()).rstrip('.')
            raise CheckpointError(
                path, f'is of another version of the package ({reason[:200]})'
            ) from error


def start(network: DepthNetwork, path: Path) -> None:
    """Load a checkpoint's weights into a network, which may have fewer input channels.

    Raises CheckpointError for a file that is no checkpoint, or one of another network; the error
    names the newest checkpoint in the same folder that fits.
    """

    def load(file: Path) -> dict[str, Tensor]:
        weights = weights_for(network, read_checkpoint(file, ('state_dict',))['state_dict'])
        check_fit(file, weights, network.state_dict())
        return weights

    with naming_another(load):
        network.load_state_dict(load(path))


def freeze(network: DepthNetwork, names: Sequence[str]) -> None:
    """Leave weights out of the training.

    Raises SettingsError for a name that fits none, and if no weight would be trained.

    Args:
        network: network that holds the weights.
        names: beginnings of their names.
    """
    weights = dict(network.named_parameters())
    for name in names:
        if not any(each.startswith(name) for each in weights):
            layers = ', '.join(dict.fromkeys(each.partition('.')[0] for each in weights))
            raise SettingsError(
                f"model.frozen has '{name}', with which no weight begins: use {layers}, or the "
                'whole name of a weight.'
            )
    for each, weight in weights.items():
        weight.requires_grad_(not each.startswith(tuple(names)))
    if not any(weight.requires_grad for weight in weights.values()):
        raise SettingsError('model.frozen holds all weights: leave some to be trained.')


def left_events(spikes: Tensor) -> Tensor:
    """Return the mask of the left camera's event pixels, [n, 1, h, w], of spikes [n, 4, h, w]."""
    return (spikes[:, LEFT] > 0).any(1, keepdim=True)


def weights_for(network: DepthNetwork, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return a checkpoint's weights for a network.

    The network may have fewer input channels, and leaky membranes that the checkpoint lacks: these
    start with their own time constants.
    """
    weights = {
        name.removeprefix('network.').replace(ROUNDED, 'weight'): weight
        for name, weight in without_distillation(state).items()
    }
    own = network.state_dict()
    for name in weights.keys() - own.keys():
        if name.startswith(network.between_cameras):
            del weights[name]
    for name in {*network.left_first} & weights.keys() & own.keys():
        weights[name] = weights[name][:, : own[name].shape[1]]
    return membrane_weights(network) | current_names(weights, own)
