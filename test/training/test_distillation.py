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

"""Distillation: its losses by hand, the pairing of maps, and what is trained and stored."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from training.small_networks import coincidence, stereospike, tiny, transformer

from spike_depth_ros.training.distillation import picture_teacher
from spike_depth_ros.training.distillation.distillation import (
    Distillation,
    check_distillation,
    same_grid,
)
from spike_depth_ros.training.distillation.losses import (
    feature_difference,
    similarity_distance,
    standardised,
)
from spike_depth_ros.training.distillation.picture_teacher import PictureTeacher
from spike_depth_ros.training.distillation.teacher import Teacher
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.losses import LossWeights
from spike_depth_ros.training.networks.network import DepthNetwork
from spike_depth_ros.training.networks.picture_transformer import PictureTransformer
from spike_depth_ros.training.settings import SettingsError

WEIGHTS = LossWeights(features=0.5, semantic=0.1)


STUDENTS: dict[str, Callable[[], DepthNetwork]] = {
    'membrane': transformer,
    'sew': lambda: transformer(residual='sew'),
    'two steps': lambda: transformer(steps=2),
    'StereoSpike': stereospike,
    'coincidence': coincidence,
    'coincidence, scale 4': lambda: coincidence(scale=4),
    'pictures': lambda: PictureTransformer(2, 32, 16, 2, 4, (8, 8, 4, 4)),
}


class PatchTeacher(Teacher):
    """Convolutions over patches, and a dropout that evaluation leaves out.

    Args:
        pictures: number of cameras.
        width: channels of the maps.
        strides: patches of each map, pixels.
    """

    def __init__(
        self, pictures: int = 2, width: int = 6, strides: tuple[int, ...] = (8, 8)
    ) -> None:
        super().__init__()
        self.pictures = pictures
        self.layers = nn.ModuleList(nn.Conv2d(pictures, width, each, each) for each in strides)
        self.dropout = nn.Dropout(0.5)

    def features(self, pictures: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.dropout(layer(pictures / 255)) for layer in self.layers)


def pictures(count: int = 1, height: int = 64, width: int = 96) -> Tensor:
    return torch.randint(0, 256, (count, 2, height, width), dtype=torch.uint8)


def test_standardised_features_differ_by_hand() -> None:
    # Standardised: -1 1 against 1 -1 in the first channel, and equal in the second.
    student = torch.tensor([[3.0, 5.0], [0.0, 8.0]]).reshape(1, 2, 1, 2)
    teacher = torch.tensor([[9.0, 1.0], [-1.0, 1.0]]).reshape(1, 2, 1, 2)
    difference = feature_difference(student, teacher)
    torch.testing.assert_close(difference, torch.tensor(1.0), rtol=0, atol=1e-4)


def test_a_constant_channel_is_zero() -> None:
    assert not standardised(torch.full((2, 3, 4, 5), 7.0)).any()


def test_similarities_are_those_of_the_matrices_of_tokens() -> None:
    torch.manual_seed(0)
    student, teacher = torch.randn(3, 5, 2, 4), torch.randn(3, 7, 2, 4)
    cosines = []
    for one, other in zip(standardised(student), standardised(teacher), strict=True):
        ours, theirs = (each.flatten(1).T @ each.flatten(1) for each in (one, other))
        cosines.append(torch.cosine_similarity(ours.flatten(), theirs.flatten(), dim=0))
    expected = 1 - torch.stack(cosines).mean()
    torch.testing.assert_close(similarity_distance(student, teacher), expected)


def test_turned_channels_have_the_same_similarities() -> None:
    torch.manual_seed(0)
    features = standardised(torch.randn(2, 4, 3, 5))
    mirrored = features[:, [2, 0, 3, 1]] * torch.tensor([1.0, -1.0, -1.0, 1.0])[:, None, None]
    assert similarity_distance(features, mirrored) == pytest.approx(0, abs=1e-5)
    assert feature_difference(features, mirrored) > 0.5


def test_the_finer_map_is_averaged() -> None:
    fine, coarse = torch.arange(16.0).reshape(1, 1, 4, 4), torch.zeros(1, 1, 2, 2)
    averaged, same = same_grid(fine, coarse)
    assert averaged.flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert same is coarse


@pytest.mark.parametrize(
    ('strides', 'layers'),
    [((8,), [0, 0]), ((8, 8), [0, 1]), ((16, 16, 8, 8), [1, 3])],
)
def test_maps_of_the_same_depth_are_paired(strides: tuple[int, ...], layers: list[int]) -> None:
    assert Distillation(transformer(), PatchTeacher(strides=strides)).layers == layers


@pytest.mark.parametrize('kind', STUDENTS)
def test_the_student_alone_is_trained(kind: str) -> None:
    torch.manual_seed(0)
    teacher = PatchTeacher()
    module = DepthEstimation(STUDENTS[kind](), loss=WEIGHTS, teacher=teacher).train()
    before = [weight.clone() for weight in teacher.parameters()]
    spikes = torch.randint(0, 3, (2, 4, 64, 96), dtype=torch.uint8)
    seen = pictures(2)
    targets = module.targets(seen)
    terms = module.objective(
        spikes, torch.full((2, 1, 64, 96), 2.0), pictures=seen, targets=targets
    )
    assert {'features', 'semantic'} < set(terms)
    module.zero_grad()
    (terms['features'] + terms['semantic']).backward()
    moved = [weight.grad for weight in module.network.parameters() if weight.grad is not None]
    assert any(bool(each.any()) for each in moved)
    projections = module.distillation.projections  # type: ignore[union-attr]
    assert all(bool(weight.grad.any()) for weight in projections.parameters())  # type: ignore[union-attr]
    assert all(weight.grad is None for weight in teacher.parameters())
    for weight, old in zip(teacher.parameters(), before, strict=True):
        assert torch.equal(weight, old)


def test_the_loss_is_the_weighted_sum_and_warm_up_leaves_depth_out() -> None:
    module = DepthEstimation(transformer(), loss=WEIGHTS, teacher=PatchTeacher())
    spikes = torch.randint(0, 3, (1, 4, 64, 96), dtype=torch.uint8)
    depth, targets = torch.full((1, 1, 64, 96), 2.0), module.targets(pictures())
    with torch.no_grad():
        together, warm = (
            module.objective(spikes, depth, targets=targets, is_warming_up=each)
            for each in (False, True)
        )
        alone = DepthEstimation(module.network).objective(spikes, depth)['loss']
    expected = 0.5 * together['features'] + 0.1 * together['semantic']
    torch.testing.assert_close(together['loss'], alone + expected)
    torch.testing.assert_close(warm['loss'], expected)


def test_a_teacher_stays_in_evaluation_mode_and_out_of_the_checkpoint() -> None:
    teacher = PatchTeacher()
    module = DepthEstimation(transformer(), loss=WEIGHTS, teacher=teacher).train()
    assert not teacher.training
    seen = pictures()
    one, other = module.targets(seen), module.targets(seen)
    assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))  # no dropout
    added = [name for name in module.state_dict() if not name.startswith('network.')]
    assert added == ['distillation.projections.0.weight', 'distillation.projections.1.weight']
    trained = {weight.data_ptr() for weight in module.parameters()}
    assert not trained & {weight.data_ptr() for weight in teacher.parameters()}


def test_a_teacher_moves_with_the_model() -> None:
    module = DepthEstimation(transformer(), loss=WEIGHTS, teacher=(teacher := PatchTeacher()))
    module.to('meta')
    assert {weight.device.type for weight in teacher.parameters()} == {'meta'}


def test_equal_widths_need_no_projection() -> None:
    distillation = Distillation(transformer(width=32), PatchTeacher(width=32))
    assert not list(distillation.parameters())


def test_one_camera_is_enough() -> None:
    module = DepthEstimation(transformer(channels=2), loss=WEIGHTS, teacher=PatchTeacher(1))
    assert module.pictures == 1
    assert module.targets(pictures())[0].shape == (1, 6, 8, 12)


@pytest.mark.parametrize(
    ('has_teacher', 'loss', 'sentence'),
    [
        (False, WEIGHTS, r'features is 0\.5, but there is no model\.teacher'),
        (False, LossWeights(warm_up=0.1), r'warm_up is 0\.1, but there is no'),
        (True, LossWeights(), r'are 0, and model\.teacher teaches nothing'),
        (True, LossWeights(features=1, warm_up=1), 'warm_up is 1: use a share'),
    ],
)
def test_weights_and_teacher_go_together(
    has_teacher: bool, loss: LossWeights, sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        check_distillation(loss, has_teacher)


def test_maps_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SettingsError, match=r'TinyNetwork has no features for model\.teacher'):
        Distillation(tiny(), PatchTeacher())
    with pytest.raises(SettingsError, match=r'sides of \[4, 10\] for 64'):
        Distillation(transformer(), PatchTeacher(strides=(6,)))


@pytest.mark.parametrize(
    ('features', 'mistake'),
    [
        (torch.zeros(1, 8, 4, 4), 'a Tensor'),
        ((), 'an empty tuple'),
        ((torch.zeros(1, 8, 4, 4), torch.zeros(1, 16, 8)), r'a tuple with a map of \[1, 16, 8\]'),
        ((torch.zeros(2, 8, 4, 4),), r'a tuple with a map of \[2, 8, 4, 4\]'),
        ((torch.zeros(1, 8, 0, 4),), r'a tuple with a map of \[1, 8, 0, 4\]'),
        (([0.0],), 'a tuple with a list'),
        (None, 'a NoneType'),
    ],
)
def test_features_that_are_no_maps_are_refused(
    features: Any, mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, student = PatchTeacher(), transformer()
    monkeypatch.setattr(teacher, 'features', lambda pictures: features)
    sentence = rf'^PatchTeacher\.features is {mistake} for one image: use a tuple of at least one'
    with pytest.raises(SettingsError, match=sentence):
        Distillation(student, teacher)


def test_features_of_a_student_that_are_no_maps_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    student = transformer()
    output = student(torch.zeros(1, 4, 64, 64))
    monkeypatch.setattr(student, 'predict', lambda counts: output._replace(features=output[0]))
    with pytest.raises(SettingsError, match=r'^Output\.features of SpikeTransformer is a Tensor'):
        Distillation(student, PatchTeacher())


def test_a_teacher_names_its_cameras() -> None:
    with pytest.raises(SettingsError, match=r'^PatchTeacher\.pictures is 3: use 1 for the left'):
        Distillation(transformer(), PatchTeacher(3))


def test_a_picture_teacher_has_the_border_of_its_training(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = PictureTransformer(2, 32, 16, 2, 4, (8, 8, 4, 4)).eval()
    trained = DepthEstimation(network)
    monkeypatch.setattr(picture_teacher, 'from_checkpoint', lambda path: trained)
    teacher, seen = PictureTeacher('last.ckpt'), pictures(1, 60, 90)
    with torch.no_grad():
        pairs = zip(teacher(seen), network(seen.float()).features, strict=True)
        assert all(torch.equal(one, other) for one, other in pairs)
