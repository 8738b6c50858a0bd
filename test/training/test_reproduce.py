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

"""Tables and figures of a paper by the command, with tiny trainings."""

import csv
import dataclasses
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from training.runs import ROOT, checked

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import StereoRig
from spike_depth_ros.outputs import OutputError
from spike_depth_ros.training import train
from spike_depth_ros.training.data.dataset import (
    DataDescription,
    DepthWindow,
    Preparation,
    read_dataset,
)
from spike_depth_ros.training.data.dsec import TEST, VALIDATION
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.reproduce import command
from spike_depth_ros.training.reproduce.lock import locked
from spike_depth_ros.training.reproduce.measurable import measurable
from spike_depth_ros.training.reproduce.papers import Variant
from spike_depth_ros.training.reproduce.recipes import recipe
from spike_depth_ros.training.reproduce.runs import Run, Setup
from spike_depth_ros.training.reproduce.scores import measured
from spike_depth_ros.training.reproduce.stereospike import DEFAULT, STEREOSPIKE
from spike_depth_ros.training.settings import SettingsError
from testing.preloaded import run
from testing.recordings import dsec
from testing.recordings.mvsec_set import write_set
from testing.recordings.scene import scene

SETTINGS = """
model: {network: {class_path: spike_depth_ros.training.networks.stereospike.StereoSpike,
  init_args: {width: 2}}}
data: {crop_height: 32, crop_width: 48, batch_size: 1, workers: 0, validation_samples: 1}
trainer:
  callbacks:
    - class_path: killing.Killing
    - class_path: lightning.pytorch.callbacks.ModelCheckpoint
      init_args: {save_last: true, enable_version_counter: false, every_n_train_steps: 1}
"""
KILLING = """
import os, signal
from pathlib import Path
from lightning.pytorch import Callback

class Killing(Callback):
    def on_train_batch_end(self, trainer, *_):
        if trainer.global_step == 2 and Path('kill').exists():
            Path('kill').unlink()
            os.kill(os.getpid(), signal.SIGKILL)
"""
STEPS = 3


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('reproduction')
    (folder / 'tiny.yaml').write_text(SETTINGS)
    (folder / 'killing.py').write_text(KILLING)
    return folder


def words(table: str, *more: str) -> list[str]:
    few = ['--seeds=1', '--windows=2', '--measured=1', '--workers=1', '--device=cpu']
    settings = ['--settings=tiny.yaml', f'--steps={STEPS}']
    return ['spike-depth', 'reproduce', 'stereospike', table, *settings, *few, *more]


def reproduce(folder: Path, table: str, *more: str) -> str:
    return checked(run('spike_depth_ros.cli.main', words(table, *more), folder))


def written(output: str, folder: Path, suffix: str) -> Path:
    [name] = re.findall(rf'Written: (\S+{suffix})', output)
    return folder / name


def lines(file: Path) -> list[dict[str, str]]:
    with file.open(newline='') as opened:
        return list(csv.DictReader(opened))


@pytest.mark.slow
def test_a_table_has_the_published_numbers_beside_ours(folder: Path) -> None:
    output = reproduce(folder, 'table3')
    assert 'table3: training 1 of 2, default_seed=1-' in output
    assert '| with | 15.06 | 19.07 | ' in output
    assert re.search(r'- skip connections lower the test error: .* published 3\.34\)', output)
    conditions = 'width 2, 3 steps, 2 training windows, 1 test window, 1 seed\n'
    assert f'SimFlying (simulated): {conditions}' in output
    assert 'skip connections lower the test error: one seed: no verdict (' in output
    found = lines(written(output, folder, '.csv'))
    names = ('width', 'steps', 'training windows', 'test windows', 'seeds', 'averaged over')
    expected = '2', '3', '2', '1', '1', 'pixels'
    assert {tuple(line[name] for name in names) for line in found} == {expected}
    assert [(line['row'], line['column'], line['published']) for line in found] == [
        ('with', 'train MDE (cm)', '15.06'),
        ('with', 'test MDE (cm)', '19.07'),
        ('with', 'test MDE at event pixels (cm)', ''),
        ('without', 'train MDE (cm)', '9.52'),
        ('without', 'test MDE (cm)', '22.41'),
        ('without', 'test MDE at event pixels (cm)', ''),
        ('constant depth', 'train MDE (cm)', ''),
        ('constant depth', 'test MDE (cm)', ''),
        ('constant depth', 'test MDE at event pixels (cm)', ''),
    ]
    assert all(0 < float(line['mean']) < 1000 for line in found)


