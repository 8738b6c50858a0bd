"""Training from the command line: `spike-depth train --config FILE`."""

from typing import Any

import torch
from lightning.pytorch.cli import LightningCLI

from spike_depth_ros.shared_files import shared_file
from spike_depth_ros.training.data.module import SimulatedData
from spike_depth_ros.training.estimation import DepthEstimation

COMMON = 'config/trainer.yaml'
IN_BFLOAT16 = ('amx_bf16', 'avx512_bf16', 'bf16')  # of what torch names a CPU capable of


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
        trainer_defaults={'precision': precision()},
        parser_kwargs={'fit': common} if run else common,
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
    command(['fit', '--ckpt_path=last', *arguments])
