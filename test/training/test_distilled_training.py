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

"""Distillation by the command: a teacher is trained, teaches a student, and stays out of files."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from training.runs import ROOT, SAMPLES, SIM_FLYING, spike_depth

from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.checkpoints import CheckpointError
from spike_depth_ros.training.distillation.picture_teacher import PictureTeacher

pytestmark = pytest.mark.slow

SMALL = {
    'model.compiled': 'false',
    'model.network.init_args.width': 32,
    'model.network.init_args.blocks': 2,
    'model.network.init_args.fused': '[8,8,4,4]',
    'data.datasets': f'{{{SIM_FLYING}: {SAMPLES}}}',
    'data.validation_samples': SAMPLES,
    'data.batch_size': 1,
    'data.workers': 0,
    'trainer.val_check_interval': 2,
    'trainer.callbacks.init_args.every_n_train_steps': 1,
}
STUDENT = Path('runs/distilled/checkpoints/last.ckpt')
DISTILLED = 'training/spike_transformer_robot', 'distillation'
TEACHER = Path('runs/picture_teacher_robot/checkpoints/last.ckpt')


def train(names: Iterable[str], folder: Path, **more: str | int) -> str:
    """Train two steps, or more, by YAML files of config/; settings with __ for the dots."""
    settings = SMALL | {'trainer.max_steps': 2}
    settings |= {key.replace('__', '.'): value for key, value in more.items()}
    options = (f'--{key}={value}' for key, value in settings.items())
    configs = (f'--config={ROOT}/config/{name}.yaml' for name in names)
    return spike_depth('train', *configs, *options, folder=folder)


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a teacher, and a student that it taught."""
    folder = tmp_path_factory.mktemp('distilled')
    assert 'SimFlying_error' in train(['training/picture_teacher_robot'], folder)
    train(DISTILLED, folder)
    return folder


def weights(path: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(path, weights_only=False)['state_dict']
    return state


def test_a_distilled_training_resumes(folder: Path) -> None:
    before, teacher = weights(folder / STUDENT), (folder / TEACHER).read_bytes()
    output = train(DISTILLED, folder, trainer__max_steps=4)
    assert re.search(r'estor\w+ .*last\.ckpt', output)
    after = weights(folder / STUDENT)
    assert before.keys() == after.keys()
    assert any(not torch.equal(after[name], before[name]) for name in before)
    assert (folder / TEACHER).read_bytes() == teacher


def test_a_distilled_student_exports_without_its_teacher(folder: Path, tmp_path: Path) -> None:
    """The file equals that of the same weights from a training that had no teacher."""
    saved = torch.load(folder / STUDENT, weights_only=False)
    alone = dict(saved)
    alone['state_dict'] = {
        name: each for name, each in saved['state_dict'].items() if name.startswith('network.')
    }
    settings = {k: v for k, v in saved['hyper_parameters'].items() if k != 'teacher'}
    alone['hyper_parameters'] = settings
    torch.save(saved, tmp_path / 'distilled.ckpt')
    torch.save(alone, tmp_path / 'alone.ckpt')
    # In another folder, in which the path of the teacher names nothing.
    models = []
    for name in ('distilled', 'alone'):
        output = f'--output={name}/model.onnx'
        (tmp_path / name).mkdir()
        options = (f'--checkpoint={name}.ckpt', output, f'--samples={SAMPLES}')
        spike_depth('export', *options, f'--folder={folder}/runs/simulated', folder=tmp_path)
        models.append((tmp_path / name / 'model.onnx').read_bytes())
    assert models[0] == models[1]
    assert DepthEngine(tmp_path / 'distilled/model.onnx').contract.channels == 4


def test_a_student_begins_with_weights_of_a_distilled_one(folder: Path) -> None:
    options = {'model__initial': str(STUDENT), 'trainer__logger__init_args__name': 'begun'}
    train(['training/spike_transformer_robot'], folder, **options)
    begun = weights(folder / 'runs/begun/checkpoints/last.ckpt')
    assert not [name for name in begun if name.startswith('distillation.')]


def test_depth_waits_until_the_features_are_warm(folder: Path) -> None:
    """In the first step of a warm-up the readout stays at its initial potential, 1."""
    potentials = []
    for name, warm_up in (('warm', '0.9'), ('cold', '0')):
        options = {'trainer__logger__init_args__name': name, 'model__loss__warm_up': warm_up}
        train(DISTILLED, folder, trainer__max_steps=1, **options)
        state = weights(folder / f'runs/{name}/checkpoints/last.ckpt')
        potentials.append(state['network.head.readout.reset_potential'].item())
    assert potentials[0] == 1 != potentials[1]


def test_a_network_that_reads_events_is_no_teacher(folder: Path) -> None:
    with pytest.raises(CheckpointError, match='is of SpikeTransformer, which reads events: give'):
        PictureTeacher(str(folder / STUDENT))


def test_a_missing_teacher_is_one_sentence(tmp_path: Path) -> None:
    refusal = r'cannot be read \(no such file or directory\): give one of a network that reads'
    with pytest.raises(AssertionError, match=refusal) as found:
        train(DISTILLED, tmp_path)
    assert 'Traceback' not in str(found.value)


def test_a_teacher_is_not_exported(folder: Path) -> None:
    with pytest.raises(AssertionError, match='PictureTransformer reads pictures, and files hold'):
        spike_depth('export', f'--checkpoint={TEACHER}', '--output=model.onnx', folder=folder)
