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

"""Views of recordings as Rerun files, read back."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.frames.event_picture import event_kinds
from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.shipped import shipped_model
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.units import SECOND_NS

pytest.importorskip('rerun', reason='the extra rerun is not installed: run `make views`')

from spike_depth_ros.views.windows import Window, WindowReader
from testing import preloaded
from testing.recordings import dsec
from testing.recordings.scene import scene
from testing.rrd_file import RrdFile

ROOT = Path(__file__).parents[2]
DEMO = ROOT / 'demo/recording'
DATA = Path(os.environ.get('SPIKE_DEPTH_DATA', ROOT.parent / 'shared/data'))
PERIOD_NS, JITTER_NS = 50_000_000, 10_000
real = pytest.mark.skipif(not DATA.is_dir(), reason=f'no recordings in {DATA}')
preloaded.preload('spike_depth_ros.views.rerun_command')


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `spike-depth view`."""
    command = [sys.executable, '-m', 'spike_depth_ros.cli', 'view', *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope='module')
def contract() -> ModelContract:
    return DepthEngine(shipped_model(2)).contract


@pytest.fixture(scope='module')
def windows() -> list[Window]:
    """Return the first second of the demo recording, computed by itself."""
    with open_recording(DEMO) as recording:
        engine = DepthEngine(shipped_model(2))
        depths = WindowReader(recording, recording.cameras, None, engine)
        start_ns = recording.start_ns
        return list(depths.read(start_ns, start_ns + SECOND_NS))


@pytest.fixture(scope='module')
def view(tmp_path_factory: pytest.TempPathFactory) -> RrdFile:
    path = tmp_path_factory.mktemp('view') / 'demo.rrd'
    done = run(DEMO, '--duration', 1, '--output', path)
    assert (done.returncode, done.stderr) == (0, '')
    assert 'left: /left/events, right: /right/events' in done.stdout
    assert '20 windows, 20 with depth' in done.stdout
    assert f'`rerun {path}` opens it' in done.stdout
    assert os.listdir(path.parent) == ['demo.rrd']
    return RrdFile(path)


def test_a_file_has_all_that_a_recording_gives(view: RrdFile, contract: ModelContract) -> None:
    measured = {'events_of_a_window', 'mean_confidence', 'inference_ms'}
    images = {'events/left', 'events/right', 'spike_frame/left', 'confidence'}
    depths = {'rig/left/depth', 'truth/left/depth'}
    rates = {f'firing_rates/{layer}' for layer in contract.layers}
    assert view.entities == measured | images | depths | rates
    assert view.blueprints == 1
    for entity in view.entities - {'truth/left/depth'}:
        times_ns = view.times_ns(entity)
        assert len(times_ns) == 20, entity
        # Stamps follow the drivers' by a slow estimate.
        np.testing.assert_allclose(np.diff(times_ns), PERIOD_NS, atol=JITTER_NS)
    assert len(view.times_ns('truth/left/depth')) in (20, 21)


def test_the_camera_looks_ahead_along_z(view: RrdFile, contract: ModelContract) -> None:
    right, down, forward = 3, 2, 5  # of Rerun's ViewCoordinates: Right, Down, Forward
    for root in ('rig', 'truth'):
        assert view.static[root]['ViewCoordinates:xyz'] == [[right, down, forward]]
        pinhole = view.static[f'{root}/left']
        f, cx, cy = contract.f, contract.cx, contract.cy
        columns = [f, 0, 0, 0, f, 0, cx, cy, 1]
        assert pinhole['Pinhole:image_from_camera'][0] == pytest.approx(columns)
        assert pinhole['Pinhole:resolution'] == [[contract.width, contract.height]]


def test_values_are_those_of_the_network(
    view: RrdFile, windows: list[Window], contract: ModelContract
) -> None:
    assert len(windows) == 20
    shown: dict[str, Callable[[Window], np.ndarray | None]] = {
        'events/left': lambda window: event_kinds(window.counts[..., :2]),
        'events/right': lambda window: event_kinds(window.counts[..., 2:]),
        'spike_frame/left': lambda window: window.counts[..., :2].sum(-1, dtype=np.uint16),
        'rig/left/depth': lambda window: window.depth,
        'confidence': lambda window: window.confidence,
    }
    for entity, expected in shown.items():
        for image, window in zip(view.images(entity), windows, strict=True):
            value = expected(window)
            assert value is not None
            finite = np.where(np.isfinite(value), value, np.nan)
            np.testing.assert_array_equal(image, finite.astype(image.dtype))
    for layer in contract.layers:
        rates = [window.firing_rates[layer] for window in windows]
        np.testing.assert_allclose(view.scalars(f'firing_rates/{layer}'), rates, rtol=1e-6)
    assert min(view.scalars('inference_ms')) > 1
    assert view.scalars('events_of_a_window') == [window.counts.sum() for window in windows]


