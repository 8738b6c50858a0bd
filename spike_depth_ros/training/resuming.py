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

"""Resuming: the folder of a training's checkpoints, and the checkpoint to continue from."""

from functools import partial
from pathlib import Path

from lightning.pytorch import Trainer

from spike_depth_ros.training.checkpoints import (
    RESUMED,
    CheckpointError,
    check_fit,
    naming_another,
    read_checkpoint,
)
from spike_depth_ros.training.estimation import DepthEstimation

LAST = 'last'  # Lightning's name of the newest checkpoint
OF_A_RUN = 'give the run another name (--trainer.logger.init_args.name NAME), or remove the file'
OLDER = 'to continue from the newest beside it, run `mv {other} {path}` and train again'


def output_folder(trainer: Trainer) -> Path:
    """Return ModelCheckpoint's folder: its dirpath, else the logger's, else the trainer's."""
    callback = trainer.checkpoint_callback
    if folder := getattr(callback, 'dirpath', None):
        return Path(folder)
    run = Path(trainer.default_root_dir)
    if logger := trainer.logger:
        version = logger.version
        version = version if isinstance(version, str) else f'version_{version}'
        run = Path(logger.save_dir or run, str(logger.name), version)
    return run / 'checkpoints' if callback else run


def checked(name: str | None, trainer: Trainer, model: DepthEstimation) -> str | None:
    """Return the checkpoint to continue from, None to start from the beginning.

    Raises CheckpointError for a checkpoint that does not fit the model; the error names the newest
    one in the same folder that fits.

    Args:
        name: path, 'last' for the newest checkpoint of the run, or None.
        trainer: trainer of the run.
        model: model to train.
    """
    if name is None:
        return None
    check = partial(_check, model)
    if name != LAST:
        with naming_another(check):
            check(Path(name))
        return name
    files = sorted(
        output_folder(trainer).glob('last*.ckpt'), key=lambda file: file.lstat().st_mtime
    )
    if not files:
        return None
    with naming_another(check, OLDER):
        try:
            check(files[-1])
        except CheckpointError as error:
            raise CheckpointError(error.path, error.reason, OF_A_RUN) from error
    return str(files[-1])


def _check(model: DepthEstimation, path: Path) -> None:
    saved = read_checkpoint(path, RESUMED)
    check_fit(path, saved['state_dict'], model.state_dict())
