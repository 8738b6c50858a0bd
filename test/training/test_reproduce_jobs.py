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

"""Trainings of a table side by side, in processes of their own."""

import re
import signal
from pathlib import Path

import pytest

from testing.preloaded import run
from testing.processes import ChildProcess, children, command_line, is_gone
from testing.recordings import dense
from testing.recordings.scene import scene
from testing.waiting import wait_until

# Lightning imports the callback from the working folder.
SETTINGS = """
model: {network: {init_args: {width: 16, heads: 2, fused: [2, 2, 2, 2]}}}
data: {crop_height: 32, crop_width: 48, batch_size: 1, workers: 0, validation_samples: 1}
trainer:
  callbacks:
    - class_path: stopping.Stopping
    - class_path: lightning.pytorch.callbacks.ModelCheckpoint
      init_args: {save_last: true, enable_version_counter: false, every_n_train_steps: 1}
"""
STOPPING = """
import os, signal, time
from pathlib import Path
from lightning.pytorch import Callback

class Stopping(Callback):
    def on_train_batch_end(self, trainer, *_):
        name = trainer.logger.name.partition('_')[0]
        if trainer.global_step == 2 and Path(f'kill {name}').exists():
            Path(f'kill {name}').unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        while trainer.global_step == 2 and Path('wait').exists():
            Path(f'waits {name}').touch()
            time.sleep(0.01)
"""
FEW = ('--seeds=1', '--windows=2', '--measured=1', '--workers=1', '--device=cpu', '--steps=3')
WORDS = ('reproduce', 'spike-transformer', 'attention', '--settings=tiny.yaml', '--jobs=2', *FEW)
TRAINED = 'runs/reproduce/runs/*/trained.ckpt'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / 'tiny.yaml').write_text(SETTINGS)
    (tmp_path / 'stopping.py').write_text(STOPPING)
    return tmp_path


@pytest.mark.slow
def test_a_failed_training_leaves_the_others_and_is_done_by_the_next_call(folder: Path) -> None:
    (folder / 'kill attention=linear').touch()
    words = ['spike-depth', *WORDS]
    failed = run('spike_depth_ros.cli.main', words, folder)
    assert failed.returncode == 1
    assert failed.stdout.startswith('2 trainings, 2 at a time; each writes to training.log\n')
    assert re.search(r'^\d of 2: default_seed=1-\w+ after \d+ s$', failed.stdout, re.MULTILINE)
    assert re.search(
        r'^\d of 2 failed: attention=linear_\S+ after \d+ s: signal 9', failed.stdout, re.MULTILINE
    )
    assert '1 of the trainings failed, and the tables that need them are missing' in failed.stderr
    assert [file.parent.name[:7] for file in folder.glob(TRAINED)] == ['default']
    assert 'MDE (cm)' not in failed.stdout
    again = run('spike_depth_ros.cli.main', words, folder)
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith('1 trainings, 2 at a time')
    assert '| linear attention | ' in again.stdout
    [log] = folder.glob('runs/reproduce/runs/attention=linear*/training.log')
    assert re.search(r'estor\w+ .*attention=linear_\S+/checkpoints/last\.ckpt', log.read_text())
    [scores] = folder.glob('runs/reproduce/spike-transformer_attention_*.csv')
    assert 'energy, first layer as MACs (mJ)' in scores.read_text()


@pytest.mark.slow
def test_sigterm_ends_all_trainings(folder: Path) -> None:
    (folder / 'wait').touch()
    with ChildProcess(command_line(*WORDS), folder=folder) as command:
        for each in ('runs/reproduce/runs/*/training.log', 'waits *'):
            wait_until(lambda each=each: len(list(folder.glob(each))) == 2, f'two of {each}')
        processes = children(command.pid)
        code, _ = command.end(signal.SIGTERM)
    assert code == 128 + signal.SIGTERM
    assert len(processes) >= 2
    wait_until(lambda: all(map(is_gone, processes)), 'the end of the processes')
    assert not list(folder.glob(TRAINED))
    assert len(list(folder.glob('runs/reproduce/runs/*/checkpoints/last.ckpt'))) == 2


@pytest.mark.slow
def test_a_table_on_files_in_the_layout_of_dense(folder: Path) -> None:
    of = scene(0.5)
    for name in ('train/town01', 'val/town02', 'test/town03'):
        dense.write_sequence(folder / 'dense' / name, of.left, of.depth, of.start_ns)
    words = ['spike-depth', *WORDS[:2], 'cameras', '--data=dense=dense', *WORDS[3:]]
    done = run('spike_depth_ros.cli.main', words, folder)
    assert done.returncode == 0, done.stderr
    # One camera: no row compares two.
    assert '| stacked | ' in done.stdout and 'matched |' not in done.stdout
    assert re.search(r'^DENSE \(simulated\): .*, 1 seed$', done.stdout, re.MULTILINE)


@pytest.mark.slow
def test_a_distilled_run_waits_for_its_teacher(folder: Path) -> None:
    words = ['spike-depth', *WORDS[:2], 'distillation', *WORDS[3:]]
    done = run('spike_depth_ros.cli.main', words, folder)
    assert done.returncode == 0, done.stderr
    ended = re.findall(r'^\d of 4: ([A-Za-z]+)', done.stdout, re.MULTILINE)
    assert sorted(ended) == ['PictureTransformer', 'default', 'features', 'features']
    assert ended.index('PictureTransformer') < ended.index('features')
    for row in ('features and semantic', 'the teacher, on pictures'):
        assert re.search(rf'^\| {row} (\| \d+\.\d+ ){{4}}', done.stdout, re.MULTILINE)
    assert 'MDE, 54.3 to 80 m (cm)' in done.stdout
