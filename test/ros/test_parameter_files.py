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

"""Parameter files: sections for all nodes of a robot, for other nodes, and invalid files."""

from pathlib import Path

import pytest
from rcl_interfaces.srv import ListParameters

from testing.nodes import NodeProcess, one_sentence, run_to_the_end
from testing.probe import Probe

SHARED = """
/**:
  ros__parameters:
    use_sim_time: false
    robot_name: r2
    windw_ms: 10.0
    qos_overrides./scan.publisher.lifespan: 3
    model: {model}
    stereo: false
    window_ms: 20
"""


def started(probe: Probe, node: str, path: Path, *arguments: str) -> str:
    """Run a node with a parameter file until it reports; return what it logged."""
    with NodeProcess(node, {}, '--params-file', str(path), *arguments) as process:
        probe.until(lambda: any(node in name for name in probe.status), f'{node} reports')
        code, log = process.interrupt()
    assert code == 0
    return log


@pytest.fixture
def shared(tmp_path: Path, mono_model: Path) -> Path:
    path = tmp_path / 'robot.yaml'
    path.write_text(SHARED.format(model=mono_model))
    return path


@pytest.mark.parametrize('node', ['binner', 'depth'])
def test_a_section_for_a_whole_robot_starts_each_node(
    probe: Probe, shared: Path, node: str
) -> None:
    log = started(probe, node, shared)

    (warning,) = [line for line in log.splitlines() if 'ignored' in line]
    near = " (did you mean 'window_ms'?)" if node == 'binner' else ''
    assert f"'robot_name', 'windw_ms'{near}, 'qos_overrides./scan" in warning
    assert 'stereo' not in warning and 'model' not in warning
    (settings,) = [line for line in log.splitlines() if 'INFO' in line and '=' in line]
    if node == 'binner':
        assert 'stereo=false, window_ms=20.0, hop_ms=20.0,' in settings
        assert "sync='auto'" in settings
    else:
        assert 'model=' in settings and 'min_events=500' in settings


def test_ignored_parameters_are_not_declared(probe: Probe, shared: Path) -> None:
    with NodeProcess('binner', {}, '--params-file', str(shared)):
        client = probe.node.create_client(ListParameters, '/binner/list_parameters')
        probe.until(client.service_is_ready, 'the parameter service')
        response = probe.call(client, ListParameters.Request())
    names = response.result.names
    assert 'window_ms' in names
    assert not {'robot_name', 'windw_ms', 'model'} & set(names)


@pytest.mark.parametrize(
    ('content', 'arguments'),
    [
        ('binner:\n  ros__parameters:\n    windw_ms: 10.0\n', []),
        ('/**/binner:\n  ros__parameters:\n    windw_ms: 10.0\n', []),
        ('/rig:\n  binner:\n    ros__parameters: {windw_ms: 10.0}\n', ['-r', '__ns:=/rig']),
        ('/**:\n  ros__parameters:\n    windw_ms: 10.0\n', ['-p', 'windw_ms:=10.0']),
    ],
)
def test_an_unknown_name_of_the_node_itself_is_refused(
    tmp_path: Path, content: str, arguments: list[str]
) -> None:
    path = tmp_path / 'binner.yaml'
    path.write_text(content)
    code, error = run_to_the_end('binner', {}, '--params-file', str(path), *arguments)

    assert code == 1
    part = (
        "binner: there is no parameter 'windw_ms' (did you mean 'window_ms'?): use one of stereo"
    )
    assert one_sentence(error).startswith(part)


def test_the_parameters_of_one_node_in_a_launch_file_are_its_own(tmp_path: Path) -> None:
    """ros2 launch writes them under /** into a file of this name."""
    path = tmp_path / 'launch_params_x1y2z3'
    path.write_text('/**:\n  ros__parameters:\n    windw_ms: 10.0\n')
    code, error = run_to_the_end('binner', {}, '--params-file', str(path))

    assert code == 1
    assert "there is no parameter 'windw_ms'" in one_sentence(error)


@pytest.mark.parametrize(
    ('content', 'has'),
    [
        ('spike_binner:\n  ros__parameters:\n    stereo: false\n', "'/spike_binner'"),
        (
            'rig:\n  binner:\n    ros__parameters:\n      stereo: false\n'
            'depth:\n  ros__parameters:\n    model: x\n',
            "'/rig/binner' and '/depth'",
        ),
        ('# nothing\n', 'no section'),
    ],
)
def test_a_file_for_other_nodes_is_warned_of(
    probe: Probe, tmp_path: Path, content: str, has: str
) -> None:
    path = tmp_path / 'other.yaml'
    path.write_text(content)

    log = started(probe, 'binner', path)

    assert f"no parameter is taken from '{path}', as it has {has}, but this is '/binner'" in log
    assert 'stereo=true' in log


def test_tabs_within_a_line_are_no_mistake(probe: Probe, tmp_path: Path) -> None:
    path = tmp_path / 'tabs.yaml'
    path.write_text('binner:\n  ros__parameters:\n    stereo:\tfalse\t# one camera\n')

    assert 'stereo=false' in started(probe, 'binner', path)


@pytest.mark.parametrize(
    ('content', 'part'),
    [
        (None, 'cannot be read (No such file or directory): give a file that can'),
        (b'binner: [1\n', 'is no YAML (line 1: a list is not closed, or a comma is missing'),
        (b'binner:\n\tros__parameters:\n', 'is no YAML (line 2: it is indented with a tab'),
        (b'stereo: false\n', "has no ros__parameters: write a node's name"),
        (b'just a text\n', "has no ros__parameters: write a node's name"),
        (b'binner:\n  ros__parameters:\n', "below ros__parameters of '/binner' (line 2): write"),
        (b'binner:\n  ros__parameters:\n    sync:\n', "has no value for 'sync' (line 3)"),
        (b'\xff\x00\x81', 'is no text in UTF-8'),
        (b'binner:\n  ros__parameters:\n    a: [1, x]\n', 'Sequence should be of same type.'),
    ],
)
def test_an_invalid_file(tmp_path: Path, content: bytes | None, part: str) -> None:
    path = tmp_path / 'parameters.yaml'
    if content is not None:
        path.write_bytes(content)
    code, error = run_to_the_end('binner', {}, '--params-file', str(path))

    assert code == 1
    assert str(path) in one_sentence(error)
    assert part in one_sentence(error)
    assert '.c:' not in one_sentence(error)