@pytest.mark.slow
def test_a_figure_shares_the_trainings_of_a_table(folder: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in folder.rglob('trained.ckpt')}
    output = reproduce(folder, 'firing-rates')
    assert output.count('firing-rates: training ') == (1 if before else 2)
    assert all(file.stat().st_mtime_ns == time for file, time in before.items())
    with Image.open(written(output, folder, '.png')) as picture:
        assert picture.size == (1050, 675)
        assert len(np.unique(np.asarray(picture))) > 2
    again = reproduce(folder, 'firing-rates')
    assert 'training 1' not in again and '| no penalty | 8.10 | 23.50 | ' in again


@pytest.mark.slow
def test_a_killed_training_goes_on_from_its_last_checkpoint(folder: Path) -> None:
    (folder / 'kill').touch()
    killed = run('spike_depth_ros.cli.main', words('table1', '--output=killed'), folder)
    assert killed.returncode == -signal.SIGKILL
    assert not list(folder.glob('killed/runs/*/trained.ckpt'))
    output = reproduce(folder, 'table1', '--output=killed')
    assert re.search(r'estor\w+ .*default_seed=1-\w+/checkpoints/last\.ckpt', output)
    for file in folder.glob('killed/runs/*/trained.ckpt'):
        saved = torch.load(file, weights_only=False)
        assert saved['global_step'] == STEPS and 'optimizer_states' not in saved
    assert '| SimFlying (simulated): test: mean depth error (cm) |' in output
    assert 'two cameras err less than one: ' in output
    assert '| DDES (Tulyakov et al. 2019) | 16.70 | 29.40 | 27.80 | - |' in output


def setup(tmp_path: Path, **changes: object) -> Setup:
    settings = ROOT / STEREOSPIKE.settings['sim_flying']
    preparation = Preparation(tmp_path / 'windows')
    shared = Setup(recipe('sim_flying', tmp_path), (settings,), None, tmp_path, preparation)
    return dataclasses.replace(shared, **changes)  # type: ignore[arg-type]


def test_a_run_has_the_name_of_all_that_determines_it(tmp_path: Path) -> None:
    def name(variant: Variant = DEFAULT, seed: int = 1, **changes: object) -> str:
        return Run(setup(tmp_path, **changes), variant, '', seed).name

    assert name() == name() == name(output=tmp_path / 'elsewhere')
    others = [
        name(Variant({'heads': [1]})),
        name(Variant(loss={'spikes': 2.5})),
        name(seed=2),
        name(steps=7),
        name(recipe=dataclasses.replace(recipe('sim_flying', tmp_path), windows=5)),
        name(settings=(ROOT / 'config/training/coincidence.yaml',)),
    ]
    assert len({name(), *others}) == 1 + len(others)
    assert others[0].startswith('heads=1_seed=1-')


