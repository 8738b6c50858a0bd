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

"""Cameras on USB as far as they can be tested without one: absence, noise filter, errors."""

from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.ros.camera.settings import CameraSettings
from spike_depth_ros.ros.camera.sources import CameraError
from spike_depth_ros.ros.parameter_tables import EVENT_CAMERAS

dv = pytest.importorskip('dv_processing')
usb = pytest.importorskip('spike_depth_ros.ros.camera.usb')

DEFAULTS = {row.name: row.default for row in EVENT_CAMERAS}


@pytest.mark.skipif(bool(dv.io.camera.discover()), reason='a camera is connected')
@pytest.mark.parametrize('right', ['', 'DAVIS346_2'])
def test_no_camera_is_one_sentence(right: str) -> None:
    settings = CameraSettings.from_parameters(DEFAULTS | {'right': right})
    with pytest.raises(CameraError, match='no iniVation camera was found: check the cable'):
        usb.open_usb(settings)


def test_the_noise_filter_removes_events_without_neighbours(data: Path) -> None:
    reader = dv.io.MonoCameraRecording(str(data / 'davis346.aedat4'))
    noise = usb.noise_filter((346, 260), 2_000_000)
    count = passed = 0
    while (store := reader.getNextEventBatch()) is not None:
        noise.accept(store)
        left = usb.as_arrays(noise.generateEvents())
        count += store.size()
        passed += 0 if left is None else len(left.t_ns)
    assert count == 6676
    assert 0 < passed < count
    assert usb.noise_filter((346, 260), 0) is None


def test_a_store_becomes_arrays() -> None:
    store = dv.EventStore()
    assert usb.as_arrays(store) is None
    store.push_back(7, 3, 2, True)
    store.push_back(9, 4, 1, False)
    columns = [np.asarray(column).tolist() for column in usb.as_arrays(store)]
    assert columns == [[7000, 9000], [3, 4], [2, 1], [1, 0]]


def test_a_measurement_becomes_a_sample(data: Path) -> None:
    first = dv.io.MonoCameraRecording(str(data / 'davis346.aedat4')).getNextImuBatch()[0]
    sample = usb.as_sample(first)
    assert sample.t_ns == first.timestamp * 1000
    degrees = first.gyroscopeX, first.gyroscopeY, first.gyroscopeZ
    assert sample.angular_velocity == pytest.approx(np.radians(degrees), rel=1e-5)
    assert sample.linear_acceleration[1] == pytest.approx(9.81 * first.accelerometerY, rel=1e-3)


def test_errors_of_dv_processing_lose_paths_and_stacks() -> None:
    with pytest.raises(CameraError) as caught, usb._one_sentence('it fails', 'do so'):
        dv.io.camera.open('00000000')
    reason = 'Could not find device with given serial number'
    assert str(caught.value) == f'it fails ({reason}): do so'


def test_biases_are_parsed() -> None:
    settings = CameraSettings.from_parameters(DEFAULTS | {'biases': 'On=6/255, REFR = 7'})
    assert settings.biases == {'On': (6, 255), 'REFR': (7,)}
    with pytest.raises(ValueError, match="the bias 'On' has not the form"):
        CameraSettings.from_parameters(DEFAULTS | {'biases': 'On'})


def test_serials_choose_a_camera() -> None:
    names = ['00000123', 'DXA00022']
    assert usb._choose('', names) == usb._choose('123', names) == 0
    assert usb._choose('DVXplorer_DXA00022', names) == usb._choose('DXA00022', names) == 1
    with pytest.raises(CameraError, match="serial number '7': there is 00000123, DXA00022"):
        usb._choose('7', names)


def test_all_cameras_have_the_interface_that_is_used() -> None:
    """The names of dv-processing that are called, as no camera is here to call them."""
    for name in ('DAVIS', 'DVXplorer', 'DVXplorerM', 'DVS128'):
        camera = getattr(dv.io.camera, name)
        for method in (
            'getNextEventBatch',
            'isRunning',
            'getNextImuBatch',
            'setTimeInterval',
            'getCameraName',
        ):
            assert hasattr(camera, method), f'{name}.{method}'
    reading = ('isImuStreamAvailable', 'getNextImuBatch')
    for method in (*usb.FRAMES, *usb.IMU, *reading):
        assert hasattr(dv.io.camera.DAVIS, method)
    for model in ('240', '346'):
        assert hasattr(dv.io.camera.DAVIS, f'setDavis{model}BiasCoarseFine')
        assert 'On' in getattr(dv.io.camera.DAVIS, f'Davis{model}BiasCF').__members__
    assert 'REFR' in dv.io.camera.DVS128.Bias.__members__
    for side in ('On', 'Off'):
        assert hasattr(dv.io.camera.DVXplorer, f'setContrastThreshold{side}')
    assert hasattr(dv.io.camera.SyncCameraInputBase, 'isSynchronized')
    assert callable(dv.io.camera.synchronizeAnyTwo)
