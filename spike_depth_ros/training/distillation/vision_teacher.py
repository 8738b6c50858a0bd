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

"""Teachers that are vision transformers, such as DINOv2, from a user's files."""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.distillation.teacher import Teacher
from spike_depth_ros.training.settings import SettingsError

# Statistics of ImageNet's red, green and blue, 0 to 1, with which these models were trained.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
INTERPOLATED = {'interpolate_pos_encoding': True}  # DINOv2 always does, ViT only if it is told
QUARTERS = 4  # features of the layers at each quarter of the depth: 3, 6, 9 and 12 of 12
# Beginnings of the names of weights that the features do not need, and a folder may lack.
UNUSED = ('pooler.', 'embeddings.mask_token')
CLASSIFIERS = ('head.', 'head_dist.')  # beginnings of such names in files for timm
WEIGHTS = ('*.safetensors', '*.bin')  # files of weights in a folder of the hub
POINTER = b'version https://git-lfs'  # first bytes of a file that git-lfs has not fetched


class VisionTeacher(Teacher):
    """Base class of vision transformers that read the left camera's picture.

    The grey picture becomes one of three channels, normalised as in ImageNet, and is enlarged so
    that a patch covers `stride` pixels: 1.75 times for patches of 14 pixels and a stride of 8
    (Zhang et al. 2024). The features are the normalised tokens after each quarter of the layers.

    Args:
        patch: side of the model's patches, pixels.
        stride: pixels of the picture from one token to the next, 8 or 16.
    """

    def __init__(self, patch: int, stride: int) -> None:
        super().__init__()
        if stride not in (8, 16):
            raise SettingsError(f'stride is {stride}: use 8 or 16.')
        self.pictures, self.enlargement = 1, patch / stride
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer('mean', torch.tensor(MEAN)[:, None, None])
        self.register_buffer('deviation', torch.tensor(DEVIATION)[:, None, None])

    @abstractmethod
    def maps(self, images: Tensor) -> Sequence[Tensor]:
        """Map images, float [n, 3, h, w], to four feature maps [n, c, h / patch, w / patch]."""

    def features(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Map pictures to four feature maps; see Teacher.features."""
        size = [round(side * self.enlargement) for side in pictures.shape[2:]]
        large = functional.interpolate(pictures / 255, size, mode='bilinear', antialias=True)
        return tuple(self.maps((large.expand(-1, 3, -1, -1) - self.mean) / self.deviation))


class HubTeacher(VisionTeacher):
    """Vision transformer from a folder of the Hugging Face hub: DINOv2, ViT, DeiT and others.

    Needs the package transformers. Raises SettingsError for a folder that holds no such model.

    Args:
        folder: folder with config.json and model.safetensors, such as a clone of
            facebook/dinov2-small. Nothing is downloaded.
        stride: see VisionTeacher.
    """

    def __init__(self, folder: str, stride: int = 8) -> None:
        if not Path(folder, 'config.json').is_file():
            raise SettingsError(
                f"model.teacher.init_args.folder is '{folder}', which has no config.json: give "
                'a folder of the hub, such as a clone of facebook/dinov2-small.'
            )
        try:
            model = _hub_model(folder)
            patch, layers = model.config.patch_size, quarters(model.config.num_hidden_layers)
        except Exception as error:  # damaged files raise errors of any class
            files = [each for kind in WEIGHTS for each in sorted(Path(folder).glob(kind))]
            pointer = _pointer('folder', folder, files)
            raise pointer or _unusable('folder', folder, error) from error
        super().__init__(patch, stride)
        self.model = model
        self.norm = getattr(model, 'layernorm', nn.Identity())
        self.layers = layers

    def maps(self, images: Tensor) -> Sequence[Tensor]:
        """Map images to feature maps; see VisionTeacher.maps."""
        patch = self.model.config.patch_size
        rows, columns = (side // patch for side in images.shape[2:])
        options = {} if 'dinov2' in self.model.config.model_type else INTERPOLATED
        found = self.model(images, output_hidden_states=True, **options).hidden_states
        tokens = (self.norm(found[layer])[:, -rows * columns :] for layer in self.layers)
        return [each.transpose(1, 2).unflatten(2, (rows, columns)) for each in tokens]


class TimmTeacher(VisionTeacher):
    """Vision transformer of timm, with weights from a file, such as those of Meta's DINOv2.

    Needs the package timm. Raises SettingsError for an unknown model, and a file that does not
    fit it.

    Args:
        model: name in timm, such as vit_small_patch14_dinov2 or vit_base_patch14_dinov2.
        checkpoint: file of its weights, .pth or .safetensors, such as
            dinov2_vits14_pretrain.pth.
        stride: see VisionTeacher.
    """

    def __init__(self, model: str, checkpoint: str, stride: int = 8) -> None:
        import timm  # an extra

        if not Path(checkpoint).is_file():
            raise SettingsError(
                f"model.teacher.init_args.checkpoint is '{checkpoint}', which is no file: give "
                'one with weights, such as dinov2_vits14_pretrain.pth.'
            )
        try:
            weights = timm.models.load_state_dict(checkpoint)
        except Exception as error:  # damaged files raise errors of any class
            pointer = _pointer('checkpoint', checkpoint, [Path(checkpoint)])
            raise pointer or SettingsError(
                f"model.teacher.init_args.checkpoint is '{checkpoint}', which torch cannot read: "
                'give a file of weights, such as dinov2_vits14_pretrain.pth.'
            ) from error
        try:
            network = _timm_model(model, checkpoint, weights)
            patch, layers = network.patch_embed.patch_size[0], quarters(len(network.blocks))
        except Exception as error:  # models of timm that are no ViT raise errors of any class
            raise _unusable('model', model, error) from error
        super().__init__(patch, stride)
        self.model = network
        self.layers = [layer - 1 for layer in layers]

    def maps(self, images: Tensor) -> Sequence[Tensor]:
        """Map images to feature maps; see VisionTeacher.maps."""
        found: Sequence[Tensor] = self.model.forward_intermediates(
            images, self.layers, norm=True, output_fmt='NCHW', intermediates_only=True
        )
        return found


def quarters(layers: int) -> list[int]:
    """Return the numbers of the layers, from 1, at each quarter of the depth.

    Raises ValueError for a depth below 4.
    """
    if layers < QUARTERS:
        raise ValueError(f'it has {layers} layers')
    return [layers * number // QUARTERS for number in range(1, QUARTERS + 1)]


def _hub_model(folder: str) -> Any:
    """Return the model of a folder. Raises ValueError, and transformers' errors of any class.

    By itself transformers draws weights that the files lack at random, and only logs it.
    """
    from transformers import AutoModel  # takes seconds; an extra

    with _silent_transformers():
        model, found = AutoModel.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, ignore_mismatched_sizes=True
        )
    missing = [name for name in found['missing_keys'] if not name.startswith(UNUSED)]
    if missing:
        raise ValueError(f'the weights lack {_examples(missing)}')
    if found['mismatched_keys']:
        sizes = [
            f'{name} of {list(own)} in place of {list(wanted)}'
            for name, own, wanted in found['mismatched_keys']
        ]
        raise ValueError(f'the weights have {_examples(sizes)}')
    return model


@contextmanager
def _silent_transformers() -> Iterator[None]:
    """Leave out transformers' report about weights, which _hub_model makes a sentence."""
    from transformers import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def _timm_model(model: str, checkpoint: str, weights: Mapping[str, Tensor]) -> Any:
    """Return a model of timm with the weights of a file, all but those of its classifier.

    Raises timm's errors of any class. By itself timm leaves weights that the file lacks at random,
    where the model has no classifier and the file's original has one.

    Args:
        model: name in timm.
        checkpoint: path of the file.
        weights: contents of the file.
    """
    import timm

    own = {name: each for name, each in weights.items() if not name.startswith(CLASSIFIERS)}
    # Without a classifier, timm loads strictly. In place of no weights at all it would download
    # some, but for the name of the file.
    source = {'state_dict': own, 'file': checkpoint, 'classifier': None}
    network = timm.create_model(
        model, True, pretrained_cfg_overlay=source, num_classes=0, dynamic_img_size=True
    )
    network.pretrained_cfg.pop('state_dict', None)  # a second copy of the weights
    return network


def _examples(names: Collection[str]) -> str:
    """Return the first of names, and the number of the others."""
    others = f' and {len(names) - 1} more' if len(names) > 1 else ''
    return f'{min(names)}{others}'


def _pointer(name: str, value: str, files: Iterable[Path]) -> SettingsError | None:
    """Return the error for a setting one of whose files git-lfs has not fetched, or None."""
    for file in files:
        with file.open('rb') as opened:
            if opened.read(len(POINTER)) == POINTER:
                return SettingsError(
                    f"model.teacher.init_args.{name} is '{value}', where {file.name} is a pointer "
                    f'of git-lfs in place of weights: run `git lfs pull` in {file.parent}.'
                )
    return None


def _unusable(name: str, value: str, error: Exception) -> SettingsError:
    sentence = ' '.join(str(error).split()).split('. ')[0]
    reason = sentence.rstrip('.')[:200] or type(error).__name__
    return SettingsError(
        f"model.teacher.init_args.{name} is '{value}', which gives no vision transformer "
        f'({reason}): use one with patches and at least 4 layers, and its own weights.'
    )
