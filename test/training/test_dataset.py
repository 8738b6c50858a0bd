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

"""Data sets: one reader and one YAML file train, export and evaluate a network."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from training.runs import ROOT, SIM_FLYING, spike_depth

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.checkpoints import CheckpointError, Recipe, read_recipe
from spike_depth_ros.training.data.dataset import DataDescription, network_rig, read_dataset
from spike_depth_ros.training.data.module import DepthData
from spike_depth_ros.training.data.training_data import joined
from spike_depth_ros.training.evaluate import check_models, with_window
from spike_depth_ros.training.export.description import contract, provenance
from spike_depth_ros.training.networks.network import Trust
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.settings import SettingsError

WIDTH, HEIGHT = 96, 64
ARRAYS = """
class_path: array_dataset.ArrayDataset
init_args: {file: arrays.npz, f: 120.0, cx: 47.5, cy: 31.5, baseline_m: 0.2, window_ms: 100}
"""
COINCIDENCE = ROOT / 'models/coincidence.onnx'
DATA = DataDescription('Data', MVSEC_RIG, 50_000_000, (0.5, 8.0), 'recorded')


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a reader, its YAML file and its data."""
    folder = tmp_path_factory.mktemp('arrays')
    shutil.copy(Path(__file__).parent / 'array_dataset.py', folder)
    (folder / 'arrays.yaml').write_text(ARRAYS)
    random = np.random.default_rng(0)
    arrays = {}
    for split in ('train', 'validation', 'test'):
        arrays[f'{split}_spikes'] = random.poisson(0.3, (2, HEIGHT, WIDTH, 4)).astype(np.uint8)
        arrays[f'{split}_depth'] = random.uniform(1, 9, (2, HEIGHT, WIDTH)).astype(np.float32)
    np.savez(folder / 'arrays.npz', **arrays)
    return folder


@pytest.fixture(scope='module')
def model(folder: Path) -> Path:
    """Return the file of a network that was trained on the arrays for one step."""
    spike_depth(
        'train',
        f'--config={ROOT}/config/training/stereospike_binocular.yaml',
        '--model.compiled=false',
        '--model.network.init_args.width=2',
        '--data.datasets={arrays.yaml: 2}',
        '--data.validation_samples=2',
        '--data.crop_height=32',
        '--data.crop_width=48',
        '--data.batch_size=2',
        '--data.workers=0',
        '--trainer.max_steps=1',
        '--trainer.val_check_interval=1',
        '--trainer.callbacks.init_args.every_n_train_steps=1',
        folder=folder,
    )
    checkpoint = 'runs/stereospike_binocular/checkpoints/last.ckpt'
    arguments = [f'--checkpoint={checkpoint}', '--output=arrays.onnx', '--samples=2']
    spike_depth('export', *arguments, folder=folder)
    return folder / 'arrays.onnx'


@pytest.mark.slow
def test_the_contract_has_the_window_the_rig_and_the_provenance_of_the_data(model: Path) -> None:
    stated = DepthEngine(model).contract
    assert stated.window_ns == 100_000_000
    assert (stated.width, stated.height, stated.f) == (WIDTH, HEIGHT, 120.0)
    assert (stated.cx, stated.cy) == (47.5, 31.5)
    assert stated.baseline_m == pytest.approx(MVSEC_RIG.focal_baseline / 120)
    scale = stated.baseline_m / 0.2
    assert (stated.depth_min_m, stated.depth_max_m) == pytest.approx((0.5 * scale, 10 * scale))
    assert stated.training_data == 'recorded with two cameras: 2 of arrays'


@pytest.mark.slow
def test_it_is_evaluated_on_its_test_split(model: Path) -> None:
    printed = spike_depth(
        'evaluate',
        '--models=[arrays.onnx]',
        '--data=arrays.yaml',
        '--samples=2',
        '--output=scores.json',
        folder=model.parent,
    )
    assert 'arrays, 2 test windows of 100 ms' in printed and 'Warning' not in printed
    assert (model.parent / 'scores.json').exists()


def test_windows_of_a_description_end_in_the_contract(tmp_path: Path) -> None:
    file = tmp_path / 'slow.yaml'
    file.write_text(SIM_FLYING.read_text() + 'window_ms: 100\n')
    recipe = Recipe(5, {str(file): 3}, 4, (176, 128), 1e-3, None, False)
    network, envelope = StereoSpike(4, width=2), (np.zeros(13), np.ones(13))
    stated: ModelContract = contract(network, provenance(recipe, 'int8', Trust()), envelope)
    assert stated.window_ns == 100_000_000
    assert stated.baseline_m == MVSEC_RIG.baseline_m and stated.f == MVSEC_RIG.camera.f
    assert stated.training_data.endswith('no real data: 3 of SimFlying')
    assert stated.recipe.startswith('5 steps from random weights: 4 crops of 176 x 128, Adam')


