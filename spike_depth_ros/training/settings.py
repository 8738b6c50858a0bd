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

"""Errors in the settings of a training command."""

from collections.abc import Iterable


class SettingsError(ValueError):
    """Wrong setting: one sentence with its name, its value and the allowed values."""


def check_least(least: int, **settings: int) -> None:
    """Check that settings are not below a minimum. Raises SettingsError."""
    for name, value in settings.items():
        if value < least:
            raise SettingsError(f'{name} is {value}: use {least} or more.')


def check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    """Check a field that names one of some choices. Raises SettingsError."""
    allowed = list(choices)
    if value not in allowed:
        raise SettingsError(f'{name} is {value}: use {", ".join(allowed[:-1])} or {allowed[-1]}.')
