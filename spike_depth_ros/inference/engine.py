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

"""Depth engine: an exported network in onnxruntime."""

from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import DTYPE
from spike_depth_ros.inference import providers
from spike_depth_ros.inference.bound_session import INPUT, BoundSession
from spike_depth_ros.inference.contract import ContractError, ModelContract
from spike_depth_ros.inference.memory import MembraneState, Memory
from spike_depth_ros.inference.model_file import ModelError
from spike_depth_ros.inference.model_outputs import without_outputs
from spike_depth_ros.inference.session import load

_FRAME_TYPE = np.dtype(DTYPE).name
_CONFIDENCE = 'confidence'
_ACTIVITY = ('firing_rates', 'mean_spikes')
_UNCOUNTED = dict.fromkeys(_ACTIVITY, np.zeros(0, np.float32))
_TYPE_NAMES = {'tensor(uint8)': 'uint8', 'tensor(float)': 'float32'}

Tensors = dict[str, tuple[str, list[int]]]


class Outputs(Enum):
    """Outputs of the network that an inference is to compute; the value: those it may omit."""

    ALL = ()
    WITHOUT_ACTIVITY = _ACTIVITY
    DEPTH = (*_ACTIVITY, _CONFIDENCE)


_SHORTER = (Outputs.WITHOUT_ACTIVITY, Outputs.DEPTH)


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """Outputs of the network for one spike frame.

    Attributes:
        depth: float32 [h, w], metres for a rig with the model's baseline.
        firing_rates: float32 [L], non-zero share of each spiking layer's output; [0] if the
            activity was not computed.
        mean_spikes: float32 [L], mean of each spiking layer's output; [0] likewise.
        confidence: float32 [h, w], in (0, 1], the probability that depth is within 10 % of the
            truth; None if it was not computed, or from a model without confidence.
    """

    depth: npt.NDArray[np.float32]
    firing_rates: npt.NDArray[np.float32]
    mean_spikes: npt.NDArray[np.float32]
    confidence: npt.NDArray[np.float32] | None = None


class DepthEngine:
    """Loaded network that infers depth from spike frames.

    Args:
        path: ONNX file.
        threads: inference threads; 0 means one per physical core that this process may use.
        provider: one of providers.CHOICES; a provider that cannot be used is replaced by the
            next.

    Attributes:
        contract: the file's contract.
        provider: short name of the provider in use.
        warning: one sentence if it is another provider than the requested one, else ''.
        gives_confidence: whether the file has the output `confidence`.
        memory: potentials that last from window to window; without states for a model that has
            no memory.

    Raises:
        ModelError: the file is missing, is no ONNX file, has no contract or one of another
            version, or has inputs or outputs that contradict its contract.
    """

    def __init__(self, path: Path | str, threads: int = 0, provider: str = providers.AUTO) -> None:
        path = Path(path)
        session, self.provider, self.warning = load(path, threads, provider)
        try:
            metadata = session.get_modelmeta().custom_metadata_map
            self.contract = ModelContract.from_metadata(metadata)
        except ContractError as error:
            raise ModelError(f"The model '{path}' cannot be used: {error}") from error
        outputs = session.get_outputs()
        self.gives_confidence = any(node.name == _CONFIDENCE for node in outputs)
        contract = self.contract
        states = _state_shapes(contract, session)
        needed = _outputs(contract, self.gives_confidence)
        problem = _misfit(contract, needed, states, session)
        if problem:
            raise ModelError(f"The model '{path}' {problem}; export it again.")
        self.memory = Memory(contract.states, states, contract.window_ns)
        self._frame_shape = (contract.height, contract.width, contract.channels)
        self._shapes = {name: shape for name, (_, shape) in needed.items()}
        self._forms = {Outputs.ALL: BoundSession(session, self._shapes)}
        # The file may be another one when they are loaded.
        self._load = partial(load, path, threads, self.provider)
        self._model = path.read_bytes()

    def load_shorter(self) -> None:
        """Load the model once more for each choice of outputs, for faster inferences.

        This takes as long as the start, and memory, unless they are loaded.
        """
        for outputs in _SHORTER if self.gives_confidence else (Outputs.DEPTH,):
            if outputs not in self._forms:
                session = self._load(without_outputs(self._model, outputs.value)).session
                names = self._shapes.keys() - outputs.value
                shapes = {name: self._shapes[name] for name in names}
                self._forms[outputs] = BoundSession(session, shapes)
        self._forms.setdefault(Outputs.WITHOUT_ACTIVITY, self._forms[Outputs.DEPTH])

    def drop_shorter(self) -> None:
        """Free the memory of `load_shorter`: all inferences compute all outputs."""
        for outputs in _SHORTER:
            self._forms.pop(outputs, None)

    def infer(
        self,
        counts: npt.NDArray[np.uint8],
        elapsed_ns: int | None = None,
        outputs: Outputs = Outputs.ALL,
    ) -> Inference:
        """Infer depth from one spike frame.

        The network reads the frame in place and writes into new arrays. Not thread-safe. An
        inference that fails leaves the memory as it was.

        Args:
            counts: spike frame, uint8 [h, w, channels].
            elapsed_ns: time from the end of the window before to the end of this one,
                nanoseconds, above 0; None forgets all windows before. Models without memory
                ignore it.
            outputs: least outputs to compute; fewer than all are faster after `load_shorter`.

        Raises:
            ValueError: the frame has another shape or type, or elapsed_ns is not above 0.
        """
        if counts.shape != self._frame_shape or counts.dtype != DTYPE:
            raise ValueError(
                f'The spike frame is {counts.dtype} {counts.shape}, but the model takes '
                f'{_FRAME_TYPE} {self._frame_shape}.'
            )
        if elapsed_ns is not None and elapsed_ns <= 0:
            raise ValueError(f'elapsed_ns is {elapsed_ns}, but must be above 0, or None.')
        form = self._forms.get(outputs, self._forms[Outputs.ALL])
        results = _UNCOUNTED | form.run(counts, self.memory, elapsed_ns)
        images = (name for name in ('depth', _CONFIDENCE) if name in results)
        return Inference(**results | {name: results[name][0, 0] for name in images})

    def warm_up(self) -> None:
        """Infer once: the first inference allocates memory and takes longer."""
        self.infer(np.zeros(self._frame_shape, DTYPE))


