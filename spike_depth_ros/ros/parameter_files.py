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

"""Parameter files on the command line, and the nodes that their sections name."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node

from spike_depth_ros.yaml_mistakes import YamlMistake, in_plain_words

PARAMETERS = 'ros__parameters'
WILDCARDS = ('*', '**')
# Start of the names of files into which ros2 launch writes the parameters of one node, under /**.
FROM_LAUNCH = 'launch_params_'
# Tabs within a line: rcl accepts them, ruamel.yaml does not.
TABS = r'(?<=\S)[ ]*\t'


class ParameterFileError(ValueError):
    """A parameter file that cannot be used; the message is one sentence with path and reason."""


@dataclass(frozen=True)
class Section:
    """Parameter names under one ros__parameters.

    Args:
        node: node name with namespace; * matches one name, ** any number of names.
        names: names of the parameters.
        shared: whether the section is for all nodes of the namespace.
    """

    node: str
    names: tuple[str, ...]
    shared: bool

    def matches(self, node_name: str) -> bool:
        """Return whether the section is for the node of this full name."""
        parts = {'*': r'/\w+', '**': r'(/\w+)*'}
        tokens = self.node.strip('/').split('/')
        return bool(
            re.fullmatch(''.join(parts.get(t, f'/{re.escape(t)}') for t in tokens), node_name)
        )


@dataclass(frozen=True)
class ParameterFile:
    """A parameter file: its path and sections."""

    path: str
    sections: tuple[Section, ...]

    def unused_by(self, node_names: Sequence[str]) -> str:
        """Return a sentence if the file has no section for these full node names, else ''."""
        if any(section.matches(name) for section in self.sections for name in node_names):
            return ''
        has = ' and '.join(repr(section.node) for section in self.sections) or 'no section'
        return (
            f"no parameter is taken from '{self.path}', as it has {has}, but this is "
            f'{" and ".join(map(repr, node_names))}: name this node there, or /**'
        )


def read_all(arguments: Sequence[str]) -> list[ParameterFile]:
    """Read the parameter files on a command line.

    Raises ParameterFileError for a file that is missing, is not YAML or has no ros__parameters.
    """
    return [_read(path) for path in _values(arguments, '--params-file')]


def given_to(node_name: str, arguments: Sequence[str]) -> set[str]:
    """Return the names of the parameters that a command line gives to one node by name."""
    rules = [*_values(arguments, '-p'), *_values(arguments, '--param')]
    names = {rule.partition(':=')[0].rpartition(':')[2] for rule in rules}
    for file in read_all(arguments):
        for section in file.sections:
            if not section.shared and section.matches(node_name):
                names.update(section.names)
    return names


def _values(arguments: Sequence[str], option: str) -> list[str]:
    """Return the argument after each occurrence of an option between --ros-args and --."""
    is_ros, values = False, []
    for argument, value in zip(arguments, [*arguments[1:], ''], strict=True):
        is_ros = argument == '--ros-args' or (is_ros and argument != '--')
        if is_ros and argument == option:
            values.append(value)
    return values


def _read(path: str) -> ParameterFile:
    try:
        with open(path, encoding='utf-8-sig') as file:
            text = re.sub(TABS, ' ', file.read())
        with in_plain_words(text):
            document = YAML(typ='safe', pure=True).compose(text)
    except OSError as error:
        raise ParameterFileError(
            f"the parameter file '{path}' cannot be read ({error.strerror}): give a file that can"
        ) from error
    except YamlMistake as error:
        raise ParameterFileError(
            f"the parameter file '{path}' is no YAML ({error}): correct it"
        ) from error
    except ValueError as error:
        raise ParameterFileError(
            f"the parameter file '{path}' is no text in UTF-8: give a YAML file"
        ) from error
    from_launch = os.path.basename(path).startswith(FROM_LAUNCH)
    sections = tuple(_sections(path, document, '', from_launch)) if document else ()
    if document and not sections:
        raise ParameterFileError(
            f"the parameter file '{path}' has no {PARAMETERS}: write a node's name, "
            f'{PARAMETERS} below it, and the parameters below that'
        )
    return ParameterFile(path, sections)


def _sections(path: str, node: Node, place: str, from_launch: bool) -> Iterator[Section]:
    """Yield the sections of a mapping; nested keys are namespaces, and keys may repeat."""
    if not isinstance(node, MappingNode):
        return
    for key, value in node.value:
        if key.value != PARAMETERS:
            yield from _sections(path, value, f'{place}/{str(key.value).strip("/")}', from_launch)
        elif isinstance(value, MappingNode):
            shared = not from_launch and place.rpartition('/')[2] in WILDCARDS
            yield Section(place, tuple(_names(path, value, '')), shared)
        else:
            raise ParameterFileError(
                f"the parameter file '{path}' has nothing below {PARAMETERS} of '{place}' (line "
                f'{key.start_mark.line + 1}): write a parameter there, or remove the section'
            )


def _names(path: str, node: MappingNode, place: str) -> Iterator[str]:
    """Yield the parameter names of a mapping; nested keys are joined by dots."""
    for key, value in node.value:
        name = f'{place}{key.value}'
        if isinstance(value, MappingNode):
            yield from _names(path, value, f'{name}.')
        elif value.value == '' and not getattr(value, 'style', None):
            raise ParameterFileError(
                f"the parameter file '{path}' has no value for '{name}' (line "
                f'{key.start_mark.line + 1}): write one, or remove the line'
            )
        else:
            yield name
