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

"""The parameters of the nodes, as data."""

from dataclasses import dataclass

from spike_depth_ros.geometry.stereo_rig import BASELINES_M, MVSEC_RIG
from spike_depth_ros.inference import providers

CAMERA = MVSEC_RIG.camera


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """Describe one parameter of a node.

    The type of `default` is the parameter's; a whole number does where a float is wanted.
    minimum, maximum: allowed range, both included, of a number. choices: allowed texts, any if
    empty. required: the empty text is refused. is_path: ~ stands for the home folder, and file://
    may go before. follows: the parameter of which an omitted one takes the value, else its own
    default. read_only: cannot change while the node runs.
    """

    name: str
    default: bool | int | float | str
    unit: str
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    is_path: bool = False
    follows: str = ''
    read_only: bool = True

    def allowed(self) -> str:
        """Return the allowed values in words."""
        if self.choices:
            return ' or '.join(repr(choice) for choice in self.choices)
        if isinstance(self.default, bool):
            return 'true or false'
        if isinstance(self.default, str):
            return 'a text that is not empty' if self.required else 'a text'
        kind = 'whole number' if isinstance(self.default, int) else 'number'
        return f'a {kind} from {self.minimum:g} to {self.maximum:g}'


Table = tuple[ParameterRow, ...]

BINNER: Table = (
    ParameterRow('stereo', True, '', 'Two cameras; false: one, on left/events.'),
    ParameterRow('window_ms', 50.0, 'ms', 'Length of a window; the model fixes it.', 1, 1000),
    ParameterRow(
        'hop_ms',
        50.0,
        'ms',
        'From window to window; must divide window_ms, which it equals where it is omitted.',
        1,
        1000,
        follows='window_ms',
    ),
    ParameterRow(
        'max_wait_ms',
        100.0,
        'ms',
        'How long a window waits for a camera that is silent after the first passed its end.',
        1,
        1000,
        read_only=False,
    ),
    ParameterRow(
        'sync',
        'auto',
        '',
        'Clock in which windows are cut: that of synchronised cameras, or header stamps.',
        choices=('auto', 'sensor', 'host'),
    ),
    ParameterRow(
        'width', CAMERA.width, 'px', 'Width of a spike frame; the model fixes it.', 8, 4096
    ),
    ParameterRow(
        'height', CAMERA.height, 'px', 'Height of a spike frame; the model fixes it.', 8, 4096
    ),
    ParameterRow(
        'focal_length',
        CAMERA.f,
        'px',
        'Focal length of the camera in the spike frame.',
        1,
        100_000,
    ),
    ParameterRow('cx', CAMERA.cx, 'px', 'Principal point of it, column.', -100_000, 100_000),
    ParameterRow('cy', CAMERA.cy, 'px', 'Principal point of it, row.', -100_000, 100_000),
    ParameterRow(
        'baseline',
        MVSEC_RIG.baseline_m,
        'm',
        'Distance of the two cameras where no calibration tells it.',
        *BASELINES_M,
    ),
    ParameterRow(
        'calibration',
        '',
        '',
        'File of the rig: a kalibr camchain, a DSEC cam_to_cam or the left ROS calibration; '
        'camera_info: from the topics; rectified: the events come from rectified cameras of this '
        'focal_length and baseline; empty: not calibrated, with a warning.',
        is_path=True,
    ),
    ParameterRow(
        'right_calibration',
        '',
        '',
        "The right camera's file beside a left ROS calibration.",
        is_path=True,
    ),
    ParameterRow(
        'hot_pixel_hz',
        0.0,
        'Hz',
        'Drop the events of pixels that have more of them and far more than their neighbours; '
        '0: off.',
        0,
        1_000_000,
        read_only=False,
    ),
    ParameterRow(
        'background_ms',
        0.0,
        'ms',
        'Drop events without an event of a neighbouring pixel within this time; 0: off.',
        0,
        10_000,
        read_only=False,
    ),
    ParameterRow(
        'refractory_ms',
        0.0,
        'ms',
        'Drop events that follow the last one of their pixel sooner; 0: off.',
        0,
        10_000,
        read_only=False,
    ),
    ParameterRow('event_queue', 1000, 'packets', 'Depth of the event queues.', 1, 100_000),
)

DEPTH: Table = (
    ParameterRow('model', '', '', 'Path of the ONNX model.', required=True, is_path=True),
    ParameterRow(
        'min_events',
        500,
        'events',
        'A window with fewer events yields no depth.',
        0,
        1_000_000_000,
        read_only=False,
    ),
    ParameterRow(
        'min_confidence',
        0.0,
        '',
        'A pixel of less confidence has no depth; 0: off. Only for a model that gives confidence.',
        0,
        1,
        read_only=False,
    ),
    ParameterRow(
        'provider',
        providers.AUTO,
        '',
        'What computes: the fastest that is there, or one by name; the next best stands in.',
        choices=providers.CHOICES,
    ),
    ParameterRow('threads', 0, '', 'Threads of the inference; 0: as many as cores.', 0, 256),
    ParameterRow('queue', 2, 'windows', 'Windows that may wait for inference.', 1, 100),
    ParameterRow(
        'depth_encoding',
        '32FC1',
        '',
        'Depth as metres (32FC1) or millimetres (16UC1).',
        choices=('32FC1', '16UC1'),
    ),
)

REPLAY: Table = (
    ParameterRow(
        'recording', '', '', 'Folder of the rosbag2 recording.', required=True, is_path=True
    ),
    ParameterRow('left', '', '', 'Event topic of the left or only camera; empty: find it.'),
    ParameterRow('right', '', '', 'Event topic of the right camera; empty: find it.'),
    ParameterRow(
        'rate',
        1.0,
        '',
        'Speed of the replay; stamps keep the spacing of the recording.',
        0.01,
        100,
    ),
    ParameterRow(
        'publish_clock',
        False,
        '',
        'Publish /clock and leave stamps alone, instead of stamping with the present.',
    ),
    ParameterRow(
        'wait_s',
        60.0,
        's',
        'How long to wait for a subscriber of each event topic; 0: do not wait.',
        0,
        86_400,
    ),
)
