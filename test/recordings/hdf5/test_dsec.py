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

"""DSEC sequences: trees, loose files and single files; events, disparities, images."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from spike_depth_ros.geometry.pixel_table import UNMAPPED, pixel_table
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from testing.recordings.camera_hdf5 import write_events
from testing.recordings.dsec import write_loose, write_tree
from testing.recordings.read_back import assert_same_events, read_events
from testing.recordings.scene import scene


@pytest.fixture(scope='module')
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tree(tmp_path_factory.mktemp('dsec') / 'interlaken_00_c', scene())


@pytest.fixture(scope='module')
def loose(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_loose(tmp_path_factory.mktemp('loose'), 'zurich_city_04_a', scene())


@pytest.mark.parametrize('place', ['', 'events/left/events.h5', 'events/right/events.h5'])
def test_the_folder_or_a_file_of_the_tree_opens_all(tree: Path, place: str) -> None:
    with open_recording(tree / place) as recording:
        assert (recording.kind, recording.dataset) == ('DSEC HDF5', 'DSEC')
        assert [camera.name for camera in recording.cameras] == ['left', 'right']
        assert all((c.width, c.height) == (640, 480) for c in recording.cameras)
        for found, expected in zip(read_events(recording), scene().cameras, strict=True):
            assert_same_events(found, expected)
        assert len(recording.depth_streams) == 1 and len(recording.image_streams) == 2


@pytest.mark.parametrize('place', ['', 'zurich_city_04_a_events_right/events.h5'])
def test_loose_files_with_the_name_of_the_sequence(loose: Path, place: str) -> None:
    with open_recording(loose / place) as recording:
        for found, expected in zip(read_events(recording), scene().cameras, strict=True):
            assert_same_events(found, expected)
        assert len(recording.depth_streams) == 1 and len(recording.image_streams) == 1
        assert recording.calibration(recording.cameras) is not None


def test_both_files_given_are_one_recording(tree: Path) -> None:
    paths = [tree / 'events' / side / 'events.h5' for side in ('right', 'left')]
    with open_recording(paths) as recording:
        assert [camera.name for camera in recording.cameras] == ['left', 'right']


def test_one_camera_alone(tree: Path, tmp_path: Path) -> None:
    shutil.copy(tree / 'events/right/events.h5', tmp_path / 'events.h5')
    with open_recording(tmp_path / 'events.h5') as recording:
        assert [camera.name for camera in recording.cameras] == ['events']
        assert recording.companions == () and recording.depth_streams == ()
        assert_same_events(read_events(recording)[0], scene().right)


def test_several_loose_sequences_are_refused(loose: Path, tmp_path: Path) -> None:
    for name in ('a_events_left', 'b_events_left'):
        shutil.copytree(loose / 'zurich_city_04_a_events_left', tmp_path / name)
    with pytest.raises(RecordingError, match=r'several sequences of DSEC \(a, b\)'):
        open_recording(tmp_path)


def test_trap_1_t_offset_is_added(tree: Path, tmp_path: Path) -> None:
    """Trap 1: without t_offset the events are not on the clock of the disparities."""
    with h5py.File(tree / 'events/left/events.h5') as file:
        assert int(file['t_offset'][()]) > 10**15 and int(file['events/t'][0]) < 10**4
    with open_recording(tree) as recording:
        first = next(recording.depth(recording.depth_streams[0]))
        assert recording.start_ns < first.t_ns < recording.end_ns
    relative = scene().left._replace(t_ns=scene().left.t_ns - scene().start_ns)
    write_events(tmp_path / 'events.h5', relative, 'DSEC without t_offset')
    with open_recording(tmp_path / 'events.h5') as recording:
        assert recording.dataset == 'DSEC'
        assert_same_events(read_events(recording)[0], relative)


def test_trap_1_disparities_on_another_clock_are_noted(tree: Path, tmp_path: Path) -> None:
    """Trap 1: without t_offset events and disparities are not on one clock."""
    sequence = shutil.copytree(tree, tmp_path / 'a')
    for side in ('left', 'right'):
        with h5py.File(sequence / f'events/{side}/events.h5', 'a') as file:
            del file['t_offset']
    with open_recording(sequence) as recording:
        assert recording.dataset == 'DSEC'
        assert any('t_offset of the events missing?' in note for note in recording.notes)


def test_trap_1_each_file_of_vector_has_its_own_t_offset(tmp_path: Path) -> None:
    """Trap 1: VECtor's t_offset has the shape (1,) and is that of its own file."""
    cameras = scene().left, scene().right.select(slice(1000, None))
    offsets = []
    for side, events in zip(('left', 'right'), cameras, strict=True):
        path = tmp_path / f'desk_fast1.synced.{side}_event.hdf5'
        write_events(path, events, 'VECtor')
        with h5py.File(path) as file:
            offsets.append(file['t_offset'][:].tolist())
    assert offsets[0] != offsets[1]
    for path in (tmp_path, tmp_path / 'desk_fast1.synced.right_event.hdf5'):
        with open_recording(path) as recording:
            assert recording.dataset == 'VECtor'
            assert [c.name for c in recording.cameras] == ['left', 'right']
            for found, expected in zip(read_events(recording), cameras, strict=True):
                assert_same_events(found, expected)


