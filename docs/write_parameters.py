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

"""Write docs/reference/parameters.md: nodes' parameters and launch arguments, as tables.

Usage: .venv/bin/python docs/write_parameters.py
"""

import ast
from pathlib import Path

from spike_depth_ros.ros.parameter_row import ParameterRow, Table
from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH, EVENT_CAMERAS, REPLAY

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / 'docs/reference/parameters.md'
NODES: dict[str, Table] = {
    'binner': BINNER,
    'depth': DEPTH,
    'replay': REPLAY,
    'camera': EVENT_CAMERAS,
}
INTRODUCTION = """\
# Parameters

`docs/write_parameters.py` writes this page from the parameter tables in
`spike_depth_ros/ros/parameter_tables.py` and the launch arguments in `launch_description.py`,
`camera_launch.py` and `replay_launch.py` beside it; `make docs` runs it.
Edit those files, not this one.

A parameter is read-only unless its row says *changes while running*. `config/stereo.yaml` and
`config/mono.yaml` list the parameters of `binner` and `depth` with their defaults. A wrong name,
type or value stops a node at start with one sentence and exit code 1. An unknown name in a section
for the whole robot (`/**`) of a parameter file is ignored, with a warning if no node of this
package knows the name. A parameter file without a section for the node gets a warning. A whole
number is accepted where a float is wanted. Paths may begin with `~`. Each node logs its settings
once, when it starts.

`pipeline` takes the parameters of `binner` and `depth`. On its command line the node's name may be
left out.
"""
LAUNCH = """
## Launch arguments

`stereo.launch.py` and `mono.launch.py` take the same arguments. With one camera those of the right
camera have no effect. When one node ends, the launch ends the others.

| argument | meaning |
|---|---|
"""
CAMERA_LAUNCH = """
`prophesee_stereo.launch.py` and `inivation_stereo.launch.py` start the drivers of two cameras and
need both serial numbers; `camera.launch.py` starts the `camera` node. Each takes all arguments
above too, and its part of these:

| argument | meaning |
|---|---|
"""
REPLAY_LAUNCH = """
`replay.launch.py` looks into the recording: one or two cameras, calibration, model and frame
follow from it. It ends when all is sent.

| argument | meaning |
|---|---|
"""
DESCRIPTION = 'spike_depth_ros/ros/launch_description.py'
CAMERA_DESCRIPTION = 'spike_depth_ros/ros/camera_launch.py'
REPLAY_DESCRIPTION = 'spike_depth_ros/ros/replay_launch.py'


def parameter_row(row: ParameterRow) -> str:
    """Return one line of a node's table."""
    default = str(row.default).lower() if isinstance(row.default, bool) else row.default
    unit = f' {row.unit}' if row.unit else ''
    shown = f'`{default}`{unit}' if default != '' else ''
    changes = '' if row.read_only else ' *Changes while running.*'
    return f'| `{row.name}` | {shown} | {row.allowed()} | {row.description}{changes} |\n'


def node_section(node: str, table: Table) -> str:
    """Return the heading and the table of one node."""
    heading = f'\n## {node}\n\n| name | default | allowed | meaning |\n|---|---|---|---|\n'
    return heading + ''.join(parameter_row(row) for row in table)


def launch_arguments(path: str = DESCRIPTION) -> dict[str, str]:
    """Return name and description of each launch argument that a file declares.

    The file is parsed, not imported: the package `launch` may be missing.
    """
    tree = ast.parse((ROOT / path).read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    declared = [call for call in calls if getattr(call.func, 'id', '') == 'DeclareLaunchArgument']
    return {
        ast.literal_eval(call.args[0]): next(
            ast.literal_eval(keyword.value)
            for keyword in call.keywords
            if keyword.arg == 'description'
        )
        for call in declared
    }


def page() -> str:
    """Return the whole page."""
    sections = ''.join(node_section(node, table) for node, table in NODES.items())
    tables = (
        introduction
        + ''.join(f'| `{name}` | {text} |\n' for name, text in launch_arguments(path).items())
        for introduction, path in (
            (LAUNCH, DESCRIPTION),
            (CAMERA_LAUNCH, CAMERA_DESCRIPTION),
            (REPLAY_LAUNCH, REPLAY_DESCRIPTION),
        )
    )
    return INTRODUCTION + sections + ''.join(tables)


if __name__ == '__main__':
    PAGE.write_text(page())
