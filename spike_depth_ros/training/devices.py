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

"""CPU cores and GPUs for training and simulation."""

import os

import torch
from lightning.pytorch.accelerators import AcceleratorRegistry

from spike_depth_ros.training.settings import SettingsError


def check_device(setting: str, device: str) -> None:
    """Check that torch can compute on a device. Raises SettingsError.

    Args:
        setting: name of the setting, for the error.
        device: 'cpu', 'cuda', or one GPU such as 'cuda:1'.
    """
    kind, _, number = device.partition(':')
    if device == 'cpu':
        return
    if kind == 'cuda' and (not number or number.isdecimal()):
        if int(number or 0) < torch.cuda.device_count():
            return
        raise SettingsError(f"{setting} is '{device}', but {there()}: use 'cpu'.")
    raise SettingsError(f"{setting} is '{device}': use 'cpu', 'cuda' or one GPU such as 'cuda:1'.")


def check_processes(setting: str, processes: int) -> None:
    """Check that there is a CPU core for each process. Raises SettingsError; see check_device."""
    if processes > (os.cpu_count() or 1):
        raise SettingsError(f'{setting} is {processes}, but {there()}: use as many or fewer.')


def there() -> str:
    """Return a clause of a sentence with the cores and GPUs of this machine."""
    gpus = [f'{torch.cuda.device_count()} CUDA GPU(s)'] if torch.cuda.is_available() else []
    others = [
        name
        for name in AcceleratorRegistry.available_accelerators()
        if name not in ('cpu', 'cuda') and AcceleratorRegistry[name]['accelerator'].is_available()
    ]
    has = ' and '.join([f'{os.cpu_count()} CPU core(s)', *gpus, *others])
    lacks = '' if gpus or others else ' and no GPU that this torch can use'
    return f'this machine has {has}{lacks}'
