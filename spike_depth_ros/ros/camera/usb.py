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

"""Cameras on USB by dv-processing: opening, synchronisation, biases and noise filter.

Source: dv-processing 2.0, module io.camera. Nothing here ran with a camera yet: none was there.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import dv_processing as dv
import numpy as np

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.dv_process import reason
from spike_depth_ros.recordings.recording import EventCamera, ImuSample
from spike_depth_ros.ros.camera.settings import CameraSettings, TuningSettings
from spike_depth_ros.ros.camera.sources import CameraError, close_all
from spike_depth_ros.units import US_NS

LISTED = 'check the cable, and that `lsusb` lists a device of 152a'
RULES = 'install the udev rule of docs/how-to/inivation-cameras.md, and end other programs with it'
# Setters that switch streams which nobody takes out of dv-processing's queues.
FRAMES = ('setFramesRunning',)
IMU = ('setImuRunningAccelerometer', 'setImuRunningGyroscope', 'setImuRunningTemperature')


class UsbSource:
    """Camera on USB; see sources.Source."""

    def __init__(self, device: Any, settings: CameraSettings, has_imu: bool) -> None:
        """Set up a camera.

        Args:
            device: the camera in dv-processing.
            settings: settings of the node.
            has_imu: whether its inertial measurements are read.
        """
        self._device, self._has_imu = device, has_imu
        self._filter: Any = None
        self.warning = ''
        with _one_sentence('the camera cannot be set up'):
            width, height = device.getEventResolution()
            self.camera = EventCamera(device.getCameraName(), width, height)
            interval = timedelta(microseconds=settings.packet_ns / US_NS)
            device.setTimeInterval(interval)
            _stop(device, FRAMES if has_imu else (*FRAMES, *IMU))
            _set_biases(device, settings.biases)
        self.tune(settings.tuning)

    def read(self) -> EventArrays | None:
        """Return the events that the camera has sent."""
        with _one_sentence(f'{self.camera.name} cannot be read'):
            store = self._device.getNextEventBatch()
            if store is None and not self._device.isRunning():
                raise CameraError(f'{self.camera.name} was unplugged: {LISTED}')
        return None if store is None else self._arrays(store)

    def read_imu(self) -> list[ImuSample]:
        """Return the inertial measurements that the camera has sent."""
        with _one_sentence(f'the IMU of {self.camera.name} cannot be read'):
            has_any = self._has_imu and self._device.isImuStreamAvailable()
            batch = self._device.getNextImuBatch() if has_any else None
        return [as_sample(measured) for measured in batch or ()]

    def tune(self, settings: TuningSettings) -> None:
        """Set the contrast thresholds of a DVXplorer, and the noise filter of the events."""
        with _one_sentence(f'{self.camera.name} refuses the contrast'):
            for side in ('On', 'Off'):
                value = settings.contrast_on if side == 'On' else settings.contrast_off
                setter = getattr(self._device, f'setContrastThreshold{side}', None)
                if value >= 0 and setter is None:
                    raise CameraError(
                        f'{self.camera.name} has no contrast threshold: leave contrast_on and '
                        'contrast_off at -1, and set biases'
                    )
                if value >= 0 and setter is not None:
                    setter(value)
        size = self.camera.width, self.camera.height
        self._filter = noise_filter(size, settings.noise_ns)

    def close(self) -> None:
        """Give the camera back."""
        self._device = None

    def _arrays(self, store: Any) -> EventArrays | None:
        if self._filter is not None:
            self._filter.accept(store)
            store = self._filter.generateEvents()
        return as_arrays(store)


def open_usb(settings: CameraSettings) -> tuple[UsbSource, ...]:
    """Open one camera, or two and synchronise them; raises CameraError, one sentence."""
    with _one_sentence('the USB devices cannot be listed'):
        found = dv.io.camera.discover()
    names = [str(device.serialNumber) for device in found]
    chosen = [_choose(source, names) for source in settings.sources]
    is_synchronised = len(chosen) == 2 and settings.is_synchronised
    opened: list[UsbSource] = []
    devices = []
    try:
        for number in chosen:
            opening = dv.io.camera.openSync if is_synchronised else dv.io.camera.open
            with _one_sentence(f'the camera {names[number]} cannot be opened', RULES):
                devices.append(opening(found[number]))
            opened.append(UsbSource(devices[-1], settings, has_imu=not opened))
        if is_synchronised:
            _synchronise(devices, opened)
    except CameraError:
        close_all(opened)
        raise
    return tuple(opened)


def as_arrays(store: Any) -> EventArrays | None:
    """Return the events of a dv.EventStore, None if it is empty."""
    if store.isEmpty():
        return None
    events = store.numpy()
    x, y, polarity = (np.ascontiguousarray(events[name]) for name in ('x', 'y', 'polarity'))
    return EventArrays(events['timestamp'] * US_NS, x, y, polarity)


def as_sample(measured: Any) -> ImuSample:
    """Return a dv.IMU measurement."""
    rate, acceleration = measured.getAngularVelocities(), measured.getAccelerations()
    return ImuSample(
        measured.timestamp * US_NS, tuple(rate.tolist()), tuple(acceleration.tolist())
    )


def noise_filter(size: tuple[int, int], noise_ns: int) -> Any:
    """Return dv-processing's filter of background activity, None for a time of 0."""
    duration = timedelta(microseconds=noise_ns / US_NS)
    return dv.noise.BackgroundActivityNoiseFilter(size, duration) if noise_ns else None