def _outputs(contract: ModelContract, gives_confidence: bool) -> Tensors:
    """Return the expected type and shape of each output by name."""
    layers = [len(contract.layers)]
    image = [1, 1, contract.height, contract.width]
    optional: Tensors = {_CONFIDENCE: ('float32', image)} if gives_confidence else {}
    return {
        'depth': ('float32', image),
        'firing_rates': ('float32', layers),
        'mean_spikes': ('float32', layers),
        **optional,
    }


def _state_shapes(contract: ModelContract, session: Any) -> dict[str, list[int]]:
    """Return the shape of each state by name; that of a missing one is a guess."""
    found = {node.name: node.shape for node in session.get_inputs()}
    image = [1, 1, contract.height, contract.width]
    return {state.name: found.get(f'{state.name}_in', image) for state in contract.states}


def _misfit(
    contract: ModelContract, outputs: Tensors, states: dict[str, list[int]], session: Any
) -> str | None:
    """Return the first wrong input or output, as the end of a sentence, or None.

    Args:
        contract: the file's contract.
        outputs: type and shape of each output by name, without the states.
        states: shape of each state by name.
        session: session of the file.
    """
    inputs: Tensors = {
        INPUT: (_FRAME_TYPE, [1, contract.height, contract.width, contract.channels])
    }
    outputs = dict(outputs)
    for state in contract.states:
        shape = states[state.name]
        if problem := _impossible_state(state, shape):
            return problem
        factors = state.factors_shape(shape)
        inputs[f'{state.name}_in'] = outputs[f'{state.name}_out'] = ('float32', shape)
        inputs[f'{state.name}_leak'] = inputs[f'{state.name}_gain'] = ('float32', factors)
    others = [node.name for node in session.get_inputs() if node.name not in inputs]
    if others:
        allowed = ', '.join(f"'{name}'" for name in inputs)
        verb = 'is' if len(inputs) == 1 else 'are'
        return f"has the input '{others[0]}', but {allowed} alone {verb} allowed"
    return _difference('input', inputs, session.get_inputs()) or _difference(
        'output', outputs, session.get_outputs()
    )


def _impossible_state(state: MembraneState, shape: list[int]) -> str | None:
    name, channels = f'{state.name}_in', len(state.tau_ms)
    if len(shape) != 4 or shape[0] != 1 or not all(isinstance(n, int) and n > 0 for n in shape):
        return f"has the input '{name}' of shape {shape}, but [1, channels, h, w] is needed"
    if channels not in (1, shape[1]):
        return (
            f"has {channels} time constants for the {shape[1]} channels of '{name}', but one, or "
            'one for each channel, is needed'
        )
    return None


def _difference(kind: str, needed: Tensors, nodes: list[Any]) -> str | None:
    found = {node.name: (_TYPE_NAMES.get(node.type, node.type), node.shape) for node in nodes}
    for name, (dtype, shape) in needed.items():
        if name not in found:
            return f"has no {kind} '{name}'; it has {', '.join(sorted(found))}"
        if found[name] != (dtype, shape):
            has = f'{found[name][0]} {found[name][1]}'
            return f"has the {kind} '{name}' as {has}, but its contract needs {dtype} {shape}"
    return None
