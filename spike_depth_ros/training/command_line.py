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

"""Command lines of the training commands, parsed by jsonargparse; errors are one sentence."""

import argparse
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError, DefaultHelpFormatter, auto_cli
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from spike_depth_ros.training.settings import SettingsError

EXAMPLE = 'config/training/coincidence.yaml'  # of `spike-depth train`
# Types in messages of jsonargparse, and their names for users.
WORDS = {
    'str': 'a text',
    'int': 'a whole number',
    'float': 'a number',
    'bool': 'true or false',
    'list': 'a list such as [a, b]',
    'tuple': 'a list such as [a, b]',
    'dict': 'a mapping such as {a: 1}',
    'NoneType': 'null',
}
BOUND = re.compile(
    r'Not of type \w+: (?P<value>.*?) ?does not conform to restriction v(?P<bound>.*)'
)
# Settings of a class, such as model.network's.
INNER = re.compile(r'Problem with given class_path .*?:\s+Parser key "(?P<inner>.*)', re.DOTALL)
INNER_UNKNOWN = re.compile(
    r"Problem with given class_path .*?:\s+Option '(?P<name>[^']*)'", re.DOTALL
)
GIVEN = re.compile(r'(?:Got|Given) value: (?P<value>.*)')
# Beginnings of lines that repeat other lines.
HEADINGS = ('Does not validate', 'Subtypes:', 'Errors:', 'Given value', 'Expected a path but')


class HelpFormatter(DefaultHelpFormatter):
    """Help with types by their names: Path in place of <class 'Path'>."""

    def _expand_help(self, action: argparse.Action) -> str:
        return _with_names(super()._expand_help(action))

    def start_section(self, heading: str | None) -> None:
        super().start_section(heading and _with_names(heading))


def _with_names(text: str) -> str:
    return re.sub(r"<class '(?:\w+\.)*(\w+)'>", r'\1', text)


def run(
    function: Callable[..., None],
    command: str,
    arguments: list[str],
    as_positional: bool = False,
) -> None:
    """Call a function with the settings of a command line and of its YAML files.

    A `~` at the start of a path stands for the home folder. Raises SettingsError for settings
    that the function does not take.

    Args:
        function: function with typed parameters.
        command: name of the command, for errors.
        arguments: command line.
        as_positional: parameters without default are arguments without a name.
    """

    @wraps(function)
    def with_home(**settings: Any) -> None:
        # Call the function outside of `parsing`, which would change its errors.
        calls.append({name: at_home(value) for name, value in settings.items()})

    calls: list[dict[str, Any]] = []
    with parsing(command):
        auto_cli(
            with_home,
            args=checked_files(arguments),
            as_positional=as_positional,
            exit_on_error=False,
            prog=f'spike-depth {command}',
            formatter_class=HelpFormatter,
        )
    for settings in calls:
        function(**settings)


@contextmanager
def parsing(command: str) -> Iterator[None]:
    """Turn an error of jsonargparse into SettingsError, one sentence."""
    try:
        yield
    except ArgumentError as error:
        hint = f'`spike-depth {command} --help` lists the settings'
        raise SettingsError(f'{sentence(str(error))}; {hint}.') from error


def at_home(value: Any) -> Any:
    """Return a setting with `~` at the start of texts and paths replaced by the home folder."""
    if isinstance(value, (str, Path)):
        return type(value)(os.path.expanduser(value))
    if isinstance(value, dict):
        return {at_home(name): at_home(item) for name, item in value.items()}
    return [at_home(item) for item in value] if isinstance(value, list) else value


def checked_files(arguments: list[str], example: str = EXAMPLE) -> list[str]:
    """Return arguments with `~` replaced, after a check of their configuration files.

    Raises SettingsError for a file that is missing, no YAML (with the line), or without settings.

    Args:
        arguments: command line.
        example: configuration file that errors name.
    """
    checked, is_next = [], False
    for argument in arguments:
        option, _, path = argument.rpartition('=')
        if is_next or option == '--config':
            path = at_home(path if option == '--config' else argument)
            _check_file(Path(path), example)
            argument = path if is_next else f'--config={path}'
        is_next = not is_next and argument in ('--config', '-c')
        checked.append(argument)
    return checked


def _check_file(path: Path, example: str) -> None:
    try:
        content = YAML(typ='safe').load(path.read_text())
    except OSError as error:
        reason = f'cannot be read ({(error.strerror or str(error)).lower()})'
    except MarkedYAMLError as error:
        line = f', line {error.problem_mark.line + 1}' if error.problem_mark else ''
        reason = f'is no YAML{line} ({error.problem})'
    except (YAMLError, UnicodeDecodeError):
        reason = 'is no text'
    else:
        if isinstance(content, dict):
            return
        reason = 'holds no settings'
    raise SettingsError(f"The configuration file '{path}' {reason}: {example} is one.")


def sentence(message: str) -> str:
    """Return a message of jsonargparse as one plain sentence without a full stop."""
    if missing := re.search(r'arguments are required: (?:fit\.)?(.*)', message):
        return f'{missing[1]} is missing: give it as an option or in a --config file'
    if unknown := re.search(r"(?:unrecognized arguments: |option ')([^']*)", message):
        return f"There is no setting '{unknown[1]}'"
    key, _, rest = message.removeprefix('Parser key "').partition('":')
    if not message.startswith('Parser key'):
        return ' '.join(message.split())
    if inner := INNER.search(rest):
        return sentence(f'Parser key "{key}.init_args.{inner["inner"]}')
    if inner := INNER_UNKNOWN.search(rest):
        return f"There is no setting '{key}.init_args.{inner['name']}'"
    if 'codec can' in rest:  # a file in place of a list is read as one
        return f'{key} names a file that is no list: use a list such as [a, b]'
    reasons = _reasons(rest)
    value = GIVEN.search(rest)
    if bound := BOUND.match(reasons[0]):
        found = bound['value'] or (value['value'] if value else 'out of range')
        most = bound['bound'].replace('>=', 'from ').replace('>', 'above ').replace('<=', 'up to ')
        return f'{key} is {found}: use a number {most}'
    given = f'{key} is {value["value"]}' if value else f'{key} cannot be used'
    if reasons[0].startswith('Not of type PositiveInt'):
        return f'{given}: use a whole number above 0'
    if reasons[0].startswith('Expected a '):
        return f'{given}: use {" or ".join(_expected(reason) for reason in reasons)}'
    return f'{given}: {", ".join(reasons)}'


def _reasons(message: str) -> list[str]:
    """Return the reasons in a message, without repeated ones."""
    joined = re.sub(r':\n\s+(?=[^\s-])', ': ', message)
    lines = (GIVEN.sub('', line).strip(' -.') for line in joined.splitlines())
    reasons = dict.fromkeys(line for line in lines if line and not line.startswith(HEADINGS))
    # A setting of several types has such a line for each other type.
    others = [reason for reason in reasons if not reason.startswith('Expected a ')]
    return others or list(reasons)


def _expected(reason: str) -> str:
    """Return the allowed type or values in a reason that begins with 'Expected a '."""
    if listed := re.search(r'Literal\[(.*)\]', reason):
        return listed[1]
    name = reason.removeprefix('Expected a ').removeprefix("<class '").removesuffix("'>")
    return WORDS.get(name, name)
