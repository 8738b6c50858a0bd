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

"""Execution providers of onnxruntime, by short names.

openvino and cpu are tested; tensorrt and cuda have not been tried on a GPU.
"""

from collections.abc import Collection

AUTO, OPENVINO, CPU = 'auto', 'openvino', 'cpu'
# Fastest first.
FULL_NAMES = {
    'tensorrt': 'TensorrtExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    OPENVINO: 'OpenVINOExecutionProvider',
    CPU: 'CPUExecutionProvider',
}
CHOICES = (AUTO, *FULL_NAMES)


def order(choice: str, available: Collection[str]) -> list[str]:
    """Return the providers to try: the choice, then the available ones, fastest first.

    Args:
        choice: one of CHOICES.
        available: full names from onnxruntime.get_available_providers.
    """
    present = [name for name, full in FULL_NAMES.items() if full in available]
    if choice == AUTO:
        return present
    return [CPU] if choice == CPU else [choice, *(name for name in present if name != choice)]


def settings(name: str, threads: int) -> list[tuple[str, dict[str, str]]]:
    """Return providers and their options for onnxruntime, the chosen one first.

    The others compute the nodes that the first does not support.

    Args:
        name: short name of the provider.
        threads: inference threads of a CPU provider.
    """
    options = {
        'tensorrt': {'trt_int8_enable': '1'},  # the model file states the precision of each node
        'cuda': {'use_tf32': '0'},  # TF32 would round potentials and readout
        OPENVINO: {'device_type': 'CPU', 'num_of_threads': str(threads)},
    }
    others = {'tensorrt': ['cuda', CPU], 'cuda': [CPU], OPENVINO: [CPU]}
    return [(FULL_NAMES[each], options.get(each, {})) for each in (name, *others.get(name, []))]
