"""Time the network in all its forms, and the shipped models, against the authors' form."""

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
from bench.timing import medians
from spike_depth_ros.inference.session import load, physical_cores
from spike_depth_ros.training.data.simulated import Simulator
from spike_depth_ros.training.export.command import exported
from spike_depth_ros.training.export.stereospike import Precision, depth_model
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.simulator.simulation import SimulationRanges

MODELS = Path(__file__).parents[1] / 'models'
PAPER_WIDTH, SHIPPED_WIDTH = 32, 12
PROVIDERS = {'cpu': 'onnxruntime CPU', 'openvino': 'OpenVINO'}
FRAMES = 4

Counts = npt.NDArray[np.uint8]
Depth = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Form:
    """Describe one way to compute depth.

    infer: maps a spike frame [h, w, channels] to depth [h, w]. limit: what share of the int8
    arithmetic that its provider reaches in large convolutions it takes a millisecond, or 0.
    """

    name: str
    infer: Callable[[Counts], Depth]
    limit: float = 0.0


def run() -> list[dict[str, object]]:
    """Return rows of milliseconds a frame; the ratio is to the authors' form in PyTorch."""
    torch.set_num_threads(physical_cores())
    frames = _frames()
    limits = {provider: attainable(provider) for provider in PROVIDERS}
    rows: list[dict[str, object]] = [
        {
            'name': f'large int8 convolutions, {PROVIDERS[provider]}',
            'value': round(limit / 1e12, 2),
            'unit': 'TMAC/s',
        }
        for provider, limit in limits.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        for width in (PAPER_WIDTH, SHIPPED_WIDTH):
            rows += _compare(width, frames, limits, Path(folder))
    return rows


def _frames() -> list[Counts]:
    simulator = Simulator('test', SimulationRanges())
    bank = simulator.bank()
    return [simulator.sample(index, bank).spikes for index in range(FRAMES)]


def _compare(
    width: int, frames: list[Counts], limits: dict[str, float], folder: Path
) -> list[dict[str, object]]:
    """Return rows of one width; depth is compared with that of our reference."""
    network = exported(random_network(4, width), 'int8')
    authors = _authors(AuthorsForm(4, width).eval(), frames[0], folder)
    ours = _ours(network, frames[0], limits, folder)
    shipped = _shipped(limits) if width == SHIPPED_WIDTH else []
    forms = [*authors, *ours, *shipped]
    ms = {
        name: 1e3 * s
        for name, s in medians(
            {form.name: partial(form.infer, frames[0]) for form in forms}
        ).items()
    }
    peer = ms[authors[0].name]
    rows = []
    for form in forms:
        row: dict[str, object] = {
            'name': f'width {width}: {form.name}',
            'value': round(ms[form.name], 1),
            'unit': 'ms',
            'ratio': peer / ms[form.name],
        }
        if form in ours:
            row['depth difference (m)'] = _difference(form, ours[0], frames)
        if form.limit:
            row['share of the arithmetic limit'] = form.limit / ms[form.name]
        rows.append(row)
    return rows


def _authors(network: AuthorsForm, frame: Counts, folder: Path) -> list[Form]:
    path = folder / 'authors.onnx'
    counts = (_channels_first(frame),)
    torch.onnx.export(without_memory(network), counts, path, dynamo=True, verbose=False)
    session = load(path, 0, 'cpu').session
    name = session.get_inputs()[0].name
    return [
        Form("authors' form, PyTorch", partial(_in_torch, network)),
        Form(
            "authors' form, onnxruntime CPU",
            lambda frame: session.run(None, {name: _channels_first(frame).numpy()})[0][0, 0],
        ),
    ]


def _ours(
    network: StereoSpike, frame: Counts, limits: dict[str, float], folder: Path
) -> list[Form]:
    forms = [
        Form('reference, PyTorch', partial(_in_torch, _Depth(reference(network)))),
        Form('phase form, PyTorch', partial(_in_torch, _Depth(network))),
    ]
    precisions: dict[Precision, str] = {'float32': 'phase form', 'int8': 'int8'}
    for precision, name in precisions.items():
        path = folder / f'{precision}.onnx'
        onnx.save(depth_model(network, precision, *frame.shape[:2]), path)
        for provider in PROVIDERS:
            limit = limits[provider] if precision == 'int8' else 0.0
            forms.append(_in_onnxruntime(name, path, provider, limit))
    return forms


def _shipped(limits: dict[str, float]) -> list[Form]:
    path = MODELS / 'stereospike_binocular.onnx'
    return [_in_onnxruntime(path.stem, path, name, limit) for name, limit in limits.items()]


class _Depth(nn.Module):
    """The network and what makes metres of its readout."""

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


def _in_onnxruntime(name: str, path: Path, provider: str, limit: float) -> Form:
    session = load(path, 0, provider).session
    ideal_ms = 1e3 * multiply_accumulates(onnx.load(path)) / limit if limit else 0.0
    return Form(
        f'{name}, {PROVIDERS[provider]}',
        lambda frame: session.run(['depth'], {'spikes': frame[None]})[0][0, 0],
        ideal_ms,
    )


def _difference(form: Form, other: Form, frames: list[Counts]) -> float:
    """Return the mean absolute difference of two forms' depths, metres."""
    return float(
        np.mean([np.abs(form.infer(frame) - other.infer(frame)).mean() for frame in frames])
    )
