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

"""Session that reads spike frames and potentials in place."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import DTYPE
from spike_depth_ros.inference.memory import Memory

INPUT = 'spikes'


class BoundSession:
    """Session of a model with its outputs' shapes; not safe for threads."""

    def __init__(self, session: Any, shapes: Mapping[str, Sequence[int]]) -> None:
        """Bind nothing yet.

        Args:
            session: onnxruntime's session.
            shapes: shape of each output by name, without the states.
        """
        self._session, self._shapes = session, shapes
        self._binding = session.io_binding()

    def run(
        self, counts: npt.NDArray[np.uint8], memory: Memory, elapsed_ns: int | None
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return the outputs by name, in new arrays; step the memory.

        Args:
            counts: spike frame, uint8 [h, w, channels].
            memory: potentials of the model.
            elapsed_ns: see DepthEngine.infer.
        """
        frame = np.ascontiguousarray(counts)
        self._binding.bind_input(INPUT, 'cpu', 0, DTYPE, [1, *frame.shape], frame.ctypes.data)
        results = {name: np.empty(shape, np.float32) for name, shape in self._shapes.items()}
        for name, array in results.items():
            address = array.ctypes.data
            self._binding.bind_output(name, 'cpu', 0, np.float32, array.shape, address)
        memory.bind(self._binding, elapsed_ns, counts)
        self._session.run_with_iobinding(self._binding)
        memory.step()
        return results
