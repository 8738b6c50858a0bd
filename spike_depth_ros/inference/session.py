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

"""onnxruntime session of a model file."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime

from spike_depth_ros.inference import providers
from spike_depth_ros.inference.model_file import check_model_file, unreadable

_TYPES = {'tensor(uint8)': np.uint8, 'tensor(float)': np.float32}


class Loaded(NamedTuple):
    """Session and the provider in use.

    Attributes:
        session: the onnxruntime session.
        provider: short name of the provider.
        warning: one sentence if it is another provider than the requested one, else ''.
    """

    session: Any
    provider: str
    warning: str


def load(path: Path, threads: int, provider: str, model: bytes | None = None) -> Loaded:
    """Load a model with the requested provider, or with the next that works.

    Args:
        path: ONNX file.
        threads: inference threads; 0 means one per physical core that this process may use.
        provider: one of providers.CHOICES.
        model: content that is loaded in the file's place.

    Raises:
        ModelError: no provider can load the file.
    """
    if model is None:
        check_model_file(path)
    failed: list[str] = []
    for name in providers.order(provider, onnxruntime.get_available_providers()):
        try:
            session = _session(model or str(path), threads or physical_cores(), name)
        except Exception as error:  # onnxruntime's errors share no base of their own
            reason = str(error).partition('\n')[0]
        else:
            if session.get_providers()[0] == providers.FULL_NAMES[name]:
                return Loaded(session, name, _warning(failed, name))
            reason = 'its libraries or its device are missing'
        failed.append(f"'{name}' ({reason})")
    raise unreadable(path, reason)


def _session(model: str | bytes, threads: int, name: str) -> Any:
    if providers.FULL_NAMES[name] not in onnxruntime.get_available_providers():
        raise RuntimeError('this onnxruntime was built without it')
    session = onnxruntime.InferenceSession(
        model,
        sess_options=session_options(name, threads),
        providers=providers.settings(name, threads),
    )
    if name != providers.CPU:
        _try_out(session)
    return session


def session_options(name: str, threads: int) -> onnxruntime.SessionOptions:
    """Return the session options for a provider."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Idle threads sleep: the other nodes need the cores.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    options.log_severity_level = 3  # errors are raised; warnings are for exporters
    if name == providers.OPENVINO:
        # OpenVINO takes whole graphs and has its own optimisations. Those of onnxruntime move a
        # Transpose out of a matrix product, which costs a tenth of the time.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


def _try_out(session: Any) -> None:
    """Infer once: some providers fail only at the first inference."""
    inputs = session.get_inputs()
    session.run(None, {node.name: np.zeros(node.shape, _TYPES[node.type]) for node in inputs})


def _warning(failed: list[str], used: str) -> str:
    if not failed:
        return ''
    return (
        f"The provider {' and '.join(failed)} cannot be used, so '{used}' computes: install "
        f'its libraries, or set provider to another of {", ".join(providers.CHOICES)}.'
    )


def physical_cores() -> int:
    """Return the number of physical cores that this process may run on.

    The process's affinity counts, which taskset and cpusets set. Onnxruntime's own default takes
    all cores of the machine and pins its threads to them.
    """
    siblings = set()
    for cpu in os.sched_getaffinity(0):
        topology = Path(f'/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list')
        siblings.add(topology.read_text() if topology.exists() else str(cpu))
    return len(siblings)
