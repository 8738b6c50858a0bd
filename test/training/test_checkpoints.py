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

"""Checkpoints that cannot be used: one sentence with the file, and with one that can."""

import errno
import os
import shutil
import sys
from pathlib import Path

import pytest
import torch
from training.runs import arguments, checkpoint, train

from spike_depth_ros.cli import main
from spike_depth_ros.outputs import OutputError
from spike_depth_ros.training.checkpoints import (
    CheckpointError,
    WholeCheckpoints,
    check_fit,
    newest_beside,
    read_checkpoint,
)
from spike_depth_ros.training.estimation import from_checkpoint, start
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def without(path: Path, *names: str) -> None:
    """Write a checkpoint without some entries, as another version of the package would."""
    saved = torch.load(path, weights_only=False)
    entries = saved
    for name in names[:-1]:
        entries = entries[name]
    del entries[names[-1]]
    torch.save(saved, path)


BROKEN = {
    'empty': (lambda path: path.write_bytes(b''), 'is empty'),
    'cut off': (lambda path: os.truncate(path, 100_000), 'is cut off or damaged'),
    'garbage': (lambda path: path.write_bytes(os.urandom(9000)), 'is no checkpoint'),
    'text': (lambda path: path.write_text('hello'), 'is no checkpoint of a training'),
    'weights alone': (lambda path: torch.save({'x': torch.ones(1)}, path), 'is no checkpoint'),
    'a folder': (lambda path: (path.unlink(), path.mkdir()), 'cannot be read (is a directory)'),
    'a link to nothing': (
        lambda path: (path.unlink(), path.symlink_to('nowhere')),
        'cannot be read (no such file or directory)',
    ),
}
UNFIT = {
    'no loops': (lambda path: without(path, 'loops'), 'is of another version of the package'),
    'no prior': (
        lambda path: without(path, 'state_dict', 'network.readout.prior'),
        'is of another network than the settings ask for (it lacks network.readout.prior)',
    ),
}


