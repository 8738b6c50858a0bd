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

"""Vision transformers as teachers: random weights of DINOv2's true shape, and files that miss."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from training.small_networks import transformer
from transformers import (
    Dinov2Config,
    Dinov2Model,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)

from spike_depth_ros.training.distillation.distillation import Distillation
from spike_depth_ros.training.distillation.vision_teacher import (
    HubTeacher,
    TimmTeacher,
    VisionTeacher,
    quarters,
)
from spike_depth_ros.training.settings import SettingsError

SMALL_DINOV2 = Dinov2Config(
    hidden_size=384, num_hidden_layers=12, num_attention_heads=6, patch_size=14, image_size=518
)
TINY: dict[str, int] = {'hidden_size': 24, 'num_hidden_layers': 4, 'num_attention_heads': 2}
POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 88249384\n'


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Return a hub folder with a DINOv2 of four narrow layers."""
    Dinov2Model(Dinov2Config(image_size=28, **TINY)).save_pretrained(tmp_path)
    return tmp_path


@pytest.fixture(scope='module')
def dinov2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a hub folder with a ViT-S/14 of random weights."""
    folder = tmp_path_factory.mktemp('dinov2-small')
    torch.manual_seed(0)
    Dinov2Model(SMALL_DINOV2).save_pretrained(folder)
    return folder


class Recorded(VisionTeacher):
    """Teacher that returns the images that its model would see."""

    def maps(self, images: Tensor) -> list[Tensor]:
        return [images]


def test_pictures_are_enlarged_and_normalised_as_in_imagenet() -> None:
    (images,) = Recorded(patch=14, stride=8)(torch.full((2, 2, 32, 48), 255, dtype=torch.uint8))
    assert images.shape == (2, 3, 56, 84)  # 1.75 times
    expected = [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    torch.testing.assert_close(images[0, :, 28, 42], torch.tensor(expected))


def test_the_features_are_of_each_quarter() -> None:
    assert (quarters(12), quarters(24), quarters(4)) == (
        [3, 6, 9, 12],
        [6, 12, 18, 24],
        [1, 2, 3, 4],
    )


def test_dinov2_gives_maps_of_an_eighth(dinov2: Path) -> None:
    teacher = HubTeacher(str(dinov2))
    assert sum(weight.numel() for weight in teacher.model.parameters()) == 22_056_576
    pictures = torch.randint(0, 256, (1, 2, 60, 90), dtype=torch.uint8)
    with torch.no_grad():
        maps = teacher(pictures)
        assert [each.shape for each in maps] == [(1, 384, 8, 12)] * 4  # of 64 x 96
        # The last map is the model's own output, token by token.
        images = Recorded(14, 8)(pictures)[0]
        tokens = teacher.model(images).last_hidden_state[0, 1:]
    torch.testing.assert_close(maps[-1][0].flatten(1).T, tokens)


def test_a_student_learns_from_dinov2(dinov2: Path) -> None:
    distillation = Distillation(transformer(channels=2), HubTeacher(str(dinov2)))
    assert distillation.layers == [1, 3]
    assert [tuple(each.weight.shape) for each in distillation.projections] == [(384, 32, 1, 1)] * 2
    found = distillation.targets(torch.zeros(1, 1, 32, 48))
    losses = distillation([torch.randn(1, 32, 2, 3) for _ in range(2)], found)
    assert all(bool(loss.isfinite()) for loss in losses)


def test_a_vit_of_the_hub_teaches_too(tmp_path: Path) -> None:
    ViTModel(
        ViTConfig(hidden_size=24, num_hidden_layers=4, num_attention_heads=2)
    ).save_pretrained(tmp_path)
    maps = HubTeacher(str(tmp_path), stride=16)(torch.zeros(1, 1, 32, 64))
    assert [each.shape for each in maps] == [(1, 24, 2, 4)] * 4


def test_folders_without_a_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r'has no config\.json: give a folder of the hub'):
        HubTeacher(str(tmp_path))
    (tmp_path / 'config.json').write_text('{"model_type": "dinov2"}')
    with pytest.raises(SettingsError, match='which gives no vision transformer'):
        HubTeacher(str(tmp_path))
    with pytest.raises(SettingsError, match='stride is 7: use 8 or 16'):
        Recorded(patch=14, stride=7)


def test_weights_that_do_not_belong_to_the_config_are_refused(tiny: Path) -> None:
    file = tiny / 'model.safetensors'
    weights = load_file(file)
    save_file({'unknown': torch.zeros(3)}, file, metadata={'format': 'pt'})
    with pytest.raises(
        SettingsError, match=r'which gives no vision .* lack embeddings\.\w+.* and'
    ):
        HubTeacher(str(tiny))
    narrow = {'embeddings.cls_token': torch.zeros(1, 1, 20)}
    save_file(weights | narrow, file, metadata={'format': 'pt'})
    sentence = r'the weights have embeddings.cls_token of \[1, 1, 20\] in place of \[1, 1, 24\]\)'
    with pytest.raises(SettingsError, match=sentence):
        HubTeacher(str(tiny))


def test_weights_that_the_features_do_not_need_may_be_missing(tmp_path: Path, tiny: Path) -> None:
    weights = load_file(tiny / 'model.safetensors')
    del weights['embeddings.mask_token']
    save_file(weights, tiny / 'model.safetensors', metadata={'format': 'pt'})
    kept = HubTeacher(str(tiny)).model.state_dict()
    assert torch.equal(kept['embeddings.cls_token'], weights['embeddings.cls_token'])
    classifier = ViTForImageClassification(ViTConfig(**TINY))
    classifier.save_pretrained(tmp_path / 'vit')  # without a pooler
    kept = HubTeacher(str(tmp_path / 'vit'), stride=16).model.state_dict()
    assert torch.equal(
        kept['embeddings.cls_token'], classifier.state_dict()['vit.embeddings.cls_token']
    )


@pytest.mark.parametrize('name', ['model.safetensors', 'pytorch_model.bin'])
def test_a_pointer_of_git_lfs_is_to_be_pulled(tiny: Path, name: str) -> None:
    (tiny / 'model.safetensors').unlink()
    (tiny / name).write_text(POINTER)
    with pytest.raises(SettingsError, match=rf'where {name} is a pointer .* `git lfs pull` in /'):
        HubTeacher(str(tiny))


def test_damaged_weights_and_shallow_models_are_refused(tiny: Path) -> None:
    (tiny / 'model.safetensors').write_bytes(b'no weights')
    with pytest.raises(SettingsError, match=r'which gives no vision transformer \(Error while'):
        HubTeacher(str(tiny))
    ViTModel(ViTConfig(**TINY | {'num_hidden_layers': 3})).save_pretrained(tiny)
    with pytest.raises(SettingsError, match=r'\(it has 3 layers\): use one with'):
        HubTeacher(str(tiny))


def test_timm_takes_all_weights_but_the_classifier(tmp_path: Path) -> None:
    timm = pytest.importorskip('timm')
    name, file = 'vit_tiny_patch16_224', tmp_path / 'vit.pth'
    weights = timm.create_model(name, num_classes=7).state_dict()
    torch.save(weights, file)
    teacher = TimmTeacher(name, str(file), stride=16)
    loaded = teacher.model.state_dict()
    assert len(weights) == len(loaded) + 2  # the classifier's weight and bias
    assert all(torch.equal(loaded[each], weights[each]) for each in loaded)
    del weights['blocks.3.attn.proj.weight']
    torch.save(weights, file)
    with pytest.raises(SettingsError, match=r'Missing key\(s\) .*blocks\.3\.attn\.proj\.weight'):
        TimmTeacher(name, str(file))
    torch.save({}, file)
    with pytest.raises(SettingsError, match=r'Missing key\(s\)'):
        TimmTeacher(name, str(file))


def test_files_without_weights_are_refused_for_timm(tmp_path: Path) -> None:
    pytest.importorskip('timm')
    file = tmp_path / 'vit.pth'
    file.write_bytes(b'no weights')
    with pytest.raises(SettingsError, match=r'vit\.pth., which torch cannot read: give'):
        TimmTeacher('vit_tiny_patch16_224', str(file))
    file.write_text(POINTER)
    with pytest.raises(SettingsError, match=r'where vit\.pth is a pointer .* `git lfs pull` in /'):
        TimmTeacher('vit_tiny_patch16_224', str(file))


def test_weights_of_metas_dinov2_load_into_timm(tmp_path: Path) -> None:
    timm = pytest.importorskip('timm')  # needs a torchvision that fits torch
    model = timm.create_model('vit_small_patch14_dinov2', num_classes=0)
    names = {'reg_token': 'register_tokens'}
    weights = {names.get(name, name): each for name, each in model.state_dict().items()}
    torch.save(weights | {'mask_token': torch.zeros(1, 384)}, tmp_path / 'dinov2.pth')
    teacher = TimmTeacher('vit_small_patch14_dinov2', str(tmp_path / 'dinov2.pth'))
    maps = teacher(torch.randint(0, 256, (1, 1, 32, 48), dtype=torch.uint8))
    assert [each.shape for each in maps] == [(1, 384, 4, 6)] * 4
    first = next(iter(weights))
    assert torch.equal(teacher.model.state_dict()[first], weights[first])
    with pytest.raises(SettingsError, match='which is no file: give one with weights'):
        TimmTeacher('vit_small_patch14_dinov2', str(tmp_path / 'missing.pth'))
    with pytest.raises(SettingsError, match='which gives no vision transformer'):
        TimmTeacher('vit_of_nobody', str(tmp_path / 'dinov2.pth'))