def test_errors_and_rates_of_a_network_of_constant_depth() -> None:
    # Metres of this rig are a half of the network's: 1 m of the network is 0.5 m here.
    camera = PinholeCamera(32, 16, 100.0, 16.0, 8.0)
    data = DataDescription('Half', StereoRig(camera, 1.0), 50_000_000, (0.4, 2.0), 'none')
    network = StereoSpike(4, 2)
    for weight in network.parameters():
        torch.nn.init.zeros_(weight)  # log depth 0 everywhere, and no spike
    module = DepthEstimation(network).eval()
    depth = np.full((16, 32), 1.0, np.float32)
    depth[:, 16:] = 3.0  # beyond the range
    window = DepthWindow(np.ones((16, 32, 4), np.uint8), depth, depth)
    found = measured(module, [window], data, 'test')
    predicted = 1.0 / data.network_scale
    assert found['mean depth error (cm)'] == pytest.approx(100 * abs(predicted - 1.0), rel=1e-5)
    assert found['constant depth, mean depth error (cm)'] == 0
    assert found['firing of conv1'] == 0


@pytest.mark.parametrize(
    ('data', 'reason'),
    [
        ('mvsec', "data is 'mvsec': use sim_flying, sim_driving, sim_rooms, mvsec=FOLDER, "),
        ('sim_rooms=x', "data is 'sim_rooms=x': use sim_flying, sim_driving, sim_rooms, "),
        ('sim_swimming', "data is 'sim_swimming': use sim_flying"),
        ('mvsec=/none/here', "'/none/here' is no folder"),
    ],
)
def test_wrong_data_is_named(data: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape(reason)):
        recipe(data, tmp_path)


def test_mvsec_is_read_in_the_papers_splits(tmp_path: Path) -> None:
    found = recipe(f'mvsec={tmp_path}', tmp_path / 'output')
    assert found.best and found.windows is None
    for split in ('1', '2', '3'):
        dataset = read_dataset(found.dataset(split))
        assert (dataset.split, dataset.validation, dataset.folder) == (split, 200, tmp_path)  # type: ignore[attr-defined]


def test_data_without_the_papers_splits_has_one_column_for_them(tmp_path: Path) -> None:
    table = STEREOSPIKE.tables[0]
    columns, claims = measurable(table, recipe('sim_flying', tmp_path))
    names = ['test: mean depth error (cm)', 'test: at event pixels (cm)']
    assert [column.name for column in columns] == [claim.column for claim in claims] == names
    columns, claims = measurable(table, recipe(f'mvsec={tmp_path}', tmp_path))
    assert (columns, claims) == (list(table.columns), list(table.claims))


def test_columns_of_other_data_need_some(tmp_path: Path) -> None:
    table = next(table for table in STEREOSPIKE.tables if table.name == 'table4')
    for data, number in (('sim_flying', 7), (f'mvsec={tmp_path}', 6)):
        columns, claims = measurable(table, recipe(data, tmp_path))
        assert len(columns) == number
        assert {claim.column for claim in claims} <= {column.name for column in columns}


@pytest.mark.slow
def test_a_table_on_files_in_the_layout_of_mvsec(folder: Path) -> None:
    first = {'indoor_flying1': 138, 'indoor_flying2': 158, 'indoor_flying3': 124}
    write_set(folder / 'mvsec', scene(0.5), first)
    output = reproduce(folder, 'table1', '--data=mvsec=mvsec', '--output=recorded')
    trainings = re.findall(r'training \d of 6, (\S+)_seed=1-', output)
    assert trainings == [
        f'{channels}_split={split}'
        for channels in ('default', 'channels=2')
        for split in ('1', '2', '3')
    ]
    found = lines(written(output, folder, '.csv'))
    assert [line['published'] for line in found[:3]] == ['18.5', '29.4', '25.4']
    assert all(float(line['best']) > 0 for line in found if line['row'] == 'binocular')
    assert 'MVSEC1_error' in output  # the epoch is chosen by it