def printed(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """Run a command that ends with exit code 1, and return its last line."""
    sys.argv = ['spike-depth', *command]
    assert main() == 1
    output = capsys.readouterr().err
    assert 'Traceback' not in output and 'simulating' not in output
    return output.splitlines()[-1]


@pytest.mark.parametrize(('spoil', 'reason'), (BROKEN | UNFIT).values(), ids=(BROKEN | UNFIT))
def test_a_training_names_a_checkpoint_to_resume_from(
    spoil: object, reason: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(checkpoint(folder))
    line = printed(capsys, *arguments(steps=4))
    last, older = (f'runs/coincidence/checkpoints/{n}' for n in ('last', 'epoch=0-step=2'))
    assert line.startswith(f"spike-depth train: The checkpoint '{last}.ckpt' {reason}")
    assert line.endswith(f'run `mv {older}.ckpt {last}.ckpt` and train again.')


def test_the_advice_works(folder: Path) -> None:
    last = checkpoint(folder)
    last.with_name('epoch=0-step=2.ckpt').replace(last)
    train(folder, steps=4)
    assert read_checkpoint(last)['global_step'] == 4
    assert {path.name for path in last.parent.iterdir()} == {'last.ckpt', 'epoch=1-step=4.ckpt'}


def test_without_another_checkpoint_a_training_is_to_start_afresh(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in checkpoint(folder).parent.iterdir():
        path.write_bytes(b'')
    line = printed(capsys, *arguments(steps=4))
    assert 'is empty: give the run another name' in line and line.endswith('remove the file.')


def test_another_network_is_another_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = printed(capsys, *arguments(steps=4, model__network__init_args__width='4'))
    assert 'has shape (1, 2, 5, 5) instead of (2, 2, 5, 5)' in line
    assert 'give the run another name (--trainer.logger.init_args.name NAME)' in line


@pytest.mark.parametrize('setting', ['ckpt_path', 'model__initial'])
def test_an_initial_checkpoint_must_exist_and_fit(
    setting: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = printed(capsys, *arguments(steps=4, **{setting: 'none.ckpt'}))
    assert "'none.ckpt' cannot be read (no such file or directory): give one of" in missing
    path = checkpoint(folder)
    path.write_bytes(b'')
    empty = printed(capsys, *arguments(steps=4, **{setting: str(path)}))
    assert f"'{path}' is empty: give {path.with_name('epoch=0-step=2.ckpt')}, the new" in empty
    larger = {'model__network__init_args__width': '4', setting: str(path)}
    assert 'is empty: give one of' in printed(capsys, *arguments(steps=4, **larger))


@pytest.mark.parametrize(('spoil', 'reason'), BROKEN.values(), ids=BROKEN)
def test_an_export_names_the_checkpoint_to_take(
    spoil: object, reason: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = checkpoint(folder)
    spoil(path)
    line = printed(capsys, 'export', f'--checkpoint={path}', '--output=x.onnx')
    assert f"The checkpoint '{path}' {reason}" in line
    assert line.endswith(f'give {path.with_name("epoch=0-step=2.ckpt")}, the newest beside it.')
    assert not Path('x.onnx').exists()


@pytest.mark.parametrize(
    'names',
    [
        ('hyper_parameters',),
        ('hyper_parameters', 'quantised'),
        ('state_dict', 'network.readout.prior'),
    ],
    ids='.'.join,
)
def test_an_export_refuses_checkpoints_of_other_versions_before_it_simulates(
    names: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = checkpoint(folder)
    without(path, *names)
    line = printed(capsys, 'export', f'--checkpoint={path}', '--output=x.onnx', '--folder=other')
    assert f"'{path}' is of another version of the package" in line and names[-1] in line


def test_the_newest_checkpoint_that_passes_the_check(tmp_path: Path) -> None:
    for age, name in enumerate(('broken', 'new', 'old', '.unfinished')):
        (tmp_path / f'{name}.ckpt').write_text(name)
        os.utime(tmp_path / f'{name}.ckpt', (1000 - age, 1000 - age))

    def check(path: Path) -> None:
        if path.read_text() == 'broken':
            raise CheckpointError(path, 'is broken')

    assert newest_beside(tmp_path / 'last.ckpt', check) == tmp_path / 'new.ckpt'
    assert newest_beside(tmp_path / 'new.ckpt', check) == tmp_path / 'old.ckpt'
    assert newest_beside(tmp_path / 'nowhere/last.ckpt', check) is None


def test_weights_are_compared_by_name_and_shape() -> None:
    weights = {'a': torch.ones(2), 'b': torch.ones(3)}
    check_fit(Path('x'), weights, weights)
    for other in ({'a': torch.ones(2)}, {**weights, 'c': weights['a']}, {**weights, 'b': 0}):
        with pytest.raises(CheckpointError, match='of another network'):
            check_fit(Path('x'), other, weights)


def test_weights_of_readouts_have_had_other_names(folder: Path) -> None:
    path = checkpoint(folder)
    module = from_checkpoint(path)
    saved = torch.load(path, weights_only=False)
    older = {name.replace('readout.', ''): each for name, each in saved['state_dict'].items()}
    assert {'network.prior', 'network.heads.deconv2.weight'} < older.keys()
    torch.save(saved | {'state_dict': older}, path)
    again, other = from_checkpoint(path).network, CoincidenceNetwork(width=2)
    start(other, path)
    for name, weight in module.network.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name
        assert torch.equal(other.state_dict()[name], weight), name


def test_a_full_disk_leaves_the_previous_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'last.ckpt'
    WholeCheckpoints().save_checkpoint({'state_dict': {}}, path)
    before = path.read_bytes()

    def full(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, 'write_bytes', full)
    with pytest.raises(OutputError, match=r'last\.ckpt.* cannot be written \(no space left'):
        WholeCheckpoints().save_checkpoint({'state_dict': {'a': 1}}, path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_damaged_checkpoint_beside_an_empty_one_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'last.ckpt').touch()
    (tmp_path / 'step.ckpt').write_bytes(bytes(range(256)) * 12)
    command = ['--checkpoint', str(tmp_path / 'last.ckpt'), '--output', str(tmp_path / 'x.onnx')]
    assert "last.ckpt' is empty: give one of" in printed(capsys, 'export', *command)