def _choose(source: str, names: Sequence[str]) -> int:
    """Return the number of the camera with a serial number, '' for the first one."""
    if not names:
        raise CameraError(f'no iniVation camera was found: {LISTED}; then {RULES}')
    if not source:
        return 0
    for number, name in enumerate(names):
        if source in (name, name.lstrip('0')) or source.endswith(f'_{name}'):
            return number
    raise CameraError(
        f"no iniVation camera has the serial number '{source}': there is {', '.join(names)}"
    )


def _synchronise(devices: Sequence[Any], sources: Sequence[UsbSource]) -> None:
    """Give both cameras one clock; a missing cable becomes a warning of the second camera."""
    advice = 'connect OUT of one with IN of the other, or set synchronised to false'
    with _one_sentence('the cameras cannot be synchronised', advice):
        dv.io.camera.synchronizeAnyTwo(*devices)
        if not all(device.isSynchronized() for device in devices):
            sources[-1].warning = f'the cameras do not share a clock: {advice}'


def _stop(device: Any, names: Sequence[str]) -> None:
    """Stop the streams of some setters, of which a camera may lack some."""
    for name in names:
        setter = getattr(device, name, None)
        if setter is not None:
            setter(False)


def _set_biases(device: Any, biases: Mapping[str, tuple[int, ...]]) -> None:
    """Set biases by name; raises CameraError with the names that the camera has."""
    setters = _bias_setters(device)
    for name, numbers in biases.items():
        for kinds, setter in setters:
            if name in kinds.__members__:
                setter(kinds.__members__[name], *numbers)
                break
        else:
            known = [name for kinds, _ in setters for name in kinds.__members__]
            raise CameraError(
                f"the camera has no bias '{name}': it has {', '.join(known) or 'none'}"
            )


def _bias_setters(device: Any) -> list[tuple[Any, Any]]:
    """Return the enumerations of the camera's biases, each with its setter."""
    if hasattr(device, 'setBias'):
        return [(device.Bias, device.setBias)]
    model = '240' if '240' in device.getCameraName() else '346'
    kinds = getattr(device, f'Davis{model}BiasCF', None)
    return [] if kinds is None else [(kinds, getattr(device, f'setDavis{model}BiasCoarseFine'))]


@contextmanager
def _one_sentence(subject: str, advice: str = LISTED) -> Iterator[None]:
    """Turn errors of dv-processing, whose texts have stacks of C++, into one sentence."""
    try:
        yield
    except CameraError:
        raise
    except (RuntimeError, IndexError, ValueError, TypeError) as error:
        raise CameraError(f'{subject} ({reason(str(error))}): {advice}') from error
