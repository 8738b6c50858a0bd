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

"""The reader of docs/how-to/add-a-data-set.md reads windows from files."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.settings import SettingsError

PAGE = (Path(__file__).parents[2] / 'docs/how-to/add-a-data-set.md').read_text()
MODULE = 'reader_of_the_page'


def block(language: str) -> str:
    found = re.search(rf'^```{language}\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.mark.slow
def test_the_reader_gives_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f'{MODULE}.py').write_text(block('python'))
    monkeypatch.syspath_prepend(tmp_path)
    settings = yaml.safe_load(block('yaml'))
    settings['class_path'] = f'{MODULE}.{settings["class_path"].rpartition(".")[2]}'
    settings['init_args']['folder'] = str(tmp_path)
    (tmp_path / 'settings.yaml').write_text(yaml.safe_dump(settings))
    left = np.array([[10, 49_999_999, 50_000_000], [3, 4, 5], [2, 2, 2], [1, 0, 1]])
    right = left - np.array([[0], [2], [0], [0]])
    depth = np.full((260, 346), 2.0, np.float32)
    (tmp_path / 'train').mkdir()
    np.savez(tmp_path / 'train/0.npz', left=left, right=right, depth=depth)

    dataset = read_dataset(tmp_path / 'settings.yaml')
    assert dataset.description.rig == MVSEC_RIG
    assert dataset.description.depth_m == (0.5, 8.0)
    preparation = Preparation(tmp_path)
    [window] = dataset.windows('train', 1, preparation)
    places = {tuple(place) for place in np.argwhere(window.spikes).tolist()}
    assert places == {(2, 3, 0), (2, 4, 1), (2, 1, 2), (2, 2, 3)}
    np.testing.assert_array_equal(window.depth, depth)
    with pytest.raises(SettingsError, match='train has 1 windows, not 2'):
        dataset.windows('train', 2, preparation)
