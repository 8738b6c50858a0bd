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

"""Data sets of recordings: windows that end at true depth images, stored once."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.recordings.decoded import as_arrays
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.training.data.clip import Clip
from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.data.recorded import Entry
from spike_depth_ros.training.data.recorded_sequences import RecordedSequences, consecutive
from spike_depth_ros.training.data.recorded_windows import store
from spike_depth_ros.training.data.recordings import RecordingDataset
from spike_depth_ros.training.data.window_folder import WindowFolder
from spike_depth_ros.training.settings import SettingsError
from testing.recordings import dense, m3ed, mvsec_bags
from testing.recordings.scene import DEMO, scene

WINDOW_NS = 50_000_000
CLIP = Clip([DEMO], end_s=0.95)


def recordings(**more: object) -> RecordingDataset:
    settings = {'name': 'Demo', 'depth_m': (0.5, 8.0), 'baseline_m': 0.0999, 'train': [CLIP]}
    return RecordingDataset(**{**settings, **more})  # type: ignore[arg-type]


def decoded() -> list[EventArrays]:
    """Return all events of the first second on the recording's clock."""
    with open_recording(DEMO) as recording:
        cameras, end_ns = recording.cameras, recording.start_ns + 10**9
        packets = recording.events(cameras, None, end_ns)
        parts: list[list[EventArrays]] = [[], []]
        for chunk in as_arrays(packets, cameras, recording.losses):
            assert isinstance(chunk.events, EventArrays)
            parts[chunk.camera].append(chunk.events)
    columns = (zip(*of_camera, strict=True) for of_camera in parts)
    return [EventArrays(*map(np.concatenate, column)) for column in columns]


def counted(cameras: list[EventArrays], end_ns: int) -> np.ndarray:
    """Count the events of a window by NumPy alone."""
    frame = np.zeros((260, 346, 4), np.int64)
    for number, events in enumerate(cameras):
        inside = (events.t_ns >= end_ns - WINDOW_NS) & (events.t_ns < end_ns)
        channel = 2 * number + (events.polarity[inside] == 0)
        np.add.at(frame, (events.y[inside], events.x[inside], channel), 1)
    return frame.clip(max=255)


def test_a_window_ends_at_each_true_depth_image(tmp_path: Path) -> None:
    dataset, preparation = recordings(), Preparation(tmp_path)
    count = dataset.count('train', preparation)
    dataset.prepare('train', count, preparation)
    windows = dataset.windows('train', count, preparation)
    expected, events = scene(1.0), decoded()
    truth = {frame.depth.tobytes(): frame.t_ns for frame in expected.depth}
    assert count == len(windows) == sum(f.t_ns < expected.start_ns + 96e7 for f in expected.depth)
    ends = set()
    for index in range(count):
        window = windows[index]
        end_ns = truth[window.depth.tobytes()]
        ends.add(end_ns)
        np.testing.assert_array_equal(window.spikes, counted(events, end_ns))
    assert len(ends) == count


def test_the_description_is_that_of_the_recording(tmp_path: Path) -> None:
    file = tmp_path / 'demo.yaml'
    file.write_text(
        f"""
class_path: spike_depth_ros.training.data.recordings.RecordingDataset
init_args:
  name: Demo
  depth_m: [0.5, 8.0]
  window_ms: 100
  baseline_m: 0.2
  camera: {{width: 346, height: 260, f: 150.0, cx: 173.0, cy: 130.0}}
  origin: a simulated flight
  train:
    - paths: [{DEMO}]
      end_s: 0.5
"""
    )
    dataset, preparation = read_dataset(file), Preparation(tmp_path)
    described = dataset.description
    assert (described.name, described.channels) == ('Demo', 4)
    assert described.window_ns == 100_000_000 and described.provenance == 'a simulated flight'
    assert described.rig.camera.f == 150 and described.rig.baseline_m == 0.2
    dataset.prepare('train', 1, preparation)
    window = dataset.windows('train', 1, preparation)[0]
    assert window.spikes.shape == (260, 346, 4)


