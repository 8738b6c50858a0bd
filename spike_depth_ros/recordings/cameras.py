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

"""Event cameras of a recording: choice of the left and the right one."""

from collections.abc import Sequence

from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import EventCamera, EventRecording, ImuStream
from spike_depth_ros.recordings.sides import left_and_right


def choose_cameras(
    recording: EventRecording, left: str = '', right: str = ''
) -> tuple[EventCamera, ...]:
    """Return the cameras of a recording to play: left and right, or the one that there is.

    With neither named, the names of two cameras decide which is the left one.

    Args:
        recording: open recording.
        left: name of the left camera, or ''; without a right one it means one camera.
        right: name of the right camera, or ''.

    Raises:
        RecordingError: a camera is missing, or the choice is ambiguous.
    """
    if right and not left:
        raise RecordingError(f"Only the right camera is given ('{right}'): give the left one too.")
    if left and left == right:
        raise RecordingError(f"Left and right are both '{left}': give two different cameras.")
    cameras = {camera.name: camera for camera in recording.cameras}
    names = [name for name in (left, right) if name] or _found(list(cameras))
    for name in names:
        if name not in cameras:
            raise RecordingError(
                f"The recording has no event camera '{name}'; it has "
                f'{", ".join(sorted(cameras))}: give one of these.'
            )
    return tuple(cameras[name] for name in names)


def choose_imu(recording: EventRecording, left: EventCamera) -> ImuStream | None:
    """Return the inertial measurements of the left camera, else of the rig; None without any.

    A camera's own have the beginning of their names, or the frame, in common with it. Those of
    another camera are left out.
    """
    own = [stream for stream in recording.imu_streams if _is_of(stream, left)]
    others = [
        stream
        for stream in recording.imu_streams
        if not any(_is_of(stream, camera) for camera in recording.cameras)
    ]
    return next(iter((*own, *others)), None)


def in_words(cameras: Sequence[EventCamera]) -> str:
    """Return the choice as text: 'left: /a, right: /b' or 'camera: /a'."""
    sides = CAMERAS if len(cameras) > 1 else ('camera',)
    return ', '.join(f'{side}: {c.name}' for side, c in zip(sides, cameras, strict=True))


def _is_of(stream: ImuStream, camera: EventCamera) -> bool:
    """Return whether inertial measurements are those of a camera."""
    namespace = camera.name.rpartition('/')[0]
    beginnings = tuple(f'{name}/' for name in (camera.name, namespace) if name)
    has_same_frame = stream.frame_id != '' and stream.frame_id == camera.frame_id
    return stream.name.startswith(beginnings) or has_same_frame


def _found(names: list[str]) -> list[str]:
    if len(names) > 2:
        raise RecordingError(
            f'The recording has {len(names)} event cameras ({", ".join(sorted(names))}): name the '
            f'left and the right one.'
        )
    return list(left_and_right(*names)) if len(names) == 2 else names
