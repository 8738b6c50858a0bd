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

"""DENSE sequences, and folders of spike cameras."""

from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from testing.recordings.dense import write_sequence
from testing.recordings.read_back import assert_same_events, read_events
from testing.recordings.scene import scene


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    path = tmp_path / 'Town01_0'
    return write_sequence(path, scene().left, scene().depth, scene().start_ns)


def test_events_are_those_of_the_scene(sequence: Path) -> None:
    with open_recording(sequence) as recording:
        assert (recording.kind, recording.dataset) == ('DENSE folder', 'DENSE')
        assert recording.about['simulated'] == 'true'
        (camera,) = recording.cameras
        assert (camera.width, camera.height, camera.events) == (346, 260, None)
        t_ns = scene().left.t_ns - scene().start_ns
        expected = scene().left._replace(t_ns=t_ns)
        assert_same_events(read_events(recording)[0], expected)
        assert (recording.start_ns, recording.end_ns) == (t_ns[0], t_ns[-1])
        start, end = int(t_ns[9_000]), int(t_ns[19_000])
        inside = (t_ns >= start) & (t_ns < end)
        (part,) = read_events(recording, None, start, end)
        assert_same_events(part, expected.select(inside))


def test_trap_6_the_far_plane_is_unknown(sequence: Path) -> None:
    """Trap 6: 1000 m of DENSE's depth is the sky."""
    with open_recording(sequence) as recording:
        (stream,) = recording.depth_streams
        assert (stream.view, stream.side) == ('rectified', 'left')
        assert stream.frames == 1 + len(scene().depth)
        assert stream.camera is not None and stream.camera.f == pytest.approx(195.54, abs=0.01)
        frames = list(recording.depth(stream))[1:]
    for found, expected in zip(frames, scene().depth, strict=True):
        assert found.t_ns == expected.t_ns - scene().start_ns
        np.testing.assert_array_equal(found.depth, expected.depth)


def test_images_and_calibration(sequence: Path) -> None:
    with open_recording(sequence) as recording:
        images = list(recording.images(recording.image_streams[0]))
        assert images[3].image.shape == (260, 346, 3)
        assert images[3].image[0, 0].tolist() == [3, 10, 0]
        found = recording.calibration(recording.cameras)
        assert found is not None and '83 degrees' in found.origin
        assert found.rig.baseline_m == 0


def test_damaged_files_are_counted(sequence: Path) -> None:
    names = sorted((sequence / 'events/data').glob('*.npy'))
    names[3].write_bytes(names[3].read_bytes()[:200])
    np.save(names[4], np.zeros((5, 3)))
    depths = sorted((sequence / 'depth/data').glob('*.npy'))
    depths[2].write_bytes(b'')
    lines = (sequence / 'depth/data/timestamps.txt').read_text().splitlines()
    (sequence / 'depth/data/timestamps.txt').write_text('\n'.join(lines[:-2]))
    with open_recording(sequence) as recording:
        assert len(read_events(recording)[0].t_ns) > 10_000
        assert len(list(recording.depth(recording.depth_streams[0]))) == len(lines) - 3
        assert recording.losses == {'damaged files of events': 2, 'damaged frames': 1}
        assert any(f'2 of {len(lines)} files in depth/data' in note for note in recording.notes)


def test_a_sequence_without_events_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'events/data').mkdir(parents=True)
    np.save(tmp_path / 'events/data/events_0000000000.npy', np.zeros((0, 4)))
    with pytest.raises(RecordingError, match='has no events'):
        open_recording(tmp_path)


def test_times_that_are_no_numbers_are_refused(sequence: Path) -> None:
    (sequence / 'depth/data/timestamps.txt').write_text('0 a\n')
    with pytest.raises(RecordingError, match=r'timestamps\.txt'):
        open_recording(sequence)


@pytest.mark.parametrize('place', ['.', 'spike'])
def test_spikes_of_a_spike_camera_are_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir(exist_ok=True)
    np.save(tmp_path / place / 'spike_0000000001.npy', np.zeros((2, 3, 4), np.uint8))
    with pytest.raises(RecordingError, match=r'spike camera \(spike_\*\.npy\)'):
        open_recording(tmp_path)
