"""Time the simulator beside what consumes its samples: a network, forward and backward."""

from functools import partial
from pathlib import Path

import torch

from bench.timing import medians
from spike_depth_ros.training.data.benchmark import Benchmark, read_benchmark
from spike_depth_ros.training.losses import DepthLoss, LossWeights
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork

CONFIG = Path(__file__).parents[1] / 'config/simulation'
WINDOWS = 4  # of as many scenes
BATCH, HEIGHT, WIDTH = 4, 128, 176


def run() -> list[dict[str, object]]:
    """Return rows of windows a second simulated in one thread, and of crops a second trained on.

    On the GPU too, where there is one.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    devices = ['cpu', 'cuda'] if torch.cuda.is_available() else ['cpu']
    rows = [row for device in devices for row in _on(device)]
    torch.set_num_threads(threads)
    return rows


def _on(device: str) -> list[dict[str, object]]:
    benchmarks = [read_benchmark(CONFIG / f'sim_{name}.yaml') for name in ('flying', 'driving')]
    ways = {
        f'{one.name}, windows of 346 x 260, one thread, {device}': partial(
            _simulate, one, one.bank('train', device)
        )
        for one in benchmarks
    }
    step = f'network forward and back, crops of {WIDTH} x {HEIGHT}, one thread, {device}'
    seconds = medians({**ways, step: partial(_train, _network(device), device)})
    amounts = dict.fromkeys(ways, WINDOWS) | {step: BATCH}
    return [
        {'name': name, 'value': round(amounts[name] / spent, 2), 'unit': '1/s'}
        for name, spent in seconds.items()
    ]


def _simulate(benchmark: Benchmark, bank: torch.Tensor) -> None:
    for index in range(WINDOWS):
        benchmark.sample('train', index, bank)


def _network(device: str) -> CoincidenceNetwork:
    torch.manual_seed(0)
    return CoincidenceNetwork().to(device)


def _train(network: CoincidenceNetwork, device: str) -> None:
    counts = torch.poisson(torch.full((BATCH, 4, HEIGHT, WIDTH), 0.2, device=device))
    with torch.autocast(device, dtype=torch.bfloat16):
        output = network(counts)
    depth = torch.ones(BATCH, 1, HEIGHT, WIDTH, device=device)
    loss = DepthLoss(LossWeights(), output.log_depth, depth, depth > 0).regression()
    loss.backward()
    float(loss.detach())  # until a GPU is done