def test_an_interrupted_preparation_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = (Preparation(tmp_path / name, workers=0) for name in ('whole', 'parts'))
    recordings().prepare('train', 6, whole)
    write, written = WindowFolder.write, []

    def interrupted(folder: WindowFolder, index: int, arrays: dict[str, np.ndarray]) -> None:
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(index)
        write(folder, index, arrays)

    with monkeypatch.context() as patched:
        patched.setattr(WindowFolder, 'write', interrupted)
        with pytest.raises(KeyboardInterrupt):
            recordings().prepare('train', 6, parts)
    recordings().prepare('train', 6, parts)
    for one, other in zip(
        recordings().windows('train', 6, whole),
        recordings().windows('train', 6, parts),
        strict=True,
    ):
        np.testing.assert_array_equal(one.spikes, other.spikes)
        np.testing.assert_array_equal(one.depth, other.depth)


def test_other_settings_have_another_folder(tmp_path: Path) -> None:
    preparation = Preparation(tmp_path)
    for dataset in (recordings(), recordings(window_ms=25.0), recordings(baseline_m=0.2)):
        dataset.prepare('train', 1, preparation)
        recordings(train=[Clip([DEMO], end_s=0.5)]).prepare('train', 1, preparation)
    assert len(list((tmp_path / 'Demo').iterdir())) == 4


def test_more_windows_than_there_are_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r'train of Demo has \d+ windows, not 999: ask for f'):
        recordings().prepare('train', 999, Preparation(tmp_path))
    with pytest.raises(SettingsError, match='Demo has no recording for its test split'):
        recordings().check('test', 1, Preparation(tmp_path))


def test_two_cameras_without_a_calibration_need_a_baseline() -> None:
    with pytest.raises(SettingsError, match='give calibration or baseline_m in the YAML file of'):
        recordings(baseline_m=None).description  # noqa: B018


def test_one_camera_of_two_gives_frames_of_two_channels(tmp_path: Path) -> None:
    dataset = recordings(train=[Clip([DEMO], left='/left/events', end_s=0.5)], baseline_m=None)
    assert dataset.description.channels == 2
    assert dataset.description.rig.baseline_m == MVSEC_RIG.baseline_m
    dataset.prepare('train', 1, Preparation(tmp_path))
    window = dataset.windows('train', 1, Preparation(tmp_path))[0]
    assert window.spikes.shape == (260, 346, 2) and window.spikes.any()


def test_depth_of_a_raw_view_is_carried_to_the_networks_image(tmp_path: Path) -> None:
    """Trap 5: M3ED's depth is in the distorted left view."""
    of = scene(0.3)
    m3ed.write_data(tmp_path / 'spot_data.h5', of.cameras, of.rig, of.start_ns)
    m3ed.write_truth(tmp_path / 'spot_depth_gt.h5', of.depth, of.start_ns)
    clip = Clip([tmp_path / 'spot_data.h5'], [tmp_path / 'spot_depth_gt.h5'])
    dataset, preparation = recordings(train=[clip], baseline_m=None), Preparation(tmp_path / 'w')
    assert dataset.description.rig.baseline_m == pytest.approx(of.rig.baseline_m)
    count = dataset.count('train', preparation)
    dataset.prepare('train', count, preparation)
    truth = {frame.depth.tobytes(): frame.t_ns for frame in of.depth}
    windows = dataset.windows('train', count, preparation)
    for index in range(count):
        window = windows[index]
        # The fixture has no distortion, but its two cameras are rectified by Bouguet's method.
        end_ns = truth[window.depth.tobytes()]
        np.testing.assert_array_equal(window.spikes, counted(list(of.cameras), end_ns))
        assert window.view is None
    assert count == len(of.depth)


