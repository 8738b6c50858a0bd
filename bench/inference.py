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

"""Inference times of the shipped models, and of StereoSpike in our form and its authors'."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn

from bench.arithmetic_limit import attainable, multiply_accumulates
from bench.forms import AuthorsForm, random_network, reference, without_memory
from bench.sessions import feed, session_with
from bench.timing import medians
from spike_depth_ros.inference.session import physical_cores
from spike_depth_ros.training.data.dataset import read_dataset
from spike_depth_ros.training.export.command import exported
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks.stereospike import StereoSpike

MODELS = Path(__file__).parents[1] / 'models'
DATASET = Path(__file__).parents[1] / 'config/simulation/sim_flying.yaml'
PAPER_WIDTH, SHIPPED_WIDTH = 32, 12
PROVIDERS = {'cpu': 'onnxruntime CPU', 'openvino': 'OpenVINO'}
FRAMES = 4

Counts = npt.NDArray[np.uint8]
Depth = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Form:
    """Implementation of a network.

    Args:
        name: name in the table.
        infer: maps a spike frame [h, w, channels] to depth [h, w], metres.
        ideal_ms: time of its integer convolutions at the rate of large ones, ms; 0 without any.
        same_as: form that should give the same depth; None: no comparison.
    """

    name: str
    infer: Callable[[Counts], Depth]
    ideal_ms: float = 0.0
    same_as: 'Form | None' = None


def run() -> list[dict[str, object]]:
    """Return rows of milliseconds per frame; the ratio is to the authors' form in PyTorch.

    All forms but the authors' compute the same function, with weights rounded to eight bits.
    """
    torch.set_num_threads(physical_cores())
    spikes = frames()
    rates = {provider: attainable(provider) for provider in PROVIDERS}
    rows: list[dict[str, object]] = [
        {
            'name': f'large int8 convolutions, {PROVIDERS[provider]}',
            'value': round(rate / 1e12, 2),
            'unit': 'TMAC/s',
        }
        for provider, rate in rates.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        for width in (PAPER_WIDTH, SHIPPED_WIDTH):
            rows += _compare(width, spikes, rates, Path(folder))
    return rows


def frames() -> list[Counts]:
    """Return simulated windows of the test split."""
    dataset = read_dataset(DATASET)
    bank = dataset.bank('test')
    return [dataset.sample('test', index, bank).spikes for index in range(FRAMES)]


def _compare(
    width: int, frames: list[Counts], rates: dict[str, float], folder: Path
) -> list[dict[str, object]]:
    """Return the rows of one width; those of the paper's width include the shipped models."""
    network = exported(random_network(4, width), 'int8')
    forms = [
        *_authors(width, frames[0], folder),
        *_ours(network, frames[0], rates, folder),
        *(_shipped(rates) if width == PAPER_WIDTH else []),
    ]
    seconds = medians({form.name: partial(form.infer, frames[0]) for form in forms})
    peer = seconds[forms[0].name]
    return [_row(form, 1e3 * seconds[form.name], 1e3 * peer, frames) for form in forms]


def _row(form: Form, ms: float, peer_ms: float, frames: list[Counts]) -> dict[str, object]:
    row: dict[str, object] = {
        'name': form.name,
        'value': round(ms, 1),
        'unit': 'ms',
        'ratio': peer_ms / ms,
    }
    if form.same_as:
        row['mean depth difference (m)'] = _difference(form, form.same_as, frames)
    if form.ideal_ms:
        row['share of the arithmetic limit'] = form.ideal_ms / ms
    return row


def _authors(width: int, frame: Counts, folder: Path) -> list[Form]:
    network, path = AuthorsForm(4, width).eval(), folder / 'authors.onnx'
    name = f"width {width}: authors' form"
    counts = (_channels_first(frame),)
    torch.onnx.export(without_memory(network), counts, path, dynamo=True, verbose=False)
    session = session_with(path, 'cpu')
    spikes = session.get_inputs()[0].name
    return [
        Form(f'{name}, PyTorch', partial(_in_torch, network)),
        Form(
            f'{name}, onnxruntime CPU',
            lambda frame: session.run(None, {spikes: _channels_first(frame).numpy()})[0][0, 0],
        ),
    ]


def _ours(
    network: StereoSpike, frame: Counts, rates: dict[str, float], folder: Path
) -> list[Form]:
    width = f'width {network.width}'
    plain = Form(f'{width}: reference, PyTorch', partial(_in_torch, _Depth(reference(network))))
    in_torch = partial(_in_torch, _Depth(network))
    forms = [plain, Form(f'{width}: phase form, PyTorch', in_torch, same_as=plain)]
    precisions: dict[Precision, str] = {'float32': 'phase form', 'int8': 'int8'}
    for precision, form in precisions.items():
        name = f'{width}: {form}'
        path = folder / f'{precision}.onnx'
        onnx.save(depth_model(network, precision, *frame.shape[:2]), path)
        forms += [_exported(name, path, provider, rates, plain) for provider in PROVIDERS]
    return forms


def _shipped(rates: dict[str, float]) -> list[Form]:
    forms: list[Form] = []
    for path in sorted(MODELS.glob('*.onnx')):
        first = _exported(path.stem, path, 'cpu', rates)
        forms += [first, _exported(path.stem, path, 'openvino', rates, same_as=first)]
    return forms


def _exported(
    name: str, path: Path, provider: str, rates: dict[str, float], same_as: Form | None = None
) -> Form:
    session = session_with(path, provider)

    def infer(frame: Counts) -> Depth:
        return session.run(None, feed(session, frame))[0][0, 0]

    ideal_ms = 1e3 * multiply_accumulates(onnx.load(path)) / rates[provider]
    return Form(f'{name}, {PROVIDERS[provider]}', infer, ideal_ms, same_as)


class _Depth(nn.Module):
    """Network with depth in metres as output."""

    def __init__(self, network: StereoSpike) -> None:
        super().__init__()
        self._network = network

    def forward(self, counts: Tensor) -> Tensor:
        return torch.exp(self._network(counts).log_depth[-1])


def _channels_first(frame: Counts) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(frame[None].transpose(0, 3, 1, 2))).float()


def _in_torch(network: nn.Module, frame: Counts) -> Depth:
    with torch.no_grad():
        return network(_channels_first(frame))[0, 0].numpy()


def _difference(form: Form, other: Form, frames: list[Counts]) -> float:
    """Return the mean absolute difference of two forms' depths, metres."""
    return float(
        np.mean([np.abs(form.infer(frame) - other.infer(frame)).mean() for frame in frames])
    )
