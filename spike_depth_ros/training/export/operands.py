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

"""Check of what a network's operations read: spikes, potentials, or neither."""

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any, get_args, get_type_hints

from spike_depth_ros.training.export.convolution import Drive, Potentials
from spike_depth_ros.training.export.maps import Spikes
from spike_depth_ros.training.settings import SettingsError

KINDS: dict[object, str] = {
    Spikes: 'spikes',
    Drive: 'potentials of synapses',
    Potentials: 'potentials of a membrane stream',
}
TOGETHER = 'put synapses and the neurons that they drive into one SpikingLayer'


def check_operands(name: str, rule: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    """Compare the arguments of an operation with the types in the signature of its rule.

    Raises SettingsError for arguments that the rule does not take, and for potentials where it
    takes spikes or the reverse.

    Args:
        name: of the operation, for the error.
        rule: see rules.py.
        arguments, options: arguments of the rule.
    """
    try:
        given = signature(rule).bind(*arguments, **options).arguments
    except TypeError as error:
        raise SettingsError(
            f'the arguments of {name} have no rule for export ({error}): leave out those that '
            'may be left out, and give the others in their order, without names.'
        ) from error
    kinds = get_type_hints(rule)
    for parameter, values in given.items():
        wanted = {kinds.get(parameter), *get_args(kinds.get(parameter))} & KINDS.keys()
        for value in _each(values) if wanted else ():
            if type(value) not in wanted:
                first = next(kind for kind in KINDS if kind in wanted)
                raise SettingsError(_misread(name, value, first))


def _each(values: Any) -> Iterator[Any]:
    """Yield the values in a list, tuple or dict, or the value itself; leave None out."""
    if isinstance(values, dict):
        values = list(values.values())
    is_one = type(values) in KINDS or not isinstance(values, (list, tuple))
    listed = [values] if is_one else values
    yield from (value for value in listed if value is not None)


def _misread(name: str, value: Any, wanted: object) -> str:
    if type(value) in KINDS:
        return f'{name} takes {KINDS[wanted]}, but reads {KINDS[type(value)]}: {TOGETHER}.'
    found = value if isinstance(value, (int, float)) else f'a {type(value).__name__}'
    return (
        f'{name} takes {KINDS[wanted]}, but reads {found}: use outputs of layers only, for '
        'example a + b of two layers.'
    )
