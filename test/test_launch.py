"""Launch files, parameter files and the rviz configuration name only what exists."""

import ast
from pathlib import Path

import pytest
import yaml

from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH, Table

ROOT = Path(__file__).parents[1]
TABLES = {'binner': BINNER, 'depth': DEPTH}
EXECUTABLES = TABLES | {'pipeline': (*BINNER, *DEPTH)}
ARGUMENTS = {
    'stereo': {
        *('namespace', 'params_file', 'model', 'left_events', 'right_events', 'calibration'),
        *('right_calibration', 'left_camera_info', 'right_camera_info'),
        *('pipeline', 'use_sim_time', 'log_level'),
    },
    'mono': {
        *('namespace', 'params_file', 'model', 'left_events', 'calibration'),
        *('left_camera_info', 'pipeline', 'use_sim_time', 'log_level'),
    },
}
both = pytest.mark.parametrize('kind', ['stereo', 'mono'])


def calls(kind: str, function: str) -> list[ast.Call]:
    """Return the calls of a function in a launch file, which need not be importable."""
    path = ROOT / 'launch' / f'{kind}.launch.py'
    tree = compile(path.read_text(), str(path), 'exec', ast.PyCF_ONLY_AST)
    every = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in every if getattr(call.func, 'id', '') == function]


def argument(call: ast.Call, name: str) -> ast.expr:
    """Return a keyword argument of a call."""
    return next(keyword.value for keyword in call.keywords if keyword.arg == name)


def names(table: Table) -> set[str]:
    """Return the names of a table's parameters."""
    return {row.name for row in table}


def parameters(kind: str) -> dict[str, dict[str, object]]:
    """Return the parameters of each node in a YAML file."""
    content = yaml.safe_load((ROOT / 'config' / f'{kind}.yaml').read_text())
    return {
        pattern.removeprefix('/**/'): section['ros__parameters']
        for pattern, section in content.items()
    }


@both
def test_launch_arguments_are_declared_described_and_used(kind: str) -> None:
    declared = calls(kind, 'DeclareLaunchArgument')
    used = {call.args[0].value for call in calls(kind, 'LaunchConfiguration')}
    assert {call.args[0].value for call in declared} == used == ARGUMENTS[kind]
    assert all(argument(call, 'description').value.endswith('.') for call in declared)


@both
def test_launch_files_start_installed_executables(kind: str) -> None:
    nodes = calls(kind, 'Node')
    assert {argument(node, 'package').value for node in nodes} == {'spike_depth_ros'}
    assert {argument(node, 'executable').value for node in nodes} == set(EXECUTABLES)
    setup = (ROOT / 'setup.py').read_text()
    assert all(f"'{executable} = " in setup for executable in EXECUTABLES)


@both
def test_launch_files_start_two_processes_or_one(kind: str) -> None:
    conditions = {
        argument(node, 'executable').value: ast.unparse(argument(node, 'condition'))
        for node in calls(kind, 'Node')
    }
    joined = "(LaunchConfiguration('pipeline'))"
    assert conditions == {
        'binner': 'UnlessCondition' + joined,
        'depth': 'UnlessCondition' + joined,
        'pipeline': 'IfCondition' + joined,
    }


@both
def test_one_process_gets_what_two_get(kind: str) -> None:
    nodes = {argument(node, 'executable').value: node for node in calls(kind, 'Node')}

    def given(name: str, keyword: str) -> set[str]:
        part = argument(nodes[name], keyword)
        return {ast.unparse(item) for item in getattr(part, 'elts', [part])}

    parameters = given('binner', 'parameters') | given('depth', 'parameters')
    assert parameters - given('pipeline', 'parameters') == {"{'use_sim_time': use_sim_time}"}
    assert given('pipeline', 'parameters') < parameters
    assert given('pipeline', 'remappings') == given('binner', 'remappings')


@both
def test_launch_files_set_declared_parameters(kind: str) -> None:
    for node in calls(kind, 'Node'):
        given = [part for part in argument(node, 'parameters').elts if isinstance(part, ast.Dict)]
        table = EXECUTABLES[argument(node, 'executable').value]
        keys = {key.value for values in given for key in values.keys}
        assert {'use_sim_time'} < keys <= names(table) | {'use_sim_time'}


@both
def test_launch_files_name_files_of_the_package(kind: str) -> None:
    paths = [call.args[0].elts[1:] for call in calls(kind, 'PathJoinSubstitution')]
    files = [ROOT.joinpath(*(part.value for part in parts)) for parts in paths]
    assert {file.parent.name for file in files} == {'config', 'models'}
    assert all(file.is_file() for file in files)


@both
def test_yaml_gives_every_parameter_its_default(kind: str) -> None:
    defaults = {
        node: {row.name: row.default for row in table if not row.required}
        for node, table in TABLES.items()
    }
    defaults['binner']['stereo'] = kind == 'stereo'
    for name in ('calibration', 'right_calibration'):  # the launch file gives them
        del defaults['binner'][name]
    if kind == 'mono':
        del defaults['binner']['baseline']
    assert parameters(kind) == defaults


@both
def test_yaml_values_have_the_types_of_the_parameters(kind: str) -> None:
    for node, values in parameters(kind).items():
        types = {row.name: type(row.default) for row in TABLES[node]}
        assert {name: type(value) for name, value in values.items()}.items() <= types.items()


def test_rviz_shows_the_published_topics_as_they_are() -> None:
    content = yaml.safe_load((ROOT / 'config/stereo.rviz').read_text())
    preview, depth, cloud = content['Visualization Manager']['Displays']
    assert preview['Topic']['Value'] == cloud['Color Image Topic'] == '/depth/image_color'
    assert depth['Topic']['Value'] == cloud['Depth Map Topic'] == '/depth/image_rect'
    assert depth['Normalize Range'] is False
    assert cloud['Class'] == 'rviz_default_plugins/DepthCloud'
