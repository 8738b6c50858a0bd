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

"""HDF5 files of one camera: Prophesee's, converted ones, TUM-VIE's calibration."""

from pathlib import Path

import h5py
import pytest

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.hdf5 import texts
from spike_depth_ros.recordings.open import open_recording
from testing.recordings.camera_hdf5 import write_events
from testing.recordings.prophesee_hdf5 import write_ecf
from testing.recordings.prophesee_hdf5 import write_events as write_prophesee
from testing.recordings.read_back import assert_same_events, read_events
from testing.recordings.scene import scene
from testing.recordings.tum_vie import write_calibration


@pytest.mark.parametrize('has_size', [True, False])
def test_prophesee_without_a_codec(tmp_path: Path, has_size: bool) -> None:
    """Trap 14: polarity is 0 or 1 as i2."""
    for side, events in zip(('left', 'right'), scene().cameras, strict=True):
        write_prophesee(tmp_path / f'{side}.hdf5', events, 640, 480, has_size)
    with open_recording(tmp_path / 'right.hdf5') as recording:
        assert (recording.kind, recording.dataset) == ('Prophesee HDF5', '')
        size = (640, 480) if has_size else (1280, 720)
        assert all((c.width, c.height) == size for c in recording.cameras)
        assert any('does not tell' in note for note in recording.notes) != has_size
        for found, expected in zip(read_events(recording), scene().cameras, strict=True):
            assert_same_events(found, expected)


@pytest.mark.slow
def test_damaged_texts_neither_stop_nor_crash_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With this size of the free space in the heap of texts HDF5 1.14 reads without end."""
    monkeypatch.setattr(texts, 'LIMIT_S', 3)
    path = tmp_path / 'a.hdf5'
    write_prophesee(path, scene().left, 640, 480)
    content = bytearray(path.read_bytes())
    free = content.index(b'640x480\0') + 16
    assert content[free : free + 8] == (0xF90).to_bytes(8, 'little')
    content[free - 1 : free + 2] = b'35\0'
    path.write_bytes(content)
    with open_recording(path) as recording:
        assert 'does not tell its sensor' in recording.notes[0]
        assert_same_events(read_events(recording)[0], scene().left)


def test_the_codec_ecf_is_refused_by_name(tmp_path: Path) -> None:
    write_ecf(tmp_path / 'a.hdf5')
    with pytest.raises(RecordingError, match="Prophesee's ECF codec: convert it to RAW"):
        open_recording(tmp_path / 'a.hdf5')


def test_a_missing_filter_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'events.h5'
    write_events(path, scene().left)
    with h5py.File(path, 'a') as file:
        del file['events/t']
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_chunk((100,))
        settings.set_filter(32_020, h5py.h5z.FLAG_OPTIONAL)
        space, kind = h5py.h5s.create_simple((100,)), h5py.h5t.NATIVE_UINT32
        h5py.h5d.create(file['events'].id, b't', kind, space, settings)
    with pytest.raises(RecordingError, match=r'events/t .* filter unknown \(32020\), which is'):
        open_recording(path)


def test_a_converted_file_says_its_size(tmp_path: Path) -> None:
    write_events(tmp_path / 'a.h5', scene().left)
    with h5py.File(tmp_path / 'a.h5', 'a') as file:
        file['events/width'], file['events/height'] = 346, 260
    with open_recording(tmp_path / 'a.h5') as recording:
        assert recording.dataset == ''
        assert (recording.cameras[0].width, recording.cameras[0].height) == (346, 260)


def test_events_beyond_vga_show_a_larger_sensor(tmp_path: Path) -> None:
    write_events(tmp_path / 'a.h5', scene().left._replace(x=scene().left.x + 500))
    with open_recording(tmp_path / 'a.h5') as recording:
        assert (recording.cameras[0].width, recording.cameras[0].height) == (1280, 720)
        assert 'beyond 640 x 480' in recording.notes[0]


def test_calibration_of_tum_vie(tmp_path: Path) -> None:
    """The event cameras are the third and the fourth; their pose is that of the right by left."""
    for side, events in zip(('left', 'right'), scene().cameras, strict=True):
        relative = events._replace(t_ns=events.t_ns - scene().start_ns)
        write_events(tmp_path / f'desk-events_{side}.h5', relative, 'TUM-VIE')
    write_calibration(tmp_path / 'calibrationA.json', scene().rig)
    with open_recording(tmp_path) as recording:
        found = recording.calibration(recording.cameras)
        assert found is not None and 'calibrationA.json' in found.origin
        assert found.rig.baseline_m == pytest.approx(scene().rig.baseline_m)
        left = found.rig.cameras[0]
        assert (left.width, left.height, left.distortion_model) == (1280, 720, 'equidistant')
        assert left.rectification == pytest.approx(found.rig.cameras[1].rectification)


def test_an_unknown_layout_lists_its_paths(tmp_path: Path) -> None:
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        file['data/x'], file['data/y'], file['other'] = [1], [2], [3]
    with pytest.raises(RecordingError, match='unknown layout, with data/x, data/y, other: give'):
        open_recording(tmp_path / 'a.h5')