def test_mvsecs_bags_are_a_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of = scene(0.3)
    data = mvsec_bags.write_bags(tmp_path, of)
    dataset, preparation = recordings(train=[Clip([data])]), Preparation(tmp_path / 'w')
    count = dataset.count('train', preparation)
    dataset.prepare('train', count, preparation)
    assert "the true depth is from '" in capsys.readouterr().err
    truth = {mvsec_bags.expected_depth(f.depth).tobytes(): f.t_ns for f in of.depth}
    windows = dataset.windows('train', count, preparation)
    for index in range(count):
        window = windows[index]
        end_ns = truth[window.depth.tobytes()]
        np.testing.assert_array_equal(window.spikes, counted(list(of.cameras), end_ns))
        assert window.view is not None and window.view.camera == of.rig.camera
    assert count == len(of.depth)


def test_truth_before_the_first_event_ends_no_window(tmp_path: Path) -> None:
    of = scene(0.3)
    dense.write_sequence(tmp_path / 'town', of.left, of.depth, of.start_ns)
    dataset = recordings(train=[Clip([tmp_path / 'town'])])
    assert dataset.count('train', Preparation(tmp_path / 'w')) == len(of.depth)


@pytest.mark.parametrize('workers', [0, 2])
def test_processes_share_the_clips(workers: int, tmp_path: Path) -> None:
    clips = [Clip([DEMO], start_s=start, end_s=start + 0.2) for start in (0, 0.2, 0.4)]
    dataset, preparation = recordings(train=clips), Preparation(tmp_path, workers)
    count = dataset.count('train', preparation)
    dataset.prepare('train', count, preparation)
    windows = dataset.windows('train', count, preparation)
    events = decoded()
    truth = {frame.depth.tobytes(): frame.t_ns for frame in scene(1.0).depth}
    for index in range(count):
        window = windows[index]
        end_ns = truth[window.depth.tobytes()]
        np.testing.assert_array_equal(window.spikes, counted(events, end_ns))


@pytest.mark.parametrize('workers', [0, 2])
def test_a_recording_that_cannot_be_read_is_one_sentence(workers: int) -> None:
    def stored(clip: Clip, indices: Mapping[int, int]) -> Iterator[int]:
        yield indices[1]
        raise RecordingError('The recording is damaged: copy it again.')

    parts = [(CLIP, {1: 0, 2: 1}), (CLIP, {1: 2, 2: 3})]
    with pytest.raises(SettingsError, match=r'^The recording is damaged: copy it again\.$'):
        store(stored, parts, workers, 'windows')


def test_sequences_are_of_consecutive_windows_of_a_clip(tmp_path: Path) -> None:
    dataset, preparation = recordings(), Preparation(tmp_path, workers=0)
    sequences = RecordedSequences(dataset, length_ms=300)
    sequences.prepare('train', 2, preparation)
    times = {entry.t_ns for entry in dataset.entries('train', preparation)}
    read = sequences.window_sequences('train', 2, preparation)
    ends = [read[number].ends_ns for number in range(len(read))]
    assert not set(ends[0]) & set(ends[1]) and set(ends[0]) | set(ends[1]) <= times
    for number, one in enumerate(ends):
        assert np.diff(one).tolist() == [WINDOW_NS] * (len(one) - 1)
        assert one[-1] - one[0] < 300_000_000 and len(one) == 6
        window = read[number].windows[0]
        np.testing.assert_array_equal(window.spikes, counted(decoded(), one[0]))
    assert read[0].motions is None and read[0].stands_still is None
    with pytest.raises(SettingsError, match='has 3 sequences of 300 ms, not 4'):
        sequences.prepare('train', 4, preparation)


def test_a_gap_ends_a_sequence() -> None:
    times = [0, 50, 100, 350, 400, 450, 500, 550, 900]
    entries = [Entry(0, 1_000_000 * ms) for ms in times]
    runs = consecutive(list(range(len(times))), entries, length_ms=200)
    assert [[times[number] for number in run] for run in runs] == [
        [0, 50, 100],
        [350, 400, 450, 500],
    ]
