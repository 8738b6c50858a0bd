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

"""Profile a model layer by layer: `python -m bench.layers [MODEL] [--provider cpu|openvino]`."""

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime

from spike_depth_ros.inference.providers import settings
from spike_depth_ros.inference.session import physical_cores

DEFAULT_MODEL = Path(__file__).parents[1] / 'models' / 'coincidence.onnx'
FRAMES = 50
EVENT_DENSITY = 0.05  # events per pixel and channel in a window of a moving camera
KERNEL = '_kernel_time'


class Layer(NamedTuple):
    """Time of one node of the graph, microseconds per frame."""

    name: str
    kind: str
    us: float


def main() -> None:
    """Print the time of each node over 1 % of the total, slowest first, and sums by kind."""
    parser = argparse.ArgumentParser(prog='python -m bench.layers', description=__doc__)
    parser.add_argument('model', nargs='?', type=Path, default=DEFAULT_MODEL)
    parser.add_argument('--provider', choices=('cpu', 'openvino'), default='cpu')
    arguments = parser.parse_args()
    profile = of_onnxruntime if arguments.provider == 'cpu' else of_openvino
    layers = sorted(profile(arguments.model), key=lambda layer: -layer.us)
    total_us = sum(layer.us for layer in layers)
    for layer in layers:
        if layer.us > total_us / 100:
            print(f'{layer.us:8.0f} us {layer.us / total_us:5.0%}  {layer.kind:40} {layer.name}')
    kinds: defaultdict[str, float] = defaultdict(float)
    for layer in layers:
        kinds[layer.kind] += layer.us
    print('\nby kind')
    for kind, us in sorted(kinds.items(), key=lambda item: -item[1]):
        if us > total_us / 100:
            print(f'{us:8.0f} us {us / total_us:5.0%}  {kind}')
    print(f'{total_us:8.0f} us in all')


def of_onnxruntime(model: Path) -> Iterator[Layer]:
    """Yield the times of the nodes in onnxruntime's CPU provider, after its fusions."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = physical_cores()
        options.enable_profiling = True
        # As inference/session.py sets it.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        options.profile_file_prefix = f'{folder}/profile'
        session = onnxruntime.InferenceSession(str(model), options, settings('cpu', 0))
        shapes = {node.name: tuple(node.shape) for node in session.get_inputs()}
        for feed in _feeds(shapes):
            session.run(None, feed)
        events = json.loads(Path(session.end_profiling()).read_text())
    spent: defaultdict[tuple[str, str], float] = defaultdict(float)
    for event in events:
        if event['name'].endswith(KERNEL):
            name = event['name'].removesuffix(KERNEL)
            spent[name, event['args']['op_name']] += event['dur']
    for (name, kind), us in spent.items():
        yield Layer(name, kind, us / FRAMES)


def of_openvino(model: Path) -> Iterator[Layer]:
    """Yield the times of the nodes in OpenVINO, which onnxruntime shows as a single node."""
    import openvino

    compiled = openvino.Core().compile_model(
        str(model),
        'CPU',
        {
            'PERF_COUNT': True,
            'INFERENCE_NUM_THREADS': physical_cores(),
            'INFERENCE_PRECISION_HINT': 'f32',
        },
    )
    request = compiled.create_infer_request()
    spent: defaultdict[tuple[str, str], float] = defaultdict(float)
    shapes = {node.any_name: tuple(node.shape) for node in compiled.inputs}
    for feed in _feeds(shapes):
        request.infer(feed)
        for node in request.profiling_info:
            kind = f'{node.node_type} {node.exec_type}'
            spent[node.node_name, kind] += node.real_time.total_seconds() * 1e6
    for (name, kind), us in spent.items():
        yield Layer(name, kind, us / FRAMES)


def _feeds(shapes: Mapping[str, tuple[int, ...]]) -> Iterator[dict[str, np.ndarray]]:
    """Yield spike frames of noise, with ones for states, leaks and gains."""
    random = np.random.default_rng(1)
    ones = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    for _ in range(FRAMES):
        frame = random.poisson(EVENT_DENSITY, shapes['spikes']).astype(np.uint8)
        yield ones | {'spikes': frame}


if __name__ == '__main__':
    main()
