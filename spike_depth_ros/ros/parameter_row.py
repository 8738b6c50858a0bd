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

"""One row of a node's parameter table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One parameter of a node.

    Args:
        name: name of the parameter.
        default: default value; its type is the parameter's. A float accepts a whole number too.
        unit: unit of the value, '' if it has none.
        description: one sentence, which `ros2 param describe` shows.
        minimum, maximum: allowed range of a number, both included.
        choices: allowed texts; any text if empty.
        required: whether the empty text is refused.
        is_list: whether the value may also be a list of texts.
        is_path: whether the value is a path; ~ is the home folder, and a leading file:// is cut.
        follows: name of the parameter whose value is the default instead, '' for none.
        read_only: whether the value is fixed while the node runs.
    """

    name: str
    default: bool | int | float | str
    unit: str
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    is_list: bool = False
    is_path: bool = False
    follows: str = ''
    read_only: bool = True

    def allowed(self) -> str:
        """Return the allowed values in words."""
        if self.choices:
            return ' or '.join(repr(choice) for choice in self.choices)
        if isinstance(self.default, bool):
            return 'true or false'
        if isinstance(self.default, str):
            text = 'a text that is not empty' if self.required else 'a text'
            return f'{text}, or a list of texts' if self.is_list else text
        kind = 'whole number' if isinstance(self.default, int) else 'number'
        return f'a {kind} from {self.minimum:g} to {self.maximum:g}'


Table = tuple[ParameterRow, ...]
