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

"""Settings of the depth node: its parameters, read once and immutable."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class DepthSettings:
    """Settings of the depth node.

    Args:
        model: path of the ONNX model.
        min_events: least number of events in a window that yields depth.
        min_confidence: least confidence of a pixel that has depth, 0 to 1; 0: off.
        provider: 'auto' or the name of an execution provider.
        threads: threads of the inference; 0: one for each core.
        queue: number of windows that may wait for inference.
        depth_encoding: '32FC1' (metres) or '16UC1' (millimetres).
    """

    model: str
    min_events: int
    min_confidence: float
    provider: str
    threads: int
    queue: int
    depth_encoding: str

    @classmethod
    def from_parameters(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings that the values of the table DEPTH give."""
        return cls(**values)
