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

"""Short trainings by the command that users run."""

import json
import subprocess
from pathlib import Path

from spike_depth_ros.cli import TRAINING
from testing.preloaded import preload, run
from testing.processes import command_line

ROOT = Path(__file__).parents[2]
SIM_FLYING = ROOT / 'config/simulation/sim_flying.yaml'
NAME = 'coincidence'
SAMPLES = 2


preload(*(f'spike_depth_ros.training.{command}' for command in TRAINING))


def spike_depth(*arguments: str, folder: Path) -> str:
    """Run a command in a folder and return its outputs; it must succeed."""
    return checked(run('spike_depth_ros.cli.main', ['spike-depth', *arguments], folder))


def spike_depth_from_the_start(*arguments: str, folder: Path) -> str:
    """Run a command as a program, with its imports; return its outputs; it must succeed."""
    command = list(map(str, command_line(*arguments)))
    return checked(subprocess.run(command, cwd=folder, capture_output=True, text=True))


def checked(result: 'subprocess.CompletedProcess[str]') -> str:
    """Return the outputs of a command that has succeeded."""
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def train(folder: Path, steps: int, **more: str) -> str:
    """Train in a folder; settings by their names with __ for the dots."""
    return spike_depth(*arguments(steps, **more), folder=folder)


def arguments(steps: int, **more: str) -> list[str]:
    """Return the command line of a training of a small network on two windows."""
    options = {
        'model.compiled': 'false',
        'model.network.init_args.width': 2,
        'data.datasets': json.dumps({str(SIM_FLYING): SAMPLES}),
        'data.validation_samples': SAMPLES,
        'data.batch_size': 1,
        'data.workers': 0,
        'trainer.max_steps': steps,
        'trainer.val_check_interval': 2,
        'trainer.callbacks.init_args.every_n_train_steps': 1,
        **{name.replace('__', '.'): value for name, value in more.items()},
    }
    settings = [f'--{name}={value}' for name, value in options.items()]
    return ['train', f'--config={ROOT}/config/training/{NAME}.yaml', *settings]


def checkpoint(folder: Path) -> Path:
    """Return the last checkpoint of a training in a folder."""
    return folder / f'runs/{NAME}/checkpoints/last.ckpt'
