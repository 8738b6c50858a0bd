"""Training from the command line: `spike-depth train --config FILE`."""

from lightning.pytorch.cli import LightningCLI

from spike_depth_ros.training.data.module import SimulatedData
from spike_depth_ros.training.estimation import DepthEstimation


def main(arguments: list[str]) -> None:
    """Train as a YAML file says; options on the command line override it.

    Shows a progress bar, keeps the last checkpoint, and goes on from it when called again.
    """
    LightningCLI(
        DepthEstimation,
        SimulatedData,
        args=['fit', *arguments],
        seed_everything_default=1,
        save_config_callback=None,
    )
