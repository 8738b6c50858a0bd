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

"""Animations of recordings."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spike_depth_ros.cli import main
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.views import animation
from spike_depth_ros.views.panels import MARGIN, TOP, Panels
from testing import preloaded

ROOT = Path(__file__).parents[2]
DEMO, WIDTH, HEIGHT = ROOT / 'demo/recording', 346, 260
preloaded.preload('spike_depth_ros.views.animation')


def run(tmp_path: Path, name: str, *options: object) -> Path:
    """Write 0.3 s of the demo recording; return the file."""
    path = tmp_path / name
    words = ['spike-depth', 'view', DEMO, '--duration', 0.3, '--output', path, *options]
    done = preloaded.run('spike_depth_ros.cli.main', [str(word) for word in words], Path.cwd())
    assert (done.returncode, done.stderr) == (0, '')
    assert f'wrote {path}: 6 windows, ' in done.stdout
    return path


@pytest.mark.parametrize(
    ('file', 'model'),
    [('a.webp', 'coincidence_small.onnx'), ('a.gif', 'stereospike_binocular.onnx')],
)
def test_a_model_with_memory_has_a_panel_more(tmp_path: Path, file: str, model: str) -> None:
    path = run(tmp_path, file, '--model', ROOT / 'models' / model)
    remembers = bool(DepthEngine(ROOT / 'models' / model).contract.states)
    with Image.open(path) as picture:
        panels = 4 if remembers else 3
        assert picture.size == (MARGIN + panels * (WIDTH + MARGIN), TOP + HEIGHT + MARGIN)
        assert picture.n_frames == 6
        assert picture.info['loop'] == 0
        first = np.asarray(picture.convert('RGB'), np.int64)
        picture.seek(5)
        assert np.abs(np.asarray(picture.convert('RGB'), np.int64) - first).mean() > 1
        assert picture.info['duration'] == 50


def test_long_recordings_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(animation, 'MAX_WINDOWS', 2)
    path = tmp_path / 'a.gif'
    monkeypatch.setattr(
        sys, 'argv', ['spike-depth', 'view', str(DEMO), '--duration', '0.3', '--output', str(path)]
    )
    assert main() == 0
    output = capsys.readouterr().out
    assert 'covers the first 2 windows: choose a part by --start and --duration' in output
    assert f'wrote {path}: 2 windows, ' in output


def test_panels_lie_side_by_side_under_their_names() -> None:
    red, blue = np.full((3, 4, 3), (255, 0, 0)), np.full((3, 4, 3), (0, 0, 255))
    picture = Panels(('a', 'b'), (4, 3)).draw([red.astype(np.uint8), blue.astype(np.uint8)])
    pixels = np.asarray(picture)
    assert pixels.shape == (TOP + 3 + MARGIN, 3 * MARGIN + 8, 3)
    assert (pixels[TOP : TOP + 3, MARGIN : MARGIN + 4] == (255, 0, 0)).all()
    assert (pixels[TOP : TOP + 3, 2 * MARGIN + 4 : 2 * MARGIN + 8] == (0, 0, 255)).all()
    assert (pixels[:TOP].min(axis=(0, 2)) < 128).any()  # ink
