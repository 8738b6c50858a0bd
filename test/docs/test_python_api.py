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

"""The programs of docs/reference/python-api.md run, without torch and without ROS."""

import importlib
import json
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from reference_decoders import decode_evt3

from spike_depth_ros.events.messages import read_packet
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.recordings.rosbag2 import Recording

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs/reference/python-api.md').read_text()
WINDOW_NS = 50_000_000
START_NS = 10_000_000_000  # sensor time at which the demo recording begins
PACKETS = 10  # of 10 ms
# Camera of the calibration file: without distortion, equal to that of the spike frames.
NETWORK = MVSEC_RIG.camera
CAMERA = {
    'camera_model': 'pinhole',
    'intrinsics': [NETWORK.f, NETWORK.f, NETWORK.cx, NETWORK.cy],
    'distortion_model': 'radtan',
    'distortion_coeffs': [0.0, 0.0, 0.0, 0.0],
    'resolution': [NETWORK.width, NETWORK.height],
}
BASELINE_M = 0.2
POSE = [[1, 0, 0, -BASELINE_M], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
WITHOUT_TORCH_AND_ROS = """
import sys
found = {'torch', 'rclpy', 'onnx', 'lightning'} & sys.modules.keys()
assert not found, found
"""


def programs() -> list[str]:
    """Return the page's programs: arrays, arrays with a calibration, recording, history."""
    return re.findall(r'^```python\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL)


def test_the_table_of_modules_names_what_exists() -> None:
    rows = re.findall(r'^\|[^|]*\|([^|]*)\|$', PAGE.partition('## Modules')[2], re.MULTILINE)
    names = [re.findall(r'`([\w.]+)`', row) for row in rows]
    assert ['metrics'] in names
    for first, *others in filter(None, names):
        module, _, attribute = first.rpartition('.')
        found = importlib.import_module(f'spike_depth_ros.{module or first}')
        for name in (attribute, *others) if module else ():
            path, _, attribute = name.rpartition('.')
            found = importlib.import_module(f'spike_depth_ros.{path}') if path else found
            assert hasattr(found, attribute), name


def run(program: str, folder: Path) -> None:
    """Run a program in a process of its own, in a folder that looks like the checkout."""
    for name in ('models', 'demo'):
        (folder / name).symlink_to(ROOT / name)
    done = subprocess.run(
        [sys.executable, '-c', program + WITHOUT_TORCH_AND_ROS],
        cwd=folder,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope='module')
def packets() -> dict[str, list[Packet]]:
    """Return the first packets of each camera of the demo recording."""
    with Recording(ROOT / 'demo/recording') as recording:
        return {
            side: [
                read_packet(message.cdr)
                for message in islice(recording.messages([f'/{side}/events']), PACKETS)
            ]
            for side in ('left', 'right')
        }


def test_depth_from_arrays_takes_ten_lines() -> None:
    assert len([line for line in programs()[0].splitlines() if line]) == 10


@pytest.fixture(scope='module')
def frame(packets: dict[str, list[Packet]]) -> npt.NDArray[np.uint8]:
    """Return the first spike frame that the nodes make of the packets."""
    binner = Binner(2, WINDOW_NS, WINDOW_NS, WINDOW_NS, 346, 260)
    frames = []
    for pair in zip(packets['left'], packets['right'], strict=True):
        for camera, packet in enumerate(pair):
            frames += binner.push(camera, packet, packet.stamp_ns)
    assert frames[0].counts.any()
    return frames[0].counts


@pytest.fixture
def folder(packets: dict[str, list[Packet]], tmp_path: Path) -> Path:
    """Return a folder with the events of both cameras as arrays, and a calibration."""
    for side in ('left', 'right'):
        events = decode_evt3(packets[side])
        times = np.array(events.t_ns) - START_NS
        np.save(tmp_path / f'{side}.npy', [times, events.x, events.y, events.polarity])
    # YAML reads JSON.
    camchain = {'cam0': CAMERA, 'cam1': CAMERA | {'T_cn_cnm1': POSE}}
    (tmp_path / 'camchain.yaml').write_text(json.dumps(camchain))
    return tmp_path


@pytest.mark.slow
def test_depth_from_arrays_is_that_of_the_stream(
    frame: npt.NDArray[np.uint8], folder: Path
) -> None:
    save = "np.savez('result', frame=frame, depth=depth, confidence=confidence)"
    run(programs()[0] + save, folder)
    result = np.load(folder / 'result.npz')
    np.testing.assert_array_equal(result['frame'], frame)
    expected = DepthEngine(ROOT / 'models/coincidence.onnx').infer(frame)
    # Readouts in float32 may add up in another order in the other process.
    np.testing.assert_allclose(result['depth'], expected.depth, rtol=1e-4)
    np.testing.assert_allclose(result['confidence'], expected.confidence, rtol=1e-4)
    assert np.isfinite(expected.depth).all()


@pytest.mark.slow
def test_a_calibration_scales_depth_by_the_baseline(
    frame: npt.NDArray[np.uint8], folder: Path
) -> None:
    run(programs()[0] + programs()[1] + "np.savez('result', frame=frame, image=image)", folder)
    result = np.load(folder / 'result.npz')
    np.testing.assert_array_equal(result['frame'], frame)
    engine = DepthEngine(ROOT / 'models/coincidence.onnx')
    depth, contract = engine.infer(frame).depth, engine.contract
    inside = (depth >= contract.depth_min_m) & (depth <= contract.depth_max_m)
    expected = depth * BASELINE_M / contract.baseline_m
    assert inside.any()
    np.testing.assert_allclose(result['image'][inside], expected[inside], rtol=1e-4)


@pytest.mark.slow
def test_depth_from_a_recording(tmp_path: Path) -> None:
    check = 'assert len(depths) >= 5 and all(d.shape == (260, 346) for d in depths)\n'
    history = 'assert np.array_equal(depth, depths[-1]) and np.nanmin(age_s) == 0'
    run(programs()[2] + check + programs()[3] + history, tmp_path)
