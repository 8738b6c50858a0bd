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

"""Launch file of a replay: its arguments, and the parameters that it gives to the nodes."""

import ast
from pathlib import Path

from spike_depth_ros.ros.demo.source import Inputs, open_source
from spike_depth_ros.ros.event_topic import reliable_events
from spike_depth_ros.ros.parameter_tables import BINNER, REPLAY
from spike_depth_ros.ros.parameters import checked

ROOT = Path(__file__).parents[1]
FILE = ROOT / 'spike_depth_ros/ros/replay_launch.py'


def calls(function: str) -> list[ast.Call]:
    """Return the calls of a function: the package launch need not be installed."""
    every = [node for node in ast.walk(ast.parse(FILE.read_text())) if isinstance(node, ast.Call)]
    return [call for call in every if getattr(call.func, 'id', '') == function]


def test_arguments_are_declared_described_and_used() -> None:
    declared = {}
    for call in calls('DeclareLaunchArgument'):
        (text,) = (k.value for k in call.keywords if k.arg == 'description')
        declared[call.args[0].value] = ast.literal_eval(text)
    names = [call.args[1] for call in calls('_given')]
    names += [call.args[0] for call in calls('LaunchConfiguration')]
    used = {name.value for name in names if isinstance(name, ast.Constant)}
    assert used | {'rviz'} == declared.keys()  # launch_description.rviz takes that one
    assert all(text.endswith('.') for text in declared.values())


def test_the_nodes_are_those_of_the_package() -> None:
    started = [call.args[0].value for call in calls('_node')]
    assert started == ['binner', 'depth', 'replay']
    setup = (ROOT / 'setup.py').read_text()
    assert all(f"'{name} = " in setup for name in started)


def test_the_nodes_take_the_parameters_that_fit_a_recording() -> None:
    source = open_source(Inputs((ROOT / 'demo/recording',), start_s=1.0, duration_s=2.0))
    for given, table in (
        (source.binner_parameters(), BINNER),
        (source.replay_parameters(), REPLAY),
    ):
        rows = {row.name: row for row in table}
        assert given.keys() <= rows.keys()
        for name, value in given.items():
            checked(rows[name], value)
    assert source.replay_parameters()['left'] == '/left/events'
    assert source.duration_s == 2.0


def test_events_of_a_replay_are_reliable_in_any_namespace() -> None:
    name = 'qos_overrides./left/events.publisher.reliability'
    assert reliable_events('publisher', 1) == {name: 'reliable'}
    for namespace in ('robot', '/robot', '/robot/'):
        left, right = reliable_events('subscription', 2, namespace)
        assert left == 'qos_overrides./robot/left/events.subscription.reliability'
        assert right == 'qos_overrides./robot/right/events.subscription.reliability'