def test_a_model_of_another_window_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    dataset = read_dataset(SIM_FLYING)
    check_models([COINCIDENCE], dataset.description)
    assert capsys.readouterr().err == ''
    check_models([COINCIDENCE], with_window(dataset, 100).description)
    warning = capsys.readouterr().err
    assert 'trained on windows of 50 ms, but those of SimFlying have 100 ms' in warning


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'width': 640}, 'frames of 346 x 260, but those of Data have 640 x 260'),
        ({'f': 226.38}, f'focal length of {MVSEC_RIG.camera.f} px, but that of Data is 226.38 px'),
    ],
)
def test_a_model_of_another_camera_is_refused(change: dict[str, float], reason: str) -> None:
    camera = dataclasses.replace(MVSEC_RIG.camera, **change)
    data = dataclasses.replace(DATA, rig=StereoRig(camera, 0.1))
    with pytest.raises(SettingsError, match=reason):
        check_models([COINCIDENCE], data)
    with pytest.raises(SettingsError, match='takes 4 channels, but frames of Data have 2'):
        check_models([COINCIDENCE], dataclasses.replace(DATA, channels=2))


def test_only_simulated_windows_may_be_of_another_length(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    dataset = read_dataset(Path('arrays.yaml'))
    assert with_window(dataset, None) is dataset
    with pytest.raises(SettingsError, match='window_ms is 50, but arrays has windows of one'):
        with_window(dataset, 50)


def test_data_sets_join_where_windows_and_cameras_are_alike() -> None:
    rig = StereoRig(MVSEC_RIG.camera, 2 * MVSEC_RIG.baseline_m)
    wide = dataclasses.replace(DATA, name='Wide', rig=rig, depth_m=(2.0, 40.0))
    data = joined([(DATA, 3), (dataclasses.replace(DATA, provenance='simulated'), 4), (wide, 5)])
    assert (data.rig, data.window_ns, data.depth_m) == (MVSEC_RIG, 50_000_000, (0.5, 20.0))
    assert data.provenance == 'recorded: 3 of Data, 5 of Wide; simulated: 4 of Data'
    longer = dataclasses.replace(DATA, name='Longer', window_ns=100_000_000)
    with pytest.raises(SettingsError, match=r'different windows \(50 ms, 100 ms\)'):
        joined([(DATA, 3), (longer, 4)])
    camera = PinholeCamera(640, 480, 500.0, 320.0, 240.0)
    other = dataclasses.replace(DATA, name='Other', rig=StereoRig(camera, 0.1))
    with pytest.raises(SettingsError, match='Data and Other have different cameras'):
        joined([(DATA, 3), (other, 4)])
    with pytest.raises(SettingsError, match='at least one data set'):
        joined([])


def test_networks_compute_depth_from_disparity_alike_for_every_camera() -> None:
    camera = PinholeCamera(640, 480, 555.0, 320.0, 240.0)
    assert network_rig(camera).focal_baseline == pytest.approx(MVSEC_RIG.focal_baseline)
    assert network_rig(MVSEC_RIG.camera) == MVSEC_RIG


def test_a_network_for_two_cameras_needs_two() -> None:
    data = DepthData({str(SIM_FLYING): 1})
    data.check_channels(4)
    data.check_channels(2)
    with pytest.raises(SettingsError, match='takes spike frames of 6 channels, but SimFlying has'):
        data.check_channels(6)


def test_checkpoints_of_older_versions_name_their_data_sets() -> None:
    model = {'learning_rate': 1e-3, 'initial': None, 'quantised': False}
    data = {'batch_size': 4, 'crop_width': 176, 'crop_height': 128}
    saved = {'global_step': 7, 'hyper_parameters': model}
    for key in ('datasets', 'benchmarks'):
        old = saved | {'datamodule_hyper_parameters': data | {key: {'sim.yaml': 3}}}
        assert read_recipe(Path('x.ckpt'), old).datasets == {'sim.yaml': 3}
    assert str(read_recipe(Path('x.ckpt'), old)).endswith('Adam, one cycle to 0.001')
    model['schedule'] = {'falls': [0.25], 'factor': 0.5}
    assert str(read_recipe(Path('x.ckpt'), old)).endswith('times 0.5 after 0.25 of the run')
    with pytest.raises(CheckpointError, match='another version of the package'):
        read_recipe(Path('x.ckpt'), saved | {'datamodule_hyper_parameters': data})
