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

"""Training from the command line: `spike-depth train --config FILE`."""

import sys
import warnings
from typing import Any

import torch
from jsonargparse import Namespace
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Trainer
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI

from spike_depth_ros.outputs import OutputError, check_output_folder
from spike_depth_ros.shared_files import shared_file
from spike_depth_ros.training.command_line import HelpFormatter, at_home, checked_files, parsing
from spike_depth_ros.training.data.module import DepthData
from spike_depth_ros.training.devices import check_processes, there
from spike_depth_ros.training.distillation.distillation import check_distillation
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.export.description import spikes_of
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.networks.analog import is_analog
from spike_depth_ros.training.networks.membrane import set_window
from spike_depth_ros.training.networks.network import GRID, DepthNetwork
from spike_depth_ros.training.networks.normalised import has_normalised
from spike_depth_ros.training.resuming import checked, output_folder
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.units import MS_NS

COMMON = 'config/trainer.yaml'
IN_BFLOAT16 = ('amx_bf16', 'avx512_bf16', 'bf16')  # torch's names of CPU capabilities


class TrainingCommand(LightningCLI):
    """Lightning's command line; it checks settings before minutes of simulation."""

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Parse the arguments. Raises SettingsError."""
        with warnings.catch_warnings(), parsing('train'):
            warnings.filterwarnings('ignore', "LightningCLI's args parameter is intended")
            super().parse_arguments(parser, args)

    def _parse_ckpt_path(self) -> None:
        """Ignore the settings in the checkpoint, which Lightning would use."""

    def before_instantiate_classes(self) -> None:
        """Replace `~` in paths."""
        for name, value in self.config.items():
            self.config[name] = at_home(value)

    def instantiate_classes(self) -> None:
        """Make trainer, model and data. Raises SettingsError, also for the model's teacher."""
        try:
            super().instantiate_classes()
        except SettingsError:
            raise
        except ValueError as error:  # jsonargparse's, around that of a class that may be null
            if isinstance(error.__cause__, SettingsError):
                raise error.__cause__ from None
            raise

    def instantiate_trainer(self, **settings: Any) -> Trainer:
        """Return the trainer. Raises SettingsError for accelerators that are missing."""
        try:
            trainer = super().instantiate_trainer(**settings)
        except (MisconfigurationException, ImportError, TypeError, ValueError) as error:
            reason = ' '.join(str(error).split()).rstrip('.')
            raise SettingsError(
                f'The trainer cannot be set up ({reason}): change trainer.accelerator, devices or '
                f'precision; {there()}.'
            ) from error
        if trainer.accelerator.name() == 'cpu':
            check_processes('trainer.devices', trainer.num_devices)
        return trainer

    def before_fit(self) -> None:
        """Check data, network, the folder of the run, and the checkpoint to continue from.

        A network that cannot be exported is refused before it trains for hours.
        """
        self.datamodule.check_batches(self.trainer.world_size)
        self.datamodule.check_channels(self.model.network.channels)
        self.datamodule.use_pictures(self.model.pictures)
        check_distillation(self.model.loss, self.model.distillation is not None)
        self.datamodule.check_scored(self.model.unscored)
        set_window(self.model.network, self.datamodule.summary.window_ns / MS_NS)
        check_export(self.model.network)
        check_output_folder(output_folder(self.trainer))
        settings: Namespace = self.config_init['fit']
        settings['ckpt_path'] = checked(settings['ckpt_path'], self.trainer, self.model)
        if settings['ckpt_path'] is None:
            check_folded(self.model)


def command(arguments: list[str] | dict[str, Any], run: bool = True) -> LightningCLI:
    """Make trainer, model and data from config/trainer.yaml, a YAML file and options.

    Args:
        arguments: command line, or settings as a mapping.
        run: train too; the arguments then begin with 'fit'.
    """
    common = {
        'default_config_files': [str(shared_file(COMMON))],
        'exit_on_error': False,
        'usage': 'spike-depth train --config FILE [settings]',
    }
    subcommands = {'exit_on_error': False, 'formatter_class': HelpFormatter}
    return TrainingCommand(
        DepthEstimation,
        DepthData,
        args=arguments,
        run=run,
        seed_everything_default=1,
        save_config_callback=None,
        trainer_defaults={'precision': precision()},
        parser_kwargs={'fit': common} | subcommands if run else common,
    )


def check_export(network: DepthNetwork) -> None:
    """Check that a network can be exported, unless it states that it cannot. Raises SettingsError.

    In int8, the default of `spike-depth export`, except analog networks, whose files are float32.
    It computes once in PyTorch before, which gives its own errors their traceback.
    """
    spikes_of(network, torch.zeros(1, network.channels, GRID, GRID))
    if not network.no_file:
        depth_model(network, 'float32' if is_analog(network) else 'int8', GRID, GRID)


def check_folded(model: DepthEstimation) -> None:
    """Check that the normalisation which model.quantised folds was trained. Raises SettingsError.

    Untrained statistics would fold into thresholds that most neurons never reach.
    """
    network, settings = model.network, model.hparams
    if settings['quantised'] and settings['initial'] is None and has_normalised(network):
        raise SettingsError(
            'model.quantised is true without model.initial, but the batch normalisation of '
            f'{type(network).__name__} is to be trained before it is folded: train without '
            'model.quantised first, and give its checkpoint as model.initial.'
        )


def precision() -> str:
    """Return Lightning's name of bfloat16 if the GPU (or the CPU without one) computes in it.

    Returns the name of float32 where bfloat16 would be emulated. A GPU counts even with
    `--trainer.accelerator cpu`: set `--trainer.precision` in that case.
    """
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        native = any(capabilities.get(name, False) for name in IN_BFLOAT16)
    return 'bf16-mixed' if native else '32-true'


def train(arguments: list[str]) -> LightningCLI:
    """Train with the settings of a command line, from the last checkpoint if there is one.

    Shows a progress bar and writes checkpoints. Raises SettingsError, OutputError.
    """
    try:
        return command(['fit', '--ckpt_path=last', *arguments])
    except OutputError:
        print(file=sys.stderr)  # ends the line of the progress bar
        raise
    except SystemExit as end:
        # After an interrupt Lightning ends in order, but with the exit code of a failure.
        if isinstance(end.__context__, KeyboardInterrupt):
            raise end.__context__ from None
        raise


def main(arguments: list[str]) -> None:
    """Train with the settings of a YAML file; options on the command line override them.

    A second call continues from the last checkpoint.
    """
    train(checked_files(arguments))
