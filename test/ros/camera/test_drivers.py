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

"""Launch files of cameras: order, parameters and remappings that the drivers need."""

import ast
from pathlib import Path

import pytest

from spike_depth_ros.ros.camera.drivers import INIVATION, PROPHESEE, Argument, Driver
from spike_depth_ros.ros.event_topic import TOPICS
from spike_depth_ros.ros.parameter_tables import EVENT_CAMERAS

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / 'spike_depth_ros/ros/camera_launch.py'
both = pytest.mark.parametrize('driver', [PROPHESEE, INIVATION], ids=['prophesee', 'inivation'])
FILES = {
    'prophesee_stereo': 'describe_prophesee',
    'inivation_stereo': 'describe_inivation',
    'camera': 'describe_camera',
}


def calls(function: str, path: Path = SOURCE) -> list[ast.Call]:
    """Return the calls of a function in a file: the package launch need not be installed."""
    every = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [call for call in every if getattr(call.func, 'id', '') == function]


def assigned(name: str) -> ast.expr:
    """Return the value of a name in the module."""
    statements = ast.parse(SOURCE.read_text()).body
    assignments = [node for node in statements if isinstance(node, ast.Assign)]
    return next(node.value for node in assignments if node.targets[0].id == name)


def declared() -> dict[str, str]:
    """Return the descriptions of the launch arguments."""
    return {
        call.args[0].value: ast.literal_eval(keyword.value)
        for call in calls('DeclareLaunchArgument')
        for keyword in call.keywords
        if keyword.arg == 'description'
    }


def test_prophesee_cameras_start_with_the_secondary_which_the_primary_calls() -> None:
    secondary, primary = PROPHESEE.nodes
    assert (secondary.parameters['sync_mode'], primary.parameters['sync_mode']) == (
        'secondary',
        'primary',
    )
    assert dict(primary.remappings)['~/ready'] == f'{secondary.name}/ready'
    assert '~/ready' not in dict(secondary.remappings)
    assert PROPHESEE.plugin == 'metavision_driver::DriverROS2'


def test_inivation_cameras_start_with_the_slave_which_hears_the_master() -> None:
    slave, master = INIVATION.nodes
    assert (slave.parameters['master'], master.parameters['master']) == (False, True)
    for node in INIVATION.nodes:
        assert dict(node.remappings)['~/reset_timestamps'] == f'{master.name}/reset_timestamps'
    assert INIVATION.plugin == 'libcaer_driver::Driver'


@both
def test_events_come_on_the_topics_of_the_binner(driver: Driver) -> None:
    topics = {dict(node.remappings)['~/events'] for node in driver.nodes}
    assert topics == set(TOPICS)
    for node in driver.nodes:
        assert dict(node.remappings)['~/events'].partition('/')[0] in node.name


@both
def test_each_camera_has_its_serial_number_and_frame(driver: Driver) -> None:
    for node in driver.nodes:
        side = node.name.partition('_')[0]
        assert node.parameters['serial'] == Argument(f'{side}_serial', str)
        frames = {name: v for name, v in node.parameters.items() if name.endswith('frame_id')}
        assert list(frames.values()) == [node.name]


@both
def test_arguments_of_the_drivers_are_declared(driver: Driver) -> None:
    given = [value for node in driver.nodes for value in node.parameters.values()]
    names = {value.name for value in given if isinstance(value, Argument)}
    assert names <= declared().keys()
    assert all(text.endswith('.') for text in declared().values())


def test_the_camera_node_gets_parameters_that_it_has() -> None:
    rows = {row.name: type(row.default) for row in EVENT_CAMERAS}
    assignment = assigned('CAMERA_PARAMETERS')
    assert isinstance(assignment, ast.Tuple)
    kinds = {'str': str, 'bool': bool, 'float': float, 'int': int}
    given = {call.args[0].value: kinds[call.args[1].id] for call in assignment.elts}
    assert given.items() <= rows.items()
    assert {'left', 'right', 'synchronised'} < given.keys() <= declared().keys()


@pytest.mark.parametrize('name', FILES)
def test_launch_files_describe_their_cameras(name: str) -> None:
    path = ROOT / f'launch/{name}.launch.py'
    assert len(calls(FILES[name], path)) == 1


def test_files_of_the_package_exist() -> None:
    for name in ('STEREO', 'MONO'):
        settings, model = ast.literal_eval(assigned(name))
        assert (ROOT / 'config' / settings).is_file()
        assert (ROOT / 'models' / model).is_file()


def test_the_end_of_a_camera_ends_the_launch() -> None:
    for call in (*calls('Node'), *calls('ComposableNodeContainer')):
        (action,) = (keyword.value for keyword in call.keywords if keyword.arg == 'on_exit')
        assert ast.unparse(action).startswith('Shutdown(reason=')
