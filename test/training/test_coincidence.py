"""The coincidence network: detectors by hand, shifts found, statelessness, gradients."""

import pytest
import torch
from torch import Tensor, nn

from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork, coincidences
from spike_depth_ros.training.networks.phase import UpsampledConv2d


def random_counts(*size: int) -> Tensor:
    return torch.poisson(torch.full(size, 0.05), generator=torch.Generator().manual_seed(0))


def test_coincidences_by_hand() -> None:
    # Two channels on one row of four pixels.
    left = torch.tensor([[1, 0, 1, 1], [0, 0, 1, 0]]).reshape(1, 2, 1, 4).float()
    right = torch.tensor([[1, 1, 0, 0], [1, 0, 0, 1]]).reshape(1, 2, 1, 4).float()
    expected = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 2, 1]]
    assert coincidences(left, right, 3)[0, :, 0].tolist() == expected


def test_coincidences_are_shifted_products() -> None:
    generator = torch.Generator().manual_seed(1)
    left, right = (torch.rand(2, 2, 3, 5, 9, generator=generator) < 0.5).float()
    found = coincidences(left, right, 12)  # more shifts than columns
    for shift in range(12):
        shifted = torch.zeros_like(right)
        shifted[..., shift:] = right[..., : max(0, 9 - shift)]
        torch.testing.assert_close(found[:, shift], (left * shifted).sum(1))


@pytest.mark.parametrize('phases', [1, 2])
def test_a_shifted_frame_coincides_at_its_shift(phases: int) -> None:
    torch.manual_seed(0)
    network = CoincidenceNetwork(width=4, phases=phases)
    disparity = 6 if phases == 1 else 7
    frame = random_counts(1, 2, 32, 128 + disparity) * 4
    left, right = frame[..., :-disparity], frame[..., disparity:]
    found = network(torch.cat([left, right], 1)).spikes['coincidences1']
    per_shift = found[..., 32:-4].mean((0, 2, 3))  # away from the border
    # Even shifts come first, then the odd ones.
    assert int(per_shift.argmax()) == (3 if phases == 1 else 24 + 3)


def test_every_window_stands_alone_and_sizes_need_no_grid() -> None:
    torch.manual_seed(0)
    network = CoincidenceNetwork(width=2)
    one, other = random_counts(1, 4, 33, 50), random_counts(1, 4, 33, 50) + 1
    first = network(one)
    network(other)
    again = network(one)
    assert first.log_depth.shape == (3, 1, 1, 33, 50)
    assert first.log_spread is not None and first.log_spread.shape == (1, 1, 33, 50)
    assert torch.equal(first.log_depth, again.log_depth)


def test_layers_fire_and_send_small_whole_numbers() -> None:
    torch.manual_seed(0)
    network = CoincidenceNetwork(width=8)
    spikes = network(random_counts(2, 4, 96, 128)).spikes
    assert set(network.fanouts()) == {'input', *spikes}
    for name, layer in spikes.items():
        assert torch.equal(layer, layer.round())
        assert 0.005 < float((layer > 0).float().mean()) < 0.9, name
        assert layer.max() <= (32 if name.startswith('coincidences') else 3), name


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    network = CoincidenceNetwork(width=4)
    output = network(random_counts(1, 4, 64, 96) * 2)
    assert output.log_spread is not None
    (output.log_depth.sum() + output.log_spread.sum()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name


@pytest.mark.parametrize(
    ('arguments', 'message'), [({'phases': 3}, 'phases is 3'), ({'reach': 47}, 'reach is 47')]
)
def test_impossible_networks_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CoincidenceNetwork(width=2, **arguments)


@pytest.mark.parametrize('phases', [1, 2])
def test_fanouts_add_up_to_the_work_of_all_convolutions(phases: int) -> None:
    network = CoincidenceNetwork(width=4, phases=phases)
    work = []
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, UpsampledConv2d)):
            module.register_forward_hook(
                lambda layer, _, out: work.append(out.numel() * layer.weight[0].numel())
            )
    sizes = {'input': 4 * 64 * 96}
    spikes = network(torch.zeros(1, 4, 64, 96)).spikes
    sizes |= {name: layer.numel() for name, layer in spikes.items()}
    # Each detector has two synapses.
    half, quarter = 32 * 48, 16 * 24
    detectors = 8 * phases * 24 * half + 16 * 12 * quarter
    reached = sum(size * network.fanouts()[name] for name, size in sizes.items())
    assert reached == pytest.approx(sum(work) + 2 * detectors)
