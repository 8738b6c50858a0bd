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

"""Recordings of every data set train, export and evaluate a network."""

import json
from pathlib import Path

import pytest
from training.runs import ROOT, spike_depth

from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.dataset import read_dataset
from testing.recordings import dense, dsec
from testing.recordings.mvsec_set import write_set
from testing.recordings.scene import DEMO, scene

CLASSES = 'class_path: spike_depth_ros.training.data'
CAMERA = '{width: 176, height: 128, f: 100.0, cx: 88.0, cy: 64.0}'
MVSEC = f"""
{CLASSES}.mvsec.MvsecDataset
init_args: {{folder: mvsec, split: '1', validation: 2, window_ms: 40, camera: {CAMERA}}}
"""
DSEC = f"""
{CLASSES}.dsec.DsecDataset
init_args: {{folder: dsec, train: [a], validation: [b], test: [c], camera: {CAMERA}}}
"""
DENSE = f"""
{CLASSES}.dense.DenseDataset
init_args: {{folder: dense, camera: {CAMERA}}}
"""
RECORDINGS = f"""
{CLASSES}.recordings.RecordingDataset
init_args:
  name: Demo
  depth_m: [0.5, 8.0]
  baseline_m: 0.0999
  origin: a simulated flight
  train:
    - {{paths: [{DEMO}], end_s: 0.3}}
  validation:
    - {{paths: [{DEMO}], start_s: 0.3, end_s: 0.5}}
  test:
    - {{paths: [{DEMO}], start_s: 0.5, end_s: 0.7}}
"""


def mvsec(folder: Path) -> None:
    first = {'indoor_flying1': 136, 'indoor_flying2': 158, 'indoor_flying3': 124}
    write_set(folder / 'mvsec', scene(0.5), first)
    (folder / 'data.yaml').write_text(MVSEC)


def dsec_set(folder: Path) -> None:
    dsec.write_tree(folder / 'dsec/a', scene(0.5))
    for name in 'bc':
        (folder / 'dsec' / name).symlink_to(folder / 'dsec/a')
    (folder / 'data.yaml').write_text(DSEC)


def dense_set(folder: Path) -> None:
    of = scene(0.5)
    for name in ('train/town01', 'val/town02', 'test/town03'):
        dense.write_sequence(folder / 'dense' / name, of.left, of.depth, of.start_ns)
    (folder / 'data.yaml').write_text(DENSE)


def demo(folder: Path) -> None:
    (folder / 'data.yaml').write_text(RECORDINGS)


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a new folder, to which the paths in YAML files are relative."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ('write', 'window_ms', 'training_data', 'printed'),
    [
        (dense_set, 50, 'simulated recordings of DENSE: 4 of DENSE', ["DENSE's errors", '10 m']),
        (
            mvsec,
            40,
            'recordings of MVSEC, split 1: 4 of MVSEC1',
            ["MVSEC's errors", 'depth error'],
        ),
        (dsec_set, 50, 'recordings of DSEC: 4 of DSEC', ["DSEC's errors", '1PE (%)']),
        (demo, 50, 'a simulated flight: 4 of Demo', ['Demo, 2 test windows of 50 ms', 'AbsRel']),
    ],
)
def test_a_network_is_trained_exported_and_evaluated(
    write: object, window_ms: int, training_data: str, printed: list[str], in_folder: Path
) -> None:
    assert callable(write)
    write(in_folder)
    is_mono = write is dense_set
    train(in_folder, 'stereospike_monocular' if is_mono else 'stereospike_binocular')
    contract = DepthEngine(in_folder / 'model.onnx').contract
    assert contract.channels == (2 if is_mono else 4)
    described = read_dataset(in_folder / 'data.yaml').description
    bounds = [bound * described.network_scale for bound in described.depth_m]
    assert [contract.depth_min_m, contract.depth_max_m] == pytest.approx(bounds)
    camera = described.rig.camera
    assert (contract.width, contract.height, contract.f) == (camera.width, camera.height, camera.f)
    assert contract.window_ns == window_ms * 1_000_000
    assert contract.training_data == training_data
    arguments = ['--models=[model.onnx]', '--data=data.yaml', '--samples=2', '--output=s.json']
    shown = spike_depth('evaluate', *arguments, folder=in_folder)
    for words in printed:
        assert words in shown
    assert 'model' in json.loads((in_folder / 's.json').read_text())


def train(folder: Path, name: str) -> None:
    """Train a network for two steps, and export it as model.onnx."""
    spike_depth(
        'train',
        f'--config={ROOT}/config/training/{name}.yaml',
        '--model.compiled=false',
        '--model.initial=null',
        '--model.network.init_args.width=2',
        '--data.datasets={data.yaml: 4}',
        '--data.validation_samples=1',
        '--data.crop_height=64',
        '--data.crop_width=96',
        '--data.batch_size=2',
        '--data.workers=0',
        '--trainer.max_steps=2',
        '--trainer.val_check_interval=2',
        '--trainer.callbacks.init_args.every_n_train_steps=2',
        folder=folder,
    )
    checkpoint = f'runs/{name}/checkpoints/last.ckpt'
    arguments = [f'--checkpoint={checkpoint}', '--output=model.onnx', '--samples=1']
    spike_depth('export', *arguments, folder=folder)