def test_trap_1_tum_vie_has_no_t_offset(tmp_path: Path) -> None:
    """Trap 1: TUM-VIE's i8 times have no t_offset; its sensors have 1280 x 720 pixels."""
    for side, events in zip(('left', 'right'), scene().cameras, strict=True):
        relative = events._replace(t_ns=events.t_ns - scene().start_ns)
        write_events(tmp_path / f'mocap-desk-events_{side}.h5', relative, 'TUM-VIE')
    with open_recording(tmp_path / 'mocap-desk-events_left.h5') as recording:
        assert recording.dataset == 'TUM-VIE'
        assert [(c.name, c.width, c.height) for c in recording.cameras] == [
            ('left', 1280, 720),
            ('right', 1280, 720),
        ]
        assert recording.start_ns < 10**9
        found = read_events(recording)[0]
        assert_same_events(found, scene().left._replace(t_ns=found.t_ns))


def test_trap_7_disparities_follow_the_order_of_their_names(tree: Path) -> None:
    """Trap 7: names step by 2; times follow the order; the first disparity is left out."""
    with open_recording(tree) as recording:
        (stream,) = recording.depth_streams
        assert (stream.view, stream.side) == ('rectified', 'left')
        assert (stream.width, stream.height) == (640, 480)
        assert stream.camera is not None and stream.camera.f == pytest.approx(199.65)
        scale = scene().rig.focal_baseline
        assert stream.disparity_focal_baseline == pytest.approx(scale)
        frames = list(recording.depth(stream))
        assert stream.frames == len(frames) == len(scene().depth)
        for found, expected in zip(frames, scene().depth, strict=True):
            assert found.t_ns == expected.t_ns
            assert np.isnan(found.depth[260:]).all() and np.isnan(found.depth[:, 346:]).all()
            disparity, true = scale / found.depth[:260, :346], scale / expected.depth
            np.testing.assert_allclose(disparity, true, atol=1 / 256, equal_nan=True)


def test_trap_6_disparity_0_is_unknown(tree: Path) -> None:
    """Trap 6: disparity 0 is NaN, neither infinite nor a depth."""
    with open_recording(tree) as recording:
        depth = next(recording.depth(recording.depth_streams[0])).depth
        assert np.isnan(depth).any() and not np.isinf(depth).any()


def test_trap_8_raw_events_that_leave_the_rectified_view_are_dropped(
    tree: Path, data: Path, tmp_path: Path
) -> None:
    """Trap 8: events are raw; rectification, a forward map, drops them outside, never clamps.

    In the published calibration 10 % of the left sensor's pixels leave the rectified image; no
    pixel of its border gets more raw pixels than the magnification explains.
    """
    sequence = shutil.copytree(tree, tmp_path / 'a')
    cam_to_cam = sequence / 'calibration/cam_to_cam.yaml'
    shutil.copy(data / 'calibration/dsec_cam_to_cam.yaml', cam_to_cam)
    with open_recording(sequence) as recording:
        found = recording.calibration(recording.cameras)
        (stream,) = recording.depth_streams
    assert found is not None and stream.camera is not None
    table = pixel_table(found.rig.cameras[0], stream.camera)
    rays = found.rig.cameras[0].to_rays(np.array([[0.0, 0.0]]))
    assert (stream.camera.to_pixels(rays)[0] < 0).any()  # the corner leaves the image
    assert table.index[0, 0] == UNMAPPED
    assert 0.1 < table.unmapped < 0.11
    hits = np.bincount(table.index[table.index != UNMAPPED], minlength=640 * 480)
    assert hits.max() <= 4


