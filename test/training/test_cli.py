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

"""Training commands with wrong settings end with one sentence, before any simulation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from training.runs import ROOT

from spike_depth_ros.cli import main
from testing.processes import ChildProcess, command_line
from testing.waiting import wait_until

COINCIDENCE = ['train', '--config', 'config/training/coincidence.yaml']
TRANSFORMER = ['train', '--config', 'config/training/spike_transformer_tiny.yaml']
PAPER = ['train', '--config', 'config/training/stereospike_paper.yaml']
EVALUATE = ['evaluate', '--models', '[models/coincidence.onnx]']
EXPORT = ['export', '--checkpoint', 'README.md']
MANY = 1 + (os.cpu_count() or 1)
WRONG = {
    'window': (
        [*EVALUATE, '--window_ms', '57'],
        'window_ms is 57: use a multiple of 5',
    ),
    'model': (['evaluate', '--models', '[none.onnx]'], "'none.onnx' does not"),
    'not a model': (['evaluate', '--models', '[README.md]'], "'README.md' is no ONNX file"),
    'models of one name': (
        ['evaluate', '--models', '[models/coincidence.onnx, models/../models/coincidence.onnx]'],
        "Two of the models are called 'coincidence'",
    ),
    'one model': (['evaluate', '--models', 'models/coincidence.onnx'], 'use a list such as'),
    'samples': ([*EVALUATE, '--samples', '0'], 'samples is 0: use a number above 0'),
    'samples and sequences': (
        [*EVALUATE, '--samples', '9', '--sequences', '2'],
        'samples is 9 and sequences is 2: give one of them',
    ),
    'hop without sequences': ([*EVALUATE, '--hop_ms', '10'], 'hop_ms is 10, but is for seq'),
    'motion without sequences': (
        [*EVALUATE, '--motion', '[gyroscope]'],
        "motion is ['gyroscope'], but is for sequences of windows: add --sequences",
    ),
    'length without sequences': (
        [*EVALUATE, '--sequence_ms', '400'],
        'sequence_ms is 400, but is for sequences of windows: add --sequences',
    ),
    'hop and length': (
        [*EVALUATE, '--sequences', '2', '--hop_ms', '1000'],
        'hop_ms is 1000: use a multiple of 5, from 5 to the 50 ms of a window',
    ),
    'hop': ([*EVALUATE, '--sequences', '2', '--hop_ms', '7'], 'hop_ms is 7: use a multiple of 5'),
    'scores': ([*EVALUATE, '--output', '/proc/x.json'], "The file '/proc/x.json' cannot be"),
    'windows': ([*EVALUATE, '--folder', '/proc/x'], "The folder '/proc/x/SimFlying/test' cannot"),
    'data set': (
        ['evaluate', '--models', '[]', '--data', 'none.yaml'],
        "no data set 'none.yaml': use a YAML file such as",
    ),
    'not a data set': (
        ['evaluate', '--models', '[]', '--data', 'config/stereo.yaml'],
        "'config/stereo.yaml' describes no data set",
    ),
    'folder for a data set': (
        ['evaluate', '--models', '[]', '--data', '.'],
        "no data set '.': use a YAML file such as",
    ),
    'paper': (['reproduce', 'none', 'table1'], "paper is 'none': use stereospike"),
    'table of a paper': (
        ['reproduce', 'stereospike', 'table9'],
        "table is 'table9': use table1, table2,",
    ),
    'data of a table': (
        ['reproduce', 'stereospike', 'table1', '--data=mvsec'],
        "data is 'mvsec': use sim_flying,",
    ),
    'no table': (['reproduce', 'stereospike'], 'table is missing: give it as'),
    'not a checkpoint': ([*EXPORT, '--output', 'x.onnx'], "'README.md' is no checkpoint of a"),
    'checkpoint': (
        ['export', '--checkpoint', 'none.ckpt', '--output', 'x.onnx'],
        "'none.ckpt' cannot be read (no such file or directory): give one of `spike-depth train`",
    ),
    'model file': ([*EXPORT, '--output', '/proc/x.onnx'], "'/proc/x.onnx' cannot be written"),
    'device as model file': ([*EXPORT, '--output', '/dev/null'], 'it is a device or a pipe'),
    'precision of weights': (
        [*EXPORT, '--output', 'x.onnx', '--precision', 'int4'],
        "precision is int4: use 'int8', 'float32'",
    ),
    'no output': (EXPORT, 'output is missing: give it as an option'),
    'reach': (
        [*COINCIDENCE, '--model.network.init_args.reach=47'],
        'reach is 47: use a positive multiple of 2',
    ),
    'width': (
        [*COINCIDENCE, '--model.network.init_args.width=9'],
        'width is 9: use a positive multiple of 2',
    ),
    'statistics': (
        [*TRANSFORMER, '--model.quantised=true', '--trainer.logger.init_args.name=untrained'],
        'model.quantised is true without model.initial, but the batch normalisation of Spike',
    ),
    'config': (['train', '--config', 'none.yaml'], "'none.yaml' cannot be read (no such file"),
    'folder for a config': (['train', '--config=.'], "'.' cannot be read (is a directory)"),
    'text for a config': (['train', '-c', 'README.md'], "'README.md' is no YAML, line 7"),
    'parameters of nodes': (['train', '--config', 'config/stereo.yaml'], 'There is no setting'),
    'field': (
        [*COINCIDENCE, '--model.network.init_args.width=x'],
        'model.network.init_args.width is x: use a whole number;',
    ),
    'no such field': (
        [*COINCIDENCE, '--model.network.init_args.wide=3'],
        "There is no setting 'model.network.init_args.wide'",
    ),
    'neurons': (
        [*PAPER, '--model.network.init_args.neurons=relu'],
        "model.network.init_args.neurons is relu: use 'spiking', 'sigmoid', 'tanh', 'leaky_relu'",
    ),
    'heads': (
        [*PAPER, '--model.network.init_args.heads=all'],
        'model.network.init_args.heads is all: use a list such as [a, b];',
    ),
    'no config': (['train'], 'model.network is missing'),
    'setting': ([*COINCIDENCE, '--data.bogus', '3'], "There is no setting '--data.bogus 3'"),
    'stray word': ([*COINCIDENCE, 'stray'], "There is no setting 'stray'"),
    'number': (
        [*COINCIDENCE, '--model.learning_rate', 'fast'],
        'model.learning_rate is fast: use a number',
    ),
    'class': ([*COINCIDENCE, '--model.network', 'bogus.Class'], "No module named 'bogus'"),
    'other class': (
        [*COINCIDENCE, '--model.network', 'torch.nn.Linear'],
        'torch.nn.Linear does not correspond to a subclass of DepthNetwork',
    ),
    'precision': ([*COINCIDENCE, '--trainer.precision', '17'], 'trainer.precision is 17: use'),
    'accelerator': (
        [*COINCIDENCE, '--trainer.accelerator', 'tpu'],
        'The trainer cannot be set up',
    ),
    'unknown accelerator': ([*COINCIDENCE, '--trainer.accelerator', 'foo'], 'CPU core(s)'),
    'no devices': ([*COINCIDENCE, '--trainer.devices', '0'], 'The trainer cannot be set up'),
    'odd devices': ([*COINCIDENCE, '--trainer.devices', 'foo'], 'The trainer cannot be set up'),
    'devices': (
        [*COINCIDENCE, '--trainer.accelerator', 'cpu', '--trainer.devices', str(MANY)],
        f'trainer.devices is {MANY}, but this machine has {os.cpu_count()} CPU core(s)',
    ),
    'gpu': ([*COINCIDENCE, '--data.device', 'cuda:99'], "data.device is 'cuda:99', but this mac"),
    'renderer': (
        [*COINCIDENCE, '--data.device', 'foo'],
        "data.device is 'foo': use 'cpu', 'cuda'",
    ),
    'batch': ([*COINCIDENCE, '--data.batch_size', '0'], 'batch_size is 0: use 1 or more'),
    'large batch': ([*COINCIDENCE, '--data.batch_size', '99999'], 'less than a batch'),
    'crop': ([*COINCIDENCE, '--data.crop_height', '300'], 'A crop has 256 x 300 pixels: use'),
    'runs': (
        [*COINCIDENCE, '--trainer.logger.init_args.save_dir', '/proc/x'],
        "The folder '/proc/x/coincidence/checkpoints' cannot be written to",
    ),
    'recording': (['simulate', '--output', '/dev/null/x'], "'/dev/null' is a file"),
    'odd recording': (['simulate', '--output', 'a#b', '--seconds', '0.1'], 'has #, ? or % in'),
    'folder': (['simulate', '--output', '.', '--seconds', '0.1'], "'.' exists"),
    'length': (['simulate', '--output', 'x', '--seconds', '-1'], 'seconds is -1: use a number'),
}


@pytest.mark.parametrize(('arguments', 'sentence'), WRONG.values(), ids=WRONG)
def test_wrong_settings_end_a_command_with_a_sentence(
    arguments: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, 'argv', ['spike-depth', *arguments])
    assert main() == 1
    output = capsys.readouterr().err
    *_, last = output.splitlines()
    assert last.startswith(f'spike-depth {arguments[0]}: ')
    assert sentence in last
    assert 'simulating' not in output


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('', 'holds no settings'),
        ('- a\n- b\n', 'holds no settings'),
        ('model:\n\tlearning_rate: 1\n', 'is no YAML, line 2'),
        ('model: {}\nmodel: {}\n', 'is no YAML, line 2'),
        ('\0', 'is no text'),
    ],
)
def test_a_file_of_no_settings_is_named(
    content: str,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv('HOME', str(tmp_path))
    (tmp_path / 'my.yaml').write_text(content)
    monkeypatch.setattr(sys, 'argv', ['spike-depth', 'train', '--config=~/my.yaml'])
    assert main() == 1
    line = capsys.readouterr().err
    assert f"spike-depth train: The configuration file '{tmp_path}/my.yaml' {reason}" in line


@pytest.mark.slow
def test_tilde_stands_for_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(
        sys, 'argv', ['spike-depth', 'simulate', '--output=~/flight', '--seconds=0.05']
    )
    assert main() == 0
    assert {path.name for path in (tmp_path / 'flight').iterdir()} == {
        'flight.db3',
        'metadata.yaml',
    }
    shutil.copy(ROOT / 'models/coincidence.onnx', tmp_path)
    for arguments, named in (
        (['evaluate', '--models=[~/none.onnx]'], 'none.onnx'),
        ([*COINCIDENCE, '--model.initial=~/none.ckpt'], 'none.ckpt'),
        ([*COINCIDENCE, '--data.datasets={~/none.yaml: 3}'], 'none.yaml'),
    ):
        monkeypatch.setattr(sys, 'argv', ['spike-depth', *arguments])
        assert main() == 1
        assert f"'{tmp_path / named}'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(('while_it', 'begun'), [('imports', 'torch'), ('works', '| 1/200')])
def test_an_interrupted_command_leaves_nothing(while_it: str, begun: str, tmp_path: Path) -> None:
    command = command_line('simulate', '--output=flight')
    if while_it == 'imports':
        command[1:3] = ['-c', f'{TELLING}main()']
    log, folder = tmp_path / 'log', tmp_path / 'folder'
    folder.mkdir()
    with log.open('w') as output, ChildProcess(command, output, folder=folder) as process:
        wait_until(lambda: begun in log.read_text() or not process.is_running, begun)
        code, _ = process.interrupt()
    assert code == 130
    assert begun in log.read_text()
    assert 'Traceback' not in log.read_text() and 'KeyboardInterrupt' not in log.read_text()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    'command', ['demo', 'train', 'export', 'evaluate', 'reproduce', 'submit', 'simulate']
)
def test_a_command_names_the_package_that_is_not_installed(command: str) -> None:
    # -S: without the packages of the environment, as after `pip install .` into another.
    arguments = [sys.executable, '-S', '-m', 'spike_depth_ros.cli', command]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ''
    [line] = done.stderr.splitlines()
    assert line.startswith(f'spike-depth {command}: ')
    assert f' is not installed for {sys.executable}: ' in line


TELLING = """
import sys
from importlib.machinery import PathFinder
from spike_depth_ros.cli import main

class Telling:
    def find_spec(name, path=None, target=None):
        if name == 'torch':
            print('torch', file=sys.stderr, flush=True)

sys.meta_path.insert(0, Telling)
"""
