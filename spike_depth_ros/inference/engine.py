"""Running an exported network with onnxruntime."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from spike_depth_ros.inference.contract import ContractError, ModelContract

OPENVINO = 'OpenVINOExecutionProvider'
_INPUT = 'spikes'
_TYPE_NAMES = {'tensor(uint8)': 'uint8', 'tensor(float)': 'float32'}


class ModelError(ValueError):
    """A model file that cannot be used; says why in one sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """Hold what the network says of one spike frame.

    depth: float32 [h, w], metres at the model's own baseline, as the network gave them.
    firing_rates, mean_spikes: float32 [L], for each spiking layer the share of values that are
    not zero and their mean.
    """

    depth: npt.NDArray[np.float32]
    firing_rates: npt.NDArray[np.float32]
    mean_spikes: npt.NDArray[np.float32]


class DepthEngine:
    """Hold a network ready to infer depth from spike frames.

    path: the ONNX file. threads: how many compute; 0 means one for each physical core that this
    process may use. provider: onnxruntime's name of what computes, OpenVINO where it is there.

    Raises ModelError when the file is missing, is no ONNX file, carries no or another contract,
    or has inputs and outputs other than its contract says.
    """

    def __init__(self, path: Path | str, threads: int = 0) -> None:
        self._session = _load(Path(path), threads or physical_cores())
        self.provider: str = self._session.get_providers()[0]
        try:
            self.contract = ModelContract.from_metadata(
                self._session.get_modelmeta().custom_metadata_map
            )
        except ContractError as error:
            raise ModelError(f"The model '{path}' cannot be used: {error}") from error
        problem = _misfit(self.contract, self._session)
        if problem:
            raise ModelError(f"The model '{path}' {problem}; export it again.")
        shape = (1, self.contract.channels, self.contract.height, self.contract.width)
        self._spikes: npt.NDArray[np.uint8] = np.zeros(shape, np.uint8)

    def infer(self, counts: npt.NDArray[np.uint8]) -> Inference:
        """Infer depth from one spike frame, uint8 [h, w, channels].

        Raises ValueError when the frame has another shape or type. Not for several threads.
        """
        _, channels, height, width = self._spikes.shape
        if counts.shape != (height, width, channels) or counts.dtype != np.uint8:
            raise ValueError(
                f'The spike frame is {counts.dtype} {counts.shape}, but the model takes uint8 '
                f'{(height, width, channels)}.'
            )
        np.copyto(self._spikes[0], counts.transpose(2, 0, 1))
        outputs = ['depth', 'firing_rates', 'mean_spikes']
        depth, firing_rates, mean_spikes = self._session.run(outputs, {_INPUT: self._spikes})
        return Inference(depth[0, 0], firing_rates, mean_spikes)

    def warm_up(self) -> None:
        """Infer once, so that the first real frame does not pay for allocations."""
        _, channels, height, width = self._spikes.shape
        self.infer(np.zeros((height, width, channels), np.uint8))


def physical_cores() -> int:
    """Return how many physical cores this process may run on.

    onnxruntime's own default counts those of the machine and pins its threads to them, whatever
    a container or taskset allows.
    """
    siblings = set()
    for cpu in os.sched_getaffinity(0):
        topology = Path(f'/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list')
        siblings.add(topology.read_text() if topology.exists() else str(cpu))
    return len(siblings)


def _load(path: Path, threads: int) -> Any:
    if not path.is_file():
        raise ModelError(
            f"The model file '{path}' does not exist: give the path of an exported ONNX file."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # A thread that waits for work sleeps: the other nodes need the cores.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    options.log_severity_level = 3  # errors are raised; its warnings speak to exporters
    reason = ''
    for providers in _providers(threads):
        try:
            return onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=providers
            )
        except Exception as error:  # onnxruntime's errors share no base of their own
            reason = str(error).partition('\n')[0]
    raise ModelError(
        f"The model file '{path}' is no ONNX file that onnxruntime can load ({reason}): "
        f'export it again.'
    )


def _providers(threads: int) -> list[list[Any]]:
    """Return what to try, the fastest first; OpenVINO is there in onnxruntime-openvino only.

    A model's weights make sums of spikes exact, so every provider finds the same spikes.
    """
    cpu = ['CPUExecutionProvider']
    if OPENVINO not in onnxruntime.get_available_providers():
        return [cpu]
    settings = {'device_type': 'CPU', 'num_of_threads': str(threads)}
    return [[(OPENVINO, settings), *cpu], cpu]


def _misfit(contract: ModelContract, session: Any) -> str | None:
    """Return what is wrong with inputs or outputs, as the end of a sentence, or None."""
    size, layers = [contract.height, contract.width], len(contract.layers)
    inputs = {_INPUT: ('uint8', [1, contract.channels, *size])}
    outputs = {
        'depth': ('float32', [1, 1, *size]),
        'firing_rates': ('float32', [layers]),
        'mean_spikes': ('float32', [layers]),
    }
    others = [node.name for node in session.get_inputs() if node.name != _INPUT]
    if others:
        return f"has the input '{others[0]}', but '{_INPUT}' alone is allowed"
    return _difference('input', inputs, session.get_inputs()) or _difference(
        'output', outputs, session.get_outputs()
    )


def _difference(
    kind: str, needed: dict[str, tuple[str, list[int]]], nodes: list[Any]
) -> str | None:
    found = {node.name: (_TYPE_NAMES.get(node.type, node.type), node.shape) for node in nodes}
    for name, (dtype, shape) in needed.items():
        if name not in found:
            return f"has no {kind} '{name}'; it has {', '.join(sorted(found))}"
        if found[name] != (dtype, shape):
            has = f'{found[name][0]} {found[name][1]}'
            return f"has the {kind} '{name}' as {has}, but its contract needs {dtype} {shape}"
    return None
