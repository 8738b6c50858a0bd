"""Training from the command line: `spike-depth train --config FILE`."""

from typing import Any

from lightning.pytorch.cli import LightningCLI

from spike_depth_ros.shared_files import shared_file
from spike_depth_ros.training.data.module import SimulatedData
from spike_depth_ros.training.estimation import DepthEstimation

COMMON = 'config/trainer.yaml'


def command(arguments: list[str] | dict[str, Any], run: bool = True) -> LightningCLI:
    """Make what a YAML file and options say, on top of what all trainings have in common.

    Shows a progress bar, keeps the last checkpoint, and goes on from it when called again.
    run: train as well; the arguments then begin with 'fit'.
    """
    common = {'default_config_files': [str(shared_file(COMMON))]}
    return LightningCLI(
        DepthEstimation,
        SimulatedData,
        args=arguments,
        run=run,
        seed_everything_default=1,
        save_config_callback=None,
        parser_kwargs={'fit': common} if run else common,
    )


def main(arguments: list[str]) -> None:
    """Train as a YAML file says; options on the command line override it.

    Shows a progress bar, keeps the last checkpoint, and goes on from it when called again.
    """
    command(['fit', '--ckpt_path=last', *arguments])
