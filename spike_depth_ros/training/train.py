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
from spike_depth_ros.training.command_line import at_home, checked_files, parsing
from spike_depth_ros.training.data.module import DepthData
from spike_depth_ros.training.devices import check_processes, there
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.resuming import checked, output_folder
from spike_depth_ros.training.settings import SettingsError

COMMON = 'config/trainer.yaml'
IN_BFLOAT16 = ('amx_bf16', 'avx512_bf16', 'bf16')  # of what torch names a CPU capable of


class TrainingCommand(LightningCLI):
    """Lightning's command line, which checks what it can before minutes of simulation."""

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Parse arguments; raise SettingsError for those that cannot be."""
        with warnings.catch_warnings(), parsing('train'):
            warnings.filterwarnings('ignore', "LightningCLI's args parameter is intended")
            super().parse_arguments(parser, args)

    def _parse_ckpt_path(self) -> None:
        """Leave the settings as they are: Lightning would take the checkpoint's."""

    def before_instantiate_classes(self) -> None:
        """Replace `~` in paths."""
        for name, value in self.config.items():
            self.config[name] = at_home(value)

    def instantiate_trainer(self, **settings: Any) -> Trainer:
        """Return the trainer; raise SettingsError for accelerators that are not there."""
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
        """Check the folder of the run and the checkpoint to go on from."""
        self.datamodule.check_batches(self.trainer.world_size)
        self.datamodule.check_channels(self.model.network.channels)
        check_output_folder(output_folder(self.trainer))
        settings: Namespace = self.config_init['fit']
        settings['ckpt_path'] = checked(settings['ckpt_path'], self.trainer, self.model)


def command(arguments: list[str] | dict[str, Any], run: bool = True) -> LightningCLI:
    """Make what a YAML file and options say, on top of what all trainings have in common.

    Shows a progress bar, keeps the last checkpoint, and goes on from it when called again.
    run: train as well; the arguments then begin with 'fit'.
    """
    common = {'default_config_files': [str(shared_file(COMMON))], 'exit_on_error': False}
    return TrainingCommand(
        DepthEstimation,
        DepthData,
        args=arguments,
        run=run,
        seed_everything_default=1,
        save_config_callback=None,
        trainer_defaults={'precision': precision()},
        parser_kwargs={'fit': common, 'exit_on_error': False} if run else common,
    )


def precision() -> str:
    """Return Lightning's name of bfloat16 where the GPU, or else the CPU, computes in it.

    Where it would only be emulated, that of float32. Of a GPU that is there but not used
    (`--trainer.accelerator cpu`) too: give `--trainer.precision` then.
    """
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        native = any(capabilities.get(name, False) for name in IN_BFLOAT16)
    return 'bf16-mixed' if native else '32-true'


def main(arguments: list[str]) -> None:
    """Train as a YAML file says; options on the command line override it.

    Shows a progress bar, keeps the last checkpoint, and goes on from it when called again.
    """
    try:
        command(['fit', '--ckpt_path=last', *checked_files(arguments)])
    except OutputError:
        print(file=sys.stderr)  # ends the line of the progress bar
        raise
    except SystemExit as end:
        # Lightning ends an interrupted training in order, but with the exit code of a failure.
        if isinstance(end.__context__, KeyboardInterrupt):
            raise end.__context__ from None
        raise
