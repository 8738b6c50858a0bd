"""Training of a depth network, as Lightning runs it."""

import math

import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from spike_depth_ros.training.losses import depth_loss
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.quantisation import quantise

Batch = tuple[Tensor, Tensor]
WARM_UP = 0.1
FIRST_LAYER = 'bottom.synapses.weight'
ROUNDED = 'parametrizations.weight.original'


class DepthEstimation(LightningModule):
    """A StereoSpike network, its loss and its optimiser.

    Args:
        channels: 4 for two cameras, 2 for the left one alone.
        width: channels of the first layer.
        learning_rate: peak of a one-cycle schedule of Adam.
        initial: checkpoint of a network of the same width to start from, else random weights. A
            network for one camera takes over what a network for two does with the left one.
        quantised: train with the spiking layers' weights rounded to eight bits.
    """

    def __init__(
        self,
        channels: int = 4,
        width: int = 16,
        learning_rate: float = 1e-3,
        initial: str | None = None,
        quantised: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.network = StereoSpike(channels, width)
        self.learning_rate = learning_rate
        if initial is not None:
            checkpoint = torch.load(initial, map_location='cpu', weights_only=False)
            self.network.load_state_dict(left_camera(checkpoint['state_dict'], channels))
        if quantised:
            quantise(self.network)

    def forward(self, spikes: Tensor) -> Tensor:
        """Map spikes, uint8 [n, 4 or channels, h, w], to depth [n, 1, h, w] in metres."""
        return torch.exp(self.network(self.counts(spikes)).log_depth[-1])

    def counts(self, spikes: Tensor) -> Tensor:
        """Return the channels that the network takes, as float."""
        return spikes[:, : self.network.channels].float()

    def training_step(self, batch: Batch) -> Tensor:
        """Return the loss of a batch; log it and the mean firing rate."""
        spikes, depth = batch
        output = self.network(self.counts(spikes))
        loss = depth_loss(output.log_depth, depth)
        rates = [
            layer.detach().count_nonzero() / layer.numel() for layer in output.spikes.values()
        ]
        self.log('loss', loss, prog_bar=True)
        self.log('firing', torch.stack(rates).mean(), prog_bar=True)
        return loss

    def validation_step(self, batch: Batch) -> None:
        """Log the mean absolute error of depth and of log depth over all pixels."""
        spikes, depth = batch
        predicted = self(spikes)
        error, log_error = (predicted - depth).abs(), (predicted.log() - depth.log()).abs()
        self.log('val_depth', error.mean(), prog_bar=True, batch_size=len(spikes))
        self.log('val_log', log_error.mean(), prog_bar=True, batch_size=len(spikes))

    def configure_optimizers(self) -> dict:
        """Return Adam under a one-cycle schedule over the whole run."""
        optimizer = torch.optim.Adam(self.parameters(), lr=self.learning_rate)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: one_cycle(n / steps))
        return {
            'optimizer': optimizer,
            'lr_scheduler': {'scheduler': schedule, 'interval': 'step'},
        }


def one_cycle(share: float) -> float:
    """Return the learning rate after a share of the run, relative to its peak.

    Up for a tenth of the run, so that the readout settles before the spikes change, then down.
    """
    if share < WARM_UP:
        return max(share / WARM_UP, 0.01)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (share - WARM_UP) / (1 - WARM_UP))))


def left_camera(state: dict[str, Tensor], channels: int) -> dict[str, Tensor]:
    """Return a checkpoint's network, its first layer cut down to the first `channels` inputs."""
    weights = {
        name.removeprefix('network.').replace(ROUNDED, ''): weight
        for name, weight in state.items()
    }
    weights[FIRST_LAYER] = weights[FIRST_LAYER][:, :channels]
    return weights
