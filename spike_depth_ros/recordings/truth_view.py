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

"""True depth of a recording in the network's image: choice of the stream, and its view."""

from dataclasses import dataclass

from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.depth_view import RawView, RectifiedView
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import DepthStream, EventCamera, EventRecording
from spike_depth_ros.recordings.sides import named_side


@dataclass(frozen=True, eq=False)
class TrueDepth:
    """True depth of the left camera: its stream, and the map from its view."""

    stream: DepthStream
    view: RectifiedView | RawView


def true_depth(
    recording: EventRecording,
    left: EventCamera,
    calibration: RigCalibration | None,
    network: PinholeCamera,
) -> TrueDepth:
    """Return the true depth that fits the left camera; a rectified view before a raw one.

    A rectified view of unknown camera must have the size of the network's image, and is taken as
    that image.

    Args:
        recording: open recording.
        left: left or only camera.
        calibration: calibration of the cameras; None: unknown.
        network: camera of the spike frames.

    Raises:
        RecordingError: the recording has no true depth, or none that fits.
    """
    if not recording.depth_streams:
        raise RecordingError(
            f"The recording '{recording.path}' has no true depth: give its file too (--truth)."
        )
    reasons = []
    for stream in sorted(recording.depth_streams, key=lambda stream: stream.view == 'raw'):
        if reason := _not_of(stream, left):
            reasons.append(reason)
        elif view := _view(stream, calibration, network):
            return TrueDepth(stream, view)
        else:
            reasons.append(_unknown_view(stream, network))
    raise RecordingError(
        f"No true depth of '{recording.path}' fits the left camera: {'; '.join(reasons)}."
    )


def _not_of(stream: DepthStream, left: EventCamera) -> str:
    """Return why a stream is not of the left camera, as the end of a sentence, '' if it is.

    A camera that is played as the left one may be the right one by its name.
    """
    side = named_side(left.name) or 'left'
    if stream.side != side:
        return f"'{stream.name}' is of the {stream.side} camera, not of '{left.name}'"
    frame, wanted = stream.frame_id, left.frame_id
    if frame and wanted and not frame.startswith(wanted):  # the rectified frame's name is longer
        return f"'{stream.name}' is of the frame '{frame}', but the left camera's is '{wanted}'"
    return ''


def _view(
    stream: DepthStream, calibration: RigCalibration | None, network: PinholeCamera
) -> RectifiedView | RawView | None:
    """Return the map of a stream's view, None if its camera is unknown."""
    size = (stream.width, stream.height)
    if stream.view == 'rectified' and stream.camera is not None:
        return RectifiedView(stream.camera, network)
    if stream.view == 'raw' and calibration is not None:
        raw = calibration.cameras[0]
        return RawView(raw, network) if size == (raw.width, raw.height) else None
    is_network = size == (network.width, network.height)
    return RectifiedView(network, network) if is_network else None


def _unknown_view(stream: DepthStream, network: PinholeCamera) -> str:
    size = f'{stream.width} x {stream.height}'
    if stream.view == 'raw':
        return f"'{stream.name}' is a raw view of {size} without a calibration of that camera"
    return (
        f"'{stream.name}' is a rectified view of {size} of an unknown camera, but the network's "
        f'image has {network.width} x {network.height}'
    )