@pytest.mark.slow
def test_a_table_on_files_in_the_layout_of_dsec(folder: Path) -> None:
    for name in ('zurich_city_11_a', VALIDATION[0], TEST[0]):
        dsec.write_tree(folder / 'dsec/train' / name, scene(0.5))
    output = reproduce(folder, 'table3', '--data=dsec=dsec', '--output=driven')
    # The best epoch is measured: two steps are the first.
    assert 'DSEC: width 2, 2 steps, 2 training windows, 1 test window, 1 seed\n' in output
    assert 'DSEC_error' in output  # the epoch is chosen by it
    found = lines(written(output, folder, '.csv'))
    means = {(line['row'], line['column']): float(line['mean']) for line in found}
    assert all(0 < mean < 1e5 for mean in means.values())
    assert ('constant depth', 'train MDE (cm)') in means


def test_every_variant_is_one_that_training_takes(tmp_path: Path) -> None:
    variants = [row.variant for table in STEREOSPIKE.tables for row in table.rows]
    distinct = {str(variant): variant for variant in variants if variant is not None}
    assert len(distinct) == 13
    for variant in distinct.values():
        words = list(Run(setup(tmp_path), variant, '', 1).arguments())
        settings = train.command(words, run=False).config['model']
        network = json.loads(json.dumps(settings['network']['init_args'].as_dict()))
        assert {name: network[name] for name in variant.network} == variant.network
        assert {name: settings['loss'][name] for name in variant.loss} == variant.loss


def test_every_claim_is_about_cells_that_exist() -> None:
    for table in STEREOSPIKE.tables:
        columns = {column.name for column in table.columns}
        rows = {row.name for row in table.rows}
        for row in table.rows:
            assert row.published.keys() <= columns
        for claim in table.claims:
            for row_name, column_name in claim.cells:
                assert row_name in rows and column_name in columns


def test_recordings_of_later_splits_are_missed_before_the_first_training(tmp_path: Path) -> None:
    folder = write_set(tmp_path / 'mvsec', scene(0.5), {'indoor_flying2': 0, 'indoor_flying3': 0})
    (folder / 'indoor_flying2_gt.hdf5').rename(folder / 'kept')
    data = f'mvsec={folder}'
    output = tmp_path / 'output'
    with pytest.raises(SettingsError, match=r'no indoor_flying2_gt\.hdf5 .* give another folder'):
        command.reproduce('stereospike', 'table1', data, seeds=1, output=output, device='cpu')
    (folder / 'kept').rename(folder / 'indoor_flying2_gt.hdf5')
    with pytest.raises(SettingsError, match=r'no indoor_flying1_data\.hdf5 or .*\.bag in '):
        command.reproduce('stereospike', 'table1', data, seeds=1, output=output, device='cpu')
    assert not (output / 'runs').exists()


def test_validation_has_no_more_windows_than_are_measured(tmp_path: Path) -> None:
    of = recipe('sim_flying', tmp_path)
    assert setup(tmp_path).validation == 8
    assert setup(tmp_path, recipe=dataclasses.replace(of, measured=2)).validation == 2
    paper = ROOT / STEREOSPIKE.settings['mvsec']
    assert setup(tmp_path, settings=(paper,), recipe=of).validation == 96


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    hold = (
        'import sys\n'
        'from pathlib import Path\n'
        'from spike_depth_ros.training.reproduce.lock import locked\n'
        'with locked(Path(sys.argv[1])):\n'
        "    print('held', flush=True)\n"
        '    sys.stdin.read()\n'
    )
    words = [sys.executable, '-c', hold, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        try:
            assert holder.stdout.readline() == 'held\n'
            with pytest.raises(OutputError, match='in use by another'), locked(tmp_path):
                pass
        finally:
            holder.stdin.close()
    with locked(tmp_path):  # the process ended
        pass


def test_settings_that_are_no_yaml_name_a_file_of_the_paper(tmp_path: Path) -> None:
    (tmp_path / 'net.py').write_text('a = [\n')
    with pytest.raises(SettingsError, match=r'stereospike_reproduce\.yaml is one\.$'):
        command.reproduce(
            'stereospike', 'table1', output=tmp_path, settings=tmp_path / 'net.py', device='cpu'
        )
