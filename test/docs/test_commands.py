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

"""The commands in the documents name goals, options, parameters and files that exist."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import pytest

from spike_depth_ros.cli import TRAINING
from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH, EVENT_CAMERAS, REPLAY

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob('*.md'), ROOT / 'models/README.md', *(ROOT / 'docs').rglob('*.md')]
NODES = {
    'binner': BINNER,
    'camera': EVENT_CAMERAS,
    'depth': DEPTH,
    'replay': REPLAY,
    'pipeline': (*BINNER, *DEPTH),
}
PARAMETERS = {row.name: row for table in NODES.values() for row in table}
WRITER = run_path(str(ROOT / 'docs/write_parameters.py'))
LAUNCH_ARGUMENTS = {
    name: text
    for kind in ('', 'CAMERA_', 'REPLAY_')
    for name, text in WRITER['launch_arguments'](WRITER[f'{kind}DESCRIPTION']).items()
}
OF_RCL = {'use_sim_time'}
# Folders whose files are in the checkout, and not made by a command.
SOURCES = (
    'bench/',
    'config/',
    'demo/recording',
    'docs/',
    'launch/',
    'models/',
    'test/',
    'testing/',
)
# Names that a reader replaces.
EXAMPLES = ('my_', 'path/to', '<')
PARSE_ALL = """
import contextlib, importlib, io, json, sys
for command, *arguments in json.loads(sys.argv[1]):
    main = importlib.import_module('spike_depth_ros.training.' + command).main
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            main([*arguments, '--print_config'])
    except SystemExit as end:
        assert not end.code, (command, arguments)
"""


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield the page and the words of each command, in blocks of sh and in spans of code."""
    for page in PAGES:
        text = page.read_text()
        blocks = re.findall(r'^```sh\n(.*?)^```', text, re.MULTILINE | re.DOTALL)
        spans = re.findall(r'`([^`\n]+)`', re.sub(r'^```.*?^```', '', text, flags=re.M | re.S))
        lines = [line for block in blocks for line in block.splitlines()] + spans
        for line in lines:
            for part in re.split(r' && ', line):
                try:
                    words = shlex.split(part, comments=True)
                except ValueError:  # a span of code that is no command
                    continue
                if len(words) > 1:
                    yield page.name, words


def of_program(name: str) -> list[list[str]]:
    """Return what follows the name of a program, each command once."""
    found = {tuple(words[1:]) for _, words in commands() if Path(words[0]).name == name}
    return [list(words) for words in sorted(found)]


def of_module(name: str) -> list[list[str]]:
    """Return what follows `python -m name`."""
    runs = of_program('python')
    return [words[2:] for words in runs if words[:2] == ['-m', name]]


def test_there_are_commands_of_each_kind() -> None:
    for program in ('make', 'spike-depth', 'ros2', 'python'):
        assert of_program(program), program


def test_make_has_the_goals() -> None:
    goals = set(re.findall(r'^([a-z ]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE))
    known = {goal for names in goals for goal in names.split()}
    variables = {'RECORDING', 'TRUTH', 'CALIBRATION', 'LEFT', 'RIGHT'}
    variables |= {'SECONDS', 'OPTIONS', 'PYTHON'}
    for words in of_program('make'):
        for word in words:
            name, is_variable, _ = word.partition('=')
            assert name in (variables if is_variable else known), f'make {shlex.join(words)}'


@pytest.mark.slow
def test_training_commands_take_the_options() -> None:
    found = [words for words in of_program('spike-depth') if words[0] in TRAINING]
    # The reader's file stands for one like this.
    found = [[word.replace('my_network.yaml', 'coincidence.yaml') for word in w] for w in found]
    complete = [words for words in found if any(word.startswith('--') for word in words)]
    assert {words[0] for words in complete} == set(TRAINING)
    done = subprocess.run(
        [sys.executable, '-c', PARSE_ALL, json.dumps(complete)],
        cwd=ROOT,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize('command', ['demo', 'run'])
def test_the_demo_and_runs_take_the_options(command: str) -> None:
    done = subprocess.run(
        [sys.executable, '-m', 'spike_depth_ros.cli', command, '--help'],
        text=True,
        capture_output=True,
    )
    options = set(re.findall(r'--[\w-]+', done.stdout))
    used = [words for words in of_program('spike-depth') if words[0] == command]
    assert used
    for words in used:
        assert {word for word in words if word.startswith('--')} <= options


@pytest.mark.parametrize('command', ['train', 'evaluate', 'export', 'reproduce'])
def test_help_names_types_and_the_command(command: str) -> None:
    done = subprocess.run(
        [sys.executable, '-m', 'spike_depth_ros.cli', command, '--help'],
        text=True,
        capture_output=True,
    )
    assert done.stdout.startswith(f'usage: spike-depth {command} ')
    assert '<class' not in done.stdout


def test_nodes_take_the_parameters() -> None:
    runs = of_module('spike_depth_ros.ros')
    runs += [words[2:] for words in of_program('ros2') if words[:2] == ['run', 'spike_depth_ros']]
    assert {words[0] for words in runs} >= {'binner', 'depth', 'replay'}
    for node, *words in runs:
        given = {word.partition(':=')[0] for word in words if ':=' in word and '/' not in word}
        known = {row.name for row in NODES[node]} | OF_RCL | {'name'}
        assert given <= known, f'{node} {shlex.join(words)}'


def test_launch_files_take_the_arguments() -> None:
    launches = [words[1:] for words in of_program('ros2') if words[0] == 'launch']
    assert launches
    for _, file, *words in launches:
        assert (ROOT / 'launch' / file).exists()
        assert {word.partition(':=')[0] for word in words} <= LAUNCH_ARGUMENTS.keys()


def test_parameters_set_while_a_node_runs_may_change() -> None:
    sets = [words[2:] for words in of_program('ros2') if words[:2] == ['param', 'set']]
    assert sets
    for node, name, _ in sets:
        rows = {row.name: row for row in NODES[node.removeprefix('/')]}
        assert not rows[name].read_only


def test_settings_in_the_text_are_parameters_or_launch_arguments() -> None:
    known = PARAMETERS.keys() | LAUNCH_ARGUMENTS.keys() | OF_RCL
    for page in PAGES:
        for name, value in re.findall(r'`(\w+):=([^`\s]*)', page.read_text()):
            assert name in known, f'{page.name}: {name}'
            row = PARAMETERS.get(name)
            if row and row.choices:
                assert value in row.choices, f'{page.name}: {name}:={value}'


def test_benchmarks_have_the_names_and_options() -> None:
    sources = ' '.join(path.read_text() for path in (ROOT / 'bench').rglob('*.py'))
    for module in ('bench', 'bench.ablation', 'bench.layers'):
        runs = of_module(module)
        assert runs, module
        named = {word for words in runs for word in words if re.match(r'[a-z-]', word)}
        assert [word for word in named if f"'{word}'" not in sources] == []


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_exist(page: Path) -> None:
    spans = ' '.join(re.findall(r'`([^`\n]+)`|^```\w*\n.*?^```', page.read_text(), re.M | re.S))
    blocks = ' '.join(re.findall(r'^```\w*\n(.*?)^```', page.read_text(), re.M | re.S))
    for name in re.findall(r'[\w./*-]+', f'{spans} {blocks}'):
        is_example = any(example in name for example in EXAMPLES)
        if name.startswith((*SOURCES, 'spike_depth_ros/')) and not is_example:
            assert list(ROOT.glob(name.rstrip('.,'))), f'{page.name}: {name}'
