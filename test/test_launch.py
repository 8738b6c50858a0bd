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

"""Launch files, parameter files and the rviz configuration fit the package and each other."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.ros.parameter_row import Table
from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH

ROOT = Path(__file__).parents[1]
TABLES = {'binner': BINNER, 'depth': DEPTH}
EXECUTABLES = TABLES | {'pipeline': (*BINNER, *DEPTH)}
ARGUMENTS = {
    *('namespace', 'params_file', 'model', 'left_events', 'right_events', 'calibration'),
    *('right_calibration', 'left_camera_info', 'right_camera_info'),
    *('pipeline', 'use_sim_time', 'log_level', 'rviz', 'frame'),
}
# Functions that take the name of a launch argument.
VALUES = ('LaunchConfiguration', '_value')
SHARED = 'spike_depth_ros/ros/launch_description.py'
FILES = {kind: f'launch/{kind}.launch.py' for kind in ('stereo', 'mono')}
both = pytest.mark.parametrize('kind', ['stereo', 'mono'])


def tree(path: str) -> ast.Module:
    """Return a Python file as a tree: the package launch need not be installed."""
    return ast.parse((ROOT / path).read_text(), path)


def calls(function: str, path: str = SHARED) -> list[ast.Call]:
    """Return the calls of a function in a file."""
    every = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    return [call for call in every if getattr(call.func, 'id', '') == function]


def argument(call: ast.Call, name: str) -> ast.expr:
    """Return a keyword argument of a call."""
    return next(keyword.value for keyword in call.keywords if keyword.arg == name)


def assigned(name: str) -> ast.expr:
    """Return the value of a name in the launch description."""
    assignments = [node for node in ast.walk(tree(SHARED)) if isinstance(node, ast.Assign)]
    return next(node.value for node in assignments if node.targets[0].id == name)


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


def declared() -> dict[str, str]:
    """Return the descriptions of the launch arguments."""
    return {
        call.args[0].value: argument(call, 'description').value
        for call in calls('DeclareLaunchArgument')
    }


def nodes() -> dict[str, tuple[str, list[ast.expr]]]:
    """Return the condition and the parameters of each node of the package."""
    return {call.args[0].value: (call.args[1].id, call.args[2].elts) for call in calls('_node')}


def test_launch_arguments_are_declared_described_and_used() -> None:
    used = {
        call.args[0].value
        for function in VALUES
        for call in calls(function)
        if isinstance(call.args[0], ast.Constant)
    }
    inputs = ast.literal_eval(assigned('INPUTS'))
    files = {'calibration', 'right_calibration'}
    assert used | {name.replace('/', '_') for name in inputs} | files == ARGUMENTS
    assert declared().keys() == ARGUMENTS
    for description in declared().values():
        assert description.endswith('.')


@both
def test_launch_files_name_files_of_the_package(kind: str) -> None:
    [call] = calls('describe', FILES[kind])
    settings, model = (argument.value for argument in call.args)
    assert settings == f'{kind}.yaml'
    assert (ROOT / 'config' / settings).is_file()
    assert (ROOT / 'models' / model).is_file()


def test_rviz_has_a_configuration() -> None:
    folders = [
        [part.value for part in call.args[0].elts[1:] if isinstance(part, ast.Constant)]
        for call in calls('PathJoinSubstitution')
    ]
    assert sorted(folders) == [['config'], ['config', 'stereo.rviz'], ['models']]
    assert (ROOT / 'config/stereo.rviz').is_file()


def test_launch_files_start_installed_executables() -> None:
    package, rviz = calls('Node')
    assert argument(package, 'package').value == 'spike_depth_ros'
    assert argument(rviz, 'package').value == argument(rviz, 'executable').value == 'rviz2'
    assert nodes().keys() == EXECUTABLES.keys()
    setup = (ROOT / 'setup.py').read_text()
    assert all(f"'{executable} = " in setup for executable in EXECUTABLES)


def test_launch_files_start_two_processes_or_one() -> None:
    conditions = {name: ast.unparse(assigned(name)) for name in ('one', 'two')}
    joined = "(LaunchConfiguration('pipeline'))"
    assert conditions == {'two': 'UnlessCondition' + joined, 'one': 'IfCondition' + joined}
    chosen = {name: condition for name, (condition, _) in nodes().items()}
    assert chosen == {'binner': 'two', 'depth': 'two', 'pipeline': 'one'}


def test_the_end_of_a_node_ends_the_launch() -> None:
    package, rviz = calls('Node')
    assert ast.unparse(argument(package, 'on_exit')).startswith('Shutdown(reason=')
    assert not any(keyword.arg == 'on_exit' for keyword in rviz.keywords)  # to be closed


def test_one_process_gets_the_parameters_of_both_nodes() -> None:
    given = {
        name: {ast.unparse(part) for part in parameters}
        for name, (_, parameters) in nodes().items()
    }
    # `depth` holds use_sim_time too.
    assert given['pipeline'] == (given['binner'] | given['depth']) - {'use_sim_time'}


def test_launch_files_set_declared_parameters() -> None:
    assert {'calibration', 'right_calibration'} < names(BINNER)
    assert 'model' in names(DEPTH)
    binner, depth = ([part.id for part in nodes()[name][1]] for name in ('binner', 'depth'))
    # The last one wins: params_file overrides the calibration, and the model overrides it.
    assert binner == ['files', 'params_file', 'use_sim_time']
    assert depth == ['params_file', 'depth']


def test_rviz_finds_the_topics_in_a_namespace() -> None:
    content = (ROOT / 'config/stereo.rviz').read_text()
    shown = ast.literal_eval(assigned('SHOWN'))
    assert {f'/{name}' for name in shown} >= set(re.findall(r'(?<!\w)/\w+/\w+', content))


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
    shown = {display['Name']: display for display in displays()}
    assert {name: display['Topic']['Value'] for name, display in shown.items()} == {
        'Events': '/spikes/image_color',
        'Depth in colours': '/depth/image_color',
        'Depth in metres': '/depth/image_rect',
        'Confidence': '/depth/confidence',
        'Age of events': '/depth/age',
        'Points': '/depth/points',
    }
    for name, display in shown.items():
        assert display['Enabled'] is display['Value'] is (name != 'Age of events')
        topic = display['Topic']
        assert topic['Reliability Policy'] == 'Reliable'  # as qos.images() publishes
        assert topic['Durability Policy'] == 'Volatile'
    # The range of an image with NaN, found by rviz, shows black (ros2/rviz issue 969).
    ranges = {'Depth in metres': (0, 10), 'Confidence': (0, 1), 'Age of events': (0, 2)}
    for name, range_ in ranges.items():
        display = shown[name]
        assert display['Normalize Range'] is False
        assert (display['Min Value'], display['Max Value']) == range_


def test_rviz_displays_have_the_properties_of_their_classes() -> None:
    properties = {  # of rviz_default_plugins in ROS 2 Jazzy, those that the file sets
        'Image': {'Max Value', 'Median window', 'Min Value', 'Normalize Range'},
        'PointCloud2': {
            *('Alpha', 'Color Transformer', 'Decay Time', 'Position Transformer', 'Selectable'),
            *('Size (Pixels)', 'Style', 'Use Fixed Frame'),
        },
    }
    common = {'Class', 'Enabled', 'Name', 'Topic', 'Value'}
    for display in displays():
        package, _, kind = display['Class'].partition('/')
        assert package == 'rviz_default_plugins'
        assert set(display) <= properties[kind] | common
    (points,) = (display for display in displays() if display['Name'] == 'Points')
    assert points['Color Transformer'] == 'RGB8'
    assert points['Position Transformer'] == 'XYZ'


def test_rviz_and_the_shipped_recording_have_the_same_frame() -> None:
    (frame,) = (
        argument(call, 'default_value').value
        for call in calls('DeclareLaunchArgument')
        if call.args[0].value == 'frame'
    )
    content = yaml.safe_load((ROOT / 'config/stereo.rviz').read_text())
    assert content['Visualization Manager']['Global Options']['Fixed Frame'] == frame
    with open_recording(ROOT / 'demo/recording') as recording:
        assert recording.cameras[0].frame_id == frame


def displays() -> list[dict[str, Any]]:
    """Return the displays of the rviz configuration."""
    content = yaml.safe_load((ROOT / 'config/stereo.rviz').read_text())
    found: list[dict[str, Any]] = content['Visualization Manager']['Displays']
    return found
