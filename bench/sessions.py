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

"""Inference sessions with a required execution provider."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.inference.session import load


def session_with(path: Path, provider: str) -> Any:
    """Return a session; raise RuntimeError if the provider is not available."""
    loaded = load(path, 0, provider)
    if loaded.provider != provider:
        raise RuntimeError(loaded.warning)
    return loaded.session


def feed(session: Any, frame: npt.NDArray[np.uint8]) -> dict[str, npt.NDArray[Any]]:
    """Return a session's inputs for a spike frame, [h, w, 2 or 4], without any memory."""
    spikes, *states = session.get_inputs()
    counts = np.ascontiguousarray(frame[None, ..., : spikes.shape[-1]])
    return {'spikes': counts} | {node.name: np.zeros(node.shape, np.float32) for node in states}