def test_colours_span_the_depth_of_the_model(view: RrdFile, contract: ModelContract) -> None:
    range_m = [contract.depth_min_m, contract.depth_max_m]
    for entity in ('rig/left/depth', 'truth/left/depth'):
        assert view.first(entity, 'DepthImage:depth_range') == pytest.approx(range_m)
        assert view.first(entity, 'DepthImage:meter') == 1
    error = np.abs(view.images('rig/left/depth')[5] - view.images('truth/left/depth')[5])
    assert np.nanmedian(error.astype(np.float64)) < 1


def test_a_calibrated_recording_with_disparities_and_images(tmp_path: Path) -> None:
    path, part = tmp_path / 'dsec.rrd', scene(1.0)
    done = run(dsec.write_tree(tmp_path / 'dsec', part), '--output', path)
    assert done.returncode == 0, done.stderr
    assert "calibration: DSEC's cam_to_cam file" in done.stdout
    file = RrdFile(path)
    truths, depths = file.images('truth/left/depth'), file.images('rig/left/depth')
    assert len(truths) == len(part.depth)
    known = np.isfinite(truths[2])
    # Disparities are stored with 1/256 px, and depth in half precision.
    np.testing.assert_allclose(truths[2][known], part.depth[2].depth[known], rtol=0.01)
    errors = np.abs(depths[2].astype(np.float32) - truths[2])
    assert np.nanmedian(errors) < 0.5
    assert {'images/images_left', 'images/images_right'} < file.entities


@real
def test_images_of_a_camera_without_calibration(tmp_path: Path) -> None:
    path = tmp_path / 'davis.rrd'
    done = run(DATA / 'davis346.aedat4', '--output', path)
    assert done.returncode == 0, done.stderr
    assert 'calibration: none in or beside the recording' in done.stdout
    file = RrdFile(path)
    names = [entity for entity in file.entities if entity.startswith('images/')]
    assert len(names) == 1 and file.images(names[0])[0].shape[:2] == (260, 346)
    assert 'events/right' not in file.entities
    assert file.times_ns('rig/left/depth')


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        ([], 'No recording is given: give a file or folder, or --live.'),
        (['nothing.bag'], "The recording 'nothing.bag' does not exist"),
        ([DEMO, '--model', ROOT / 'models/stereospike_monocular.onnx'], 'made for one camera'),
        ([DEMO, '--left', '/nowhere'], "no event camera '/nowhere'"),
        ([DEMO, '--output', '/proc/x.rrd'], "The file '/proc/x.rrd' cannot be written"),
        ([DEMO, '--output', 'x.png'], "The file 'x.png' has not the ending .rrd, by which Rerun"),
        ([DEMO, '--start', 100], ' s after its first event: give a start before that'),
        ([DEMO, '--live'], 'is a recording, but --live shows running nodes'),
    ],
    ids=['no recording', 'no file', 'model', 'camera', 'output', 'ending', 'start', 'live'],
)
def test_wrong_arguments_are_one_sentence(
    arguments: list[object], sentence: str, tmp_path: Path
) -> None:
    output = [] if '--output' in arguments else ['--output', tmp_path / 'x.rrd']
    words = ['spike-depth', 'view', *map(str, arguments), *map(str, output)]
    done = preloaded.run('spike_depth_ros.cli.main', words, Path.cwd())
    assert done.returncode == 1
    assert sentence in done.stderr and done.stderr.count('\n') == 1
    assert not list(tmp_path.iterdir())


def test_a_missing_viewer_is_one_sentence(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['rerun'] = None; sys.argv[1:] = ['view', 'x']; "
        'from spike_depth_ros.cli import main; sys.exit(main())'
    )
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith('spike-depth view: rerun ')
    assert done.stderr.count('\n') == 1
