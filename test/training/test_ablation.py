"""Windows of several lengths of the same scenes, as the ablations join and unpack them."""

from pathlib import Path

import numpy as np
import torch

from bench.ablation.networks import Stacked
from bench.ablation.windows import JoinedFolder, Joining, QuarterBenchmark, stacked, whole
from spike_depth_ros.training.networks.coincidence import Encoder


def test_frames_add_up() -> None:
    frames = np.array([[3, 200], [4, 100]], np.uint8)
    assert whole(frames).tolist() == [7, 255]
    assert stacked(frames).tolist() == [11 * 3 + 4, 11 * 10 + 10]  # older, newer, at most 10


def test_halves_are_channels_of_their_own() -> None:
    torch.manual_seed(1)
    network = Stacked(8).eval()
    older, newer = torch.randint(0, 11, (2, 1, 4, 32, 48)).float()
    spikes = network.encode(11 * older + newer)
    left = torch.cat([older[:, :2], newer[:, :2]], 1)
    alone = network.encoder(left)
    assert isinstance(network.encoder, Encoder)
    for name, layer in alone.items():
        assert torch.equal(spikes[name][:1], layer) and layer.any()


def test_windows_of_all_lengths_are_judged_alike(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frames = random.poisson(0.3, (4, 6, 8, 4)).astype(np.uint8)
    nearest = random.uniform(1, 9, (4, 6, 8)).astype(np.float16)
    image = np.zeros((6, 8), np.uint8)
    path = tmp_path / 'Quarters' / 'validation' / '000000.npz'
    path.parent.mkdir(parents=True)
    np.savez(path, spikes=frames, depth=nearest[-1], nearest=nearest, image=image)
    benchmark = QuarterBenchmark('Quarters', 9, 0.1, (0.5, 8.0))
    joinings = (Joining(1), Joining(2), Joining(4), Joining(2, stacked))
    samples = [
        JoinedFolder(tmp_path, benchmark, 'validation', joining).windows(1)[0]
        for joining in joinings
    ]
    one, two, four, halves = (sample.spikes for sample in samples)
    assert np.array_equal(one, frames[3]) and np.array_equal(four, frames.sum(0))
    assert np.array_equal(two, frames[2:].sum(0))
    assert np.array_equal(halves, 11 * frames[2] + frames[3])
    expected = np.where(one[..., :2].any(-1), nearest[3], np.nan)
    for sample in samples:
        assert np.array_equal(sample.depth, nearest[3])
        assert np.array_equal(sample.nearest, expected, equal_nan=True)
