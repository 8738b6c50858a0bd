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

"""DSEC as a data set, and its submission, on files in its layout."""

import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from spike_depth_ros.frames.arrays import spike_frame
from spike_depth_ros.geometry.pixel_table import resize_table
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.dataset import Preparation
from spike_depth_ros.training.data.dsec import TEST, VALIDATION, WITHHELD, DsecDataset
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.training.submit import png, read_times, submit
from testing.recordings import dsec
from testing.recordings.scene import scene

MODEL = Path(__file__).parents[2] / 'models' / 'stereospike_binocular.onnx'


@pytest.fixture(scope='module')
def sequence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a sequence; not to be changed."""
    return dsec.write_tree(tmp_path_factory.mktemp('dsec') / 'thun_00_a', scene(0.5))


@pytest.fixture
def folder(sequence: Path, tmp_path: Path) -> Path:
    """Return a folder of sequences, one of each split, which are the same one."""
    folder = tmp_path / 'dsec'
    (folder / 'train').mkdir(parents=True)
    for name in (VALIDATION[0], TEST[0], 'zurich_city_11_a', WITHHELD[0]):
        (folder / 'train' / name).symlink_to(sequence)
    return folder


def test_sequences_are_split_by_name(folder: Path) -> None:
    dataset = DsecDataset(folder=folder)
    for split, name in (
        ('train', 'zurich_city_11_a'),
        ('validation', VALIDATION[0]),
        ('test', TEST[0]),
    ):
        [clip] = dataset.clips(split)  # type: ignore[arg-type]
        assert [path.name for path in clip.paths] == [name]
    with pytest.raises(SettingsError, match=r"has no sequence of DSEC's test split \(thun_01_a\)"):
        DsecDataset(folder=folder, test=('thun_01_a',)).clips('test')


def test_windows_have_disparity_in_dsecs_view(folder: Path, tmp_path: Path) -> None:
    dataset, preparation = DsecDataset(folder=folder), Preparation(tmp_path)
    described = dataset.description
    assert (described.name, described.channels, described.protocol) == ('DSEC', 4, 'DSEC')
    count = dataset.count('test', preparation)
    assert count == len(scene(0.5).depth)  # the first disparity is skipped
    dataset.prepare('test', 2, preparation)
    windows = dataset.windows('test', 2, preparation)
    for index in range(2):
        window = windows[index]
        assert window.view is not None and window.view.depth.shape == (480, 640)
        assert window.spikes.shape == (260, 346, 4) and window.spikes.any()
        # The fixture's view has the network's f, cx and cy: the image is its upper left part.
        np.testing.assert_array_equal(window.depth, window.view.depth[:260, :346])
        assert np.isnan(window.view.depth[300:]).all()


def test_two_calibrations_keep_their_disparities(folder: Path, tmp_path: Path) -> None:
    wide = tmp_path / 'dsec/train/zurich_city_11_b'
    shutil.copytree(folder / 'train/zurich_city_11_a', wide)
    calibration = wide / 'calibration/cam_to_cam.yaml'
    inverse = 1 / MVSEC_RIG.baseline_m
    calibration.write_text(calibration.read_text().replace(f'{inverse}', f'{inverse / 2}'))
    preparation = Preparation(tmp_path / 'windows')
    dataset = DsecDataset(folder=folder)
    count = dataset.count('train', preparation)
    dataset.prepare('train', count, preparation)
    windows = dataset.windows('train', count, preparation)
    disparities: dict[bytes, list[np.ndarray]] = {}
    for index in range(count):
        window = windows[index]
        assert window.view is not None
        disparity = window.view.camera.f * dataset.description.rig.baseline_m / window.view.depth
        disparities.setdefault(window.spikes.tobytes(), []).append(disparity)
    assert len(disparities) == count / 2
    for one, other in disparities.values():
        np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.fixture
def benchmark(sequence: Path, tmp_path: Path) -> Path:
    """Return the 12 test sequences, which are the same one, and their timestamps."""
    start_us = scene(0.5).start_ns // 1000
    (tmp_path / 'times').mkdir()
    (tmp_path / 'test').mkdir()
    for number, name in enumerate(WITHHELD):
        (tmp_path / 'test' / name).symlink_to(sequence)
        lines = ['# timestamp, index', f'{start_us + 100_000}, {20 + number}']
        if number == 0:
            lines.append(f'{start_us + 300_000}, 40')
        (tmp_path / 'times' / f'{name}.csv').write_text('\n'.join(lines) + '\n')
    return tmp_path


@pytest.mark.slow
def test_a_submission_is_what_the_server_takes(benchmark: Path) -> None:
    """Trap 7: images are 256 times the disparity, not the depth, named by the index."""
    output = benchmark / 'submission.zip'
    submit(MODEL, benchmark / 'test', benchmark / 'times', output)
    with zipfile.ZipFile(output) as archive:
        names = archive.namelist()
        files = {name: np.frombuffer(archive.read(name), np.uint8) for name in names}
    expected = [f'{name}/{20 + number:06d}.png' for number, name in enumerate(WITHHELD)]
    assert names == [expected[0], f'{WITHHELD[0]}/000040.png', *expected[1:]]
    images = {name: cv2.imdecode(data, cv2.IMREAD_UNCHANGED) for name, data in files.items()}
    for image in images.values():
        assert image.dtype == np.uint16 and image.shape == (480, 640) and image.all()
    assert not np.array_equal(images[expected[0]], images[f'{WITHHELD[0]}/000040.png'])
    image = images[expected[3]]
    np.testing.assert_array_equal(image, images[expected[1]])
    # It is the model's disparity where the network's image shows the view ...
    of, table = scene(0.5), resize_table(346, 260, 346, 260)
    spikes = spike_frame(of.cameras, [table, table], of.start_ns + 50_000_000, 50_000_000)
    engine = DepthEngine(MODEL)
    disparity = engine.contract.f * engine.contract.baseline_m / engine.infer(spikes).depth
    np.testing.assert_allclose(image[:260, :346], 256 * disparity, atol=1)
    # ... and the last value of the row beside it.
    assert (image[:260, 346:] == image[:260, 345:346]).all()


def test_a_part_of_the_test_sequences_is_refused(benchmark: Path) -> None:
    (benchmark / 'test' / WITHHELD[4]).unlink()
    with pytest.raises(SettingsError, match='lacks thun_01_b: the benchmark takes all 12 test'):
        submit(MODEL, benchmark / 'test', benchmark / 'times', benchmark / 'x.zip')
    assert not (benchmark / 'x.zip').exists()


def test_times_without_events_are_refused(benchmark: Path) -> None:
    (benchmark / 'times' / f'{WITHHELD[2]}.csv').write_text('# timestamp, index\n1000, 20\n')
    with pytest.raises(SettingsError, match='has no event in the 50 ms before 1000 us'):
        submit(MODEL, benchmark / 'test', benchmark / 'times', benchmark / 'x.zip')
    assert not (benchmark / 'x.zip').exists()


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('# timestamp, index\n', 'do not rise'),
        ('1000, 2\n900, 4\n', 'do not rise'),
        ('1000, 2\n2000, 2\n', 'do not rise'),
        ('1000\n', 'no lines of timestamp and index'),
        ('a, b\n', 'no lines of timestamp and index'),
    ],
)
def test_odd_timestamps_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / 'thun_01_a.csv'
    file.write_text(text)
    with pytest.raises(SettingsError, match=reason):
        read_times(file)


def test_disparities_beyond_the_format_are_clipped() -> None:
    disparity = np.full((480, 640), 0.5, np.float32)
    disparity[0, :2] = 300, -1
    image = cv2.imdecode(np.frombuffer(png(disparity), np.uint8), cv2.IMREAD_UNCHANGED)
    assert image[0, :3].tolist() == [65535, 0, 128]
    with pytest.raises(SettingsError, match='has 346 x 260 pixels, but DSEC takes 640 x 480'):
        png(np.ones((260, 346), np.float32))
