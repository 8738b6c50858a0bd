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

"""Submission to DSEC's disparity benchmark: `spike-depth submit`.

Format: dsec.ifi.uzh.ch, "disparity submission format".
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_STORED, ZipFile

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.depth_view import RectifiedView
from spike_depth_ros.geometry.files.rectified import rectified_camera
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.outputs import check_output_file, whole_file
from spike_depth_ros.recordings.dsec import SIZE, STEPS_PER_PIXEL
from spike_depth_ros.recordings.hdf5 import dsec_places
from spike_depth_ros.training.command_line import run
from spike_depth_ros.training.data.clip import Clip, OpenClip, opened
from spike_depth_ros.training.data.dataset import Depth
from spike_depth_ros.training.data.dsec import WITHHELD, sequences
from spike_depth_ros.training.evaluation.holes import filled
from spike_depth_ros.training.evaluation.predictions import ModelRun
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.units import US_NS


class Wanted(NamedTuple):
    """Disparity image that the benchmark asks for: its number, and its time, microseconds."""

    number: int
    t_us: int


def submit(model: Path, folder: Path, timestamps: Path, output: Path) -> None:
    """Write the disparities of DSEC's 12 test sequences as the zip file that its server takes.

    Disparities are dense: pixels of DSEC's view that the network's image does not show, or without
    a prediction, are filled with the smaller one of the nearest values in their row.

    Args:
        model: ONNX file.
        folder: folder of the unpacked test sequences, with events and calibration.
        timestamps: folder with the CSV files of test_disparity_timestamps.zip.
        output: zip file to write.
    """
    check_output_file(output)
    parts = _checked(folder, timestamps)
    engine = DepthEngine(model)
    network = engine.contract.camera
    total = sum(len(wanted) for _, _, wanted in parts)
    with (
        whole_file(output) as unfinished,
        ZipFile(unfinished, 'w', ZIP_STORED) as archive,  # PNG is compressed already
        tqdm(desc='disparities', total=total, unit='image') as progress,
    ):
        for name, sequence, wanted in parts:
            with opened(Clip([sequence]), network) as clip:
                view = RectifiedView(_view(sequence), network)
                images = disparities(clip, view, wanted, engine)
                for each, disparity in zip(wanted, images, strict=True):
                    archive.writestr(f'{name}/{each.number:06d}.png', png(disparity))
                    progress.update()


def disparities(
    clip: OpenClip, view: RectifiedView, wanted: Sequence[Wanted], engine: DepthEngine
) -> Iterator[Depth]:
    """Yield the dense disparity of each wanted image, float32 [h, w], pixels of the view.

    Args:
        clip: sequence.
        view: map from the network's image to the view.
        wanted: images in order of time.
        engine: the loaded model.
    """
    window_ns = engine.contract.window_ns
    if clip.baseline_m is None:
        raise SettingsError(f"'{clip.recording.path}' has no calibration of two cameras.")
    run_model = ModelRun(engine, clip.baseline_m)
    for each in wanted:  # a second apart: most events are in no window
        end_ns = each.t_us * US_NS
        spikes = clip.spike_windows(window_ns, end_ns).ending_at(end_ns)
        if not spikes.any():
            raise SettingsError(
                f"'{clip.recording.path}' has no event in the {window_ns / 1e6:g} ms before "
                f'{each.t_us} us, a time of the benchmark: is its events file whole, and '
                'are the timestamps those of this sequence?'
            )
        depth, _ = run_model.infer(spikes)
        disparity = filled(view.camera.f * clip.baseline_m / view.to_view(depth))
        yield np.where(np.isfinite(disparity), disparity, np.float32(0))


def png(disparity: Depth) -> bytes:
    """Return a disparity image of the benchmark: 16-bit PNG of 256 times the disparity.

    Raises SettingsError for another size than 640 x 480, which the server refuses.

    disparity: float32 [h, w], pixels; 0 to 255.99, others are clipped.
    """
    if disparity.shape != SIZE[::-1]:
        raise SettingsError(
            f'A disparity image has {disparity.shape[1]} x {disparity.shape[0]} pixels, but DSEC '
            'takes 640 x 480: give the calibration of the event cameras.'
        )
    steps: NDArray[np.float32] = np.rint(disparity * STEPS_PER_PIXEL)
    is_written, data = cv2.imencode('.png', steps.clip(0, 2**16 - 1).astype(np.uint16))
    assert is_written
    return data.tobytes()


def read_times(path: Path) -> list[Wanted]:
    """Read a CSV file of the benchmark: time in microseconds and number of each image.

    Raises SettingsError, one sentence, for a file without such lines, and for times or numbers
    that do not rise.
    """
    try:
        with path.open() as file:
            rows = [line.split(',') for line in file if line.strip() and line[0] != '#']
        wanted = [Wanted(int(number), int(t_us)) for t_us, number in rows]
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"'{path}' has no lines of timestamp and index ({error}): unpack "
            'test_disparity_timestamps.zip of DSEC.'
        ) from error
    columns = np.array(wanted).reshape(-1, 2)
    if not wanted or (np.diff(columns, axis=0) <= 0).any() or columns.min() < 0:
        raise SettingsError(
            f"The timestamps or indices in '{path}' do not rise: unpack "
            'test_disparity_timestamps.zip of DSEC again.'
        )
    return wanted


def _checked(folder: Path, timestamps: Path) -> list[tuple[str, Path, list[Wanted]]]:
    """Return the sequences with their folders and images; the server refuses a part of them."""
    there = sequences(folder)
    if missing := [name for name in WITHHELD if name not in there]:
        raise SettingsError(
            f"'{folder}' lacks {', '.join(missing)}: the benchmark takes all 12 test sequences."
        )
    return [(name, there[name], read_times(_times_file(timestamps, name))) for name in WITHHELD]


def _times_file(folder: Path, name: str) -> Path:
    files = sorted(Path(os.path.expanduser(folder)).rglob(f'{name}*.csv'))
    if not files:
        raise SettingsError(
            f"There is no {name}.csv in '{folder}': unpack test_disparity_timestamps.zip of DSEC."
        )
    return files[0]


def _view(sequence: Path) -> PinholeCamera:
    places = dsec_places.of_folder(sequence)
    calibration = places and places.calibration()
    if calibration is None:
        raise SettingsError(f"'{sequence}' has no cam_to_cam.yaml: unpack its calibration.")
    return rectified_camera(str(calibration), 'left')


def main(arguments: list[str]) -> None:
    """Run `submit` with the command line's arguments."""
    run(submit, 'submit', arguments)