def test_images_are_rgb(tree: Path) -> None:
    with open_recording(tree) as recording:
        stream = recording.image_streams[0]
        assert (stream.name, stream.width, stream.height) == ('images/left', 1440, 1080)
        images = list(recording.images(stream))
        assert [image.t_ns - scene().start_ns for image in images] == [0, 50_000_000]
        assert images[1].image.shape == (1080, 1440, 3)
        assert images[1].image[0, 0].tolist() == [1, 10, 0]


def test_calibration_of_the_sequence(tree: Path) -> None:
    with open_recording(tree) as recording:
        found = recording.calibration(recording.cameras)
        assert found is not None and 'cam_to_cam.yaml' in found.origin
        assert found.rig.baseline_m == pytest.approx(scene().rig.baseline_m)


def test_disparities_without_calibration_are_noted(tree: Path, tmp_path: Path) -> None:
    sequence = shutil.copytree(tree, tmp_path / 'a')
    shutil.rmtree(sequence / 'calibration')
    with open_recording(sequence) as recording:
        assert recording.depth_streams == ()
        assert recording.calibration(recording.cameras) is None
        assert any('cam_to_cam.yaml' in note for note in recording.notes)


def test_disparities_whose_times_are_unknown_are_not_used(tree: Path, tmp_path: Path) -> None:
    """A missing image would shift the times of all later ones."""
    sequence = shutil.copytree(tree, tmp_path / 'a')
    sorted((sequence / 'disparity/event').iterdir())[3].unlink()
    with open_recording(sequence) as recording:
        assert recording.depth_streams == ()
        assert any('which ones are missing' in note for note in recording.notes)
    (sequence / 'disparity/timestamps.txt').unlink()
    with open_recording(sequence) as recording:
        assert recording.depth_streams == ()
        assert any('no timestamps.txt' in note for note in recording.notes)


def test_damaged_disparities_are_counted(tree: Path, tmp_path: Path) -> None:
    """Trap 7: a disparity in the view of the frame camera is none of the event camera."""
    sequence = shutil.copytree(tree, tmp_path / 'a')
    names = sorted((sequence / 'disparity/event').iterdir())
    names[1].write_bytes(b'no image')
    shutil.copy(sequence / 'disparity/image' / names[2].name, names[2])
    lines = (sequence / 'disparity/timestamps.txt').read_text().splitlines()
    (sequence / 'disparity/timestamps.txt').write_text('\n'.join(lines[:-1]))
    with open_recording(sequence) as recording:
        frames = list(recording.depth(recording.depth_streams[0]))
        assert len(frames) == len(scene().depth) - 3
        assert recording.losses == {'damaged frames': 2, 'frames without a time': 1}


def test_a_damaged_size_of_a_disparity_takes_no_memory(tree: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tree, tmp_path / 'copy')
    path = sorted((copy / 'disparity' / 'event').glob('*.png'))[1]
    data = bytearray(path.read_bytes())
    data[20:24] = (1 << 20).to_bytes(4, 'big')  # height
    path.write_bytes(data)
    with open_recording(copy) as recording:
        found = list(recording.depth(recording.depth_streams[0]))
        assert len(found) == recording.depth_streams[0].frames - 1
        assert recording.losses.total() == 1


def test_a_time_that_is_no_number_is_noted(tree: Path, tmp_path: Path) -> None:
    sequence = shutil.copytree(tree, tmp_path / 'a')
    (sequence / 'disparity/timestamps.txt').write_text('12\nx\n')
    (sequence / 'images/timestamps.txt').write_text(f'{10**30}\n')
    with open_recording(sequence) as recording:
        assert recording.depth_streams == recording.image_streams == ()
        assert len(recording.notes) == 4  # the other camera, one disparity, two images


def test_a_rectify_map_is_refused(tree: Path) -> None:
    with pytest.raises(RecordingError, match=r'rectification map of DSEC: give the events\.h5'):
        open_recording(tree / 'events/left/rectify_map.h5')
