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

"""Mistakes in YAML files, as sentences for users."""

from collections.abc import Iterator
from contextlib import contextmanager

from ruamel.yaml.error import MarkedYAMLError

# Contexts whose start, not the place of the error, is the mistake.
BEGUN = ('flow sequence', 'flow mapping', 'simple key', 'quoted scalar')
# Messages of ruamel.yaml, and their meaning.
MISTAKES = {
    'found duplicate key': 'a key appears twice',
    'mapping values are not allowed here': 'there is a colon where none can be, or the line is '
    'indented wrongly, or the one before has no colon',
    "could not find expected ':'": 'a key has no colon',
    'expected <block end>': 'a line is indented wrongly',
    "expected ',' or ']'": 'a list is not closed, or a comma is missing',
    "expected ',' or '}'": 'a mapping in braces is not closed, or a comma is missing',
    'expected the node content': 'a value is missing',
    'found another document': 'a second document begins',
    "found character '\\t'": 'there is a tab, but YAML allows spaces only',
    'unexpected end of stream': 'a quotation mark is not closed',
    'found undefined alias': 'an alias has no anchor',
    'could not determine a constructor for the tag': 'there is a tag that only another program '
    'knows',
}
LONGEST_LINE = 60


class YamlMistake(ValueError):
    """Text that is no YAML; the message has the line and the mistake, without the file."""


@contextmanager
def in_plain_words(text: str) -> Iterator[None]:
    """Turn every exception of ruamel.yaml in the block into YamlMistake."""
    try:
        yield
    except MarkedYAMLError as error:
        raise YamlMistake(_sentence(text, error)) from error
    except RecursionError as error:
        raise YamlMistake('it is nested too deeply') from error
    except Exception as error:  # the parser lets many of Python's errors through
        reason = ' '.join(str(error).split('\n')[0].split())
        raise YamlMistake(reason or type(error).__name__) from error


def _sentence(text: str, error: MarkedYAMLError) -> str:
    marks = [error.problem_mark, error.context_mark]
    if any(begun in str(error.context) for begun in BEGUN):
        marks.reverse()
    number = next((mark.line for mark in marks if mark), 0)
    lines = text.splitlines() or ['']
    line = lines[min(number, len(lines) - 1)]
    if '\t' in line[: len(line) - len(line.lstrip())]:
        return f'line {number + 1}: it is indented with a tab, but YAML allows spaces only'
    problem = str(error.problem or error.context or 'it cannot be parsed')
    reason = next((plain for raw, plain in MISTAKES.items() if raw in problem), problem)
    return f'line {number + 1}: {reason}: {" ".join(line.split())[:LONGEST_LINE]}'
