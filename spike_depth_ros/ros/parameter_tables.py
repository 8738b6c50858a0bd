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

"""Parameter tables of the nodes."""

from spike_depth_ros.frames.limits import MAX_WAIT_NS
from spike_depth_ros.frames.spike_frame import FRAME_IDS
from spike_depth_ros.frames.synchroniser import AUTO, HOST, SENSOR
from spike_depth_ros.geometry.stereo_rig import BASELINES_M, MVSEC_RIG
from spike_depth_ros.inference import providers
from spike_depth_ros.inference.contract import FOCAL_LENGTH_TOLERANCE
from spike_depth_ros.inference.verdict import MIN_EVENTS
from spike_depth_ros.ros.parameter_row import ParameterRow, Table
from spike_depth_ros.units import MS_NS

CAMERA = MVSEC_RIG.camera

BINNER: Table = (
    ParameterRow(
        'stereo', True, '', 'true: two cameras, stereo; false: one camera, on left/events.'
    ),
    ParameterRow(
        'window_ms', 50.0, 'ms', 'Length of a window; must be that of the model.', 1, 1000
    ),
    ParameterRow(
        'hop_ms',
        50.0,
        'ms',
        'Time from window to window; at most window_ms, which is its default.',
        1,
        1000,
        follows='window_ms',
    ),
    ParameterRow(
        'max_wait_ms',
        MAX_WAIT_NS / MS_NS,
        'ms',
        'Longest wait for a camera after the first one has passed the end of a window.',
        1,
        1000,
        read_only=False,
    ),
    ParameterRow(
        'empty_windows',
        False,
        '',
        'true: publish windows without an event too, if the packets of all cameras show that time '
        'passes, for hold_ms of the depth node; false: leave them out.',
    ),
    ParameterRow(
        'sync',
        AUTO,
        '',
        'Clock in which windows are cut: sensor: sensor time of cameras synchronised by wire; '
        'host: ROS time of the header stamps; auto: sensor if the sensor times agree, else host.',
        choices=(AUTO, SENSOR, HOST),
    ),
    ParameterRow(
        'width', CAMERA.width, 'px', 'Width of a spike frame; must be that of the model.', 8, 4096
    ),
    ParameterRow(
        'height',
        CAMERA.height,
        'px',
        'Height of a spike frame; must be that of the model.',
        8,
        4096,
    ),
    ParameterRow(
        'focal_length',
        CAMERA.f,
        'px',
        f'Focal length of the spike frame; must be within {FOCAL_LENGTH_TOLERANCE:.0%} of the '
        "model's.",
        1,
        100_000,
    ),
    ParameterRow(
        'cx', CAMERA.cx, 'px', 'Principal point of the spike frame, column.', -100_000, 100_000
    ),
    ParameterRow(
        'cy', CAMERA.cy, 'px', 'Principal point of the spike frame, row.', -100_000, 100_000
    ),
    ParameterRow(
        'baseline',
        MVSEC_RIG.baseline_m,
        'm',
        'Distance of the two cameras; a calibration file or camera_info overrides it.',
        *BASELINES_M,
    ),
    ParameterRow(
        'calibration',
        '',
        '',
        'Calibration of the rig: path of a kalibr camchain, of a DSEC cam_to_cam file, of a '
        'Basalt calibration or of the left ROS calibration; camera_info: from the topics; '
        'rectified: the cameras are rectified already, with this focal_length and baseline; '
        'empty: none, with a warning.',
        is_path=True,
    ),
    ParameterRow(
        'right_calibration',
        '',
        '',
        "Path of the right camera's file if calibration is the left ROS calibration.",
        is_path=True,
    ),
    ParameterRow(
        'hot_pixel_hz',
        0.0,
        'Hz',
        'Remove events of a pixel with a higher event rate that is also far above its '
        "neighbours' rate; 0: off.",
        0,
        1_000_000,
        read_only=False,
    ),
    ParameterRow(
        'background_ms',
        0.0,
        'ms',
        'Remove an event if no neighbouring pixel had one within this time before it; 0: off.',
        0,
        10_000,
        read_only=False,
    ),
    ParameterRow(
        'refractory_ms',
        0.0,
        'ms',
        'Remove an event if its pixel had another within this time before it; 0: off.',
        0,
        10_000,
        read_only=False,
    ),
    ParameterRow('event_queue', 1000, 'packets', 'Depth of the event subscriptions.', 1, 100_000),
)

DEPTH: Table = (
    ParameterRow('model', '', '', 'Path of the ONNX model.', required=True, is_path=True),
    ParameterRow(
        'min_events',
        MIN_EVENTS,
        'events',
        'Least number of events in a window that yields depth.',
        0,
        1_000_000_000,
        read_only=False,
    ),
    ParameterRow(
        'min_confidence',
        0.0,
        '',
        'Least confidence of a pixel that has depth; 0: off. Needs a model that outputs '
        'confidence.',
        0,
        1,
        read_only=False,
    ),
    ParameterRow(
        'hold_ms',
        0.0,
        'ms',
        'Greatest age of the latest depth, which is published again, with falling confidence, for '
        'windows with fewer than min_events events; 0: off.',
        0,
        60_000,
        read_only=False,
    ),
    ParameterRow(
        'motion',
        'auto',
        '',
        'Move what the model remembers with the rig: auto: by the topic odometry, else by imu, '
        'where they come; none: do not. For models with memory.',
        choices=('auto', 'none'),
    ),
    ParameterRow(
        'camera_in_imu',
        '',
        '',
        "Orientation of the left camera's optical frame in the IMU's frame: roll pitch yaw, "
        'radians, as static_transform_publisher takes them; empty: from the calibration of the '
        'binner, else from /tf_static.',
    ),
    ParameterRow(
        'camera_in_base',
        '',
        '',
        "Pose of the left camera's optical frame in child_frame_id of odometry: x y z roll pitch "
        'yaw, metres and radians; empty: from /tf_static.',
    ),
    ParameterRow(
        'provider',
        providers.AUTO,
        '',
        "Execution provider: 'auto' (fastest available) or a name; falls back to the next.",
        choices=providers.CHOICES,
    ),
    ParameterRow('threads', 0, '', 'Threads of the inference; 0: one for each core.', 0, 256),
    ParameterRow(
        'queue',
        2,
        'windows',
        'Number of windows that may wait for inference; a full queue drops the oldest.',
        1,
        100,
    ),
    ParameterRow(
        'depth_encoding',
        '32FC1',
        '',
        'Encoding of the depth image: 32FC1 (metres) or 16UC1 (millimetres).',
        choices=('32FC1', '16UC1'),
    ),
)

REPLAY: Table = (
    ParameterRow(
        'recording',
        '',
        '',
        'Path of the recording: a file or folder of any kind that is read; or a list of paths '
        'that make one recording, such as one file per camera.',
        required=True,
        is_list=True,
        is_path=True,
    ),
    ParameterRow(
        'truth',
        '',
        '',
        'Path of a recording with the true depth, or a list of paths; empty: in the recording, or '
        'found beside it by its name.',
        is_list=True,
        is_path=True,
    ),
    ParameterRow(
        'calibration',
        '',
        '',
        'Calibration that is published on camera_info: path of a kalibr camchain, of a DSEC '
        'cam_to_cam file or of the left ROS calibration; empty: the one in the recording or '
        'beside it, if there is one.',
        is_path=True,
    ),
    ParameterRow(
        'right_calibration',
        '',
        '',
        "Path of the right camera's file if calibration is the left ROS calibration.",
        is_path=True,
    ),
    ParameterRow(
        'left',
        '',
        '',
        'Left or only event camera in the recording (a topic, a device or a side); empty: find '
        'it.',
    ),
    ParameterRow('right', '', '', 'Right event camera in the recording; empty: find it.'),
    ParameterRow('rate', 1.0, '', 'Speed of the replay; 1: real time.', 0.01, 100),
    ParameterRow('start', 0.0, 's', 'Time after the first event at which to start.', 0, 1_000_000),
    ParameterRow('duration', 0.0, 's', 'Length of the part to play; 0: to the end.', 0, 1_000_000),
    ParameterRow(
        'loop', False, '', 'true: start again at the end, until the node is ended; false: end.'
    ),
    ParameterRow(
        'publish_truth',
        True,
        '',
        'true: publish the true depth of the left camera, if there is any; false: leave it out.',
    ),
    ParameterRow(
        'publish_clock',
        False,
        '',
        'true: publish /clock and leave the recorded stamps; false: stamp with the current time.',
    ),
    ParameterRow(
        'wait_s',
        60.0,
        's',
        'Longest wait for a subscriber of each event topic; 0: do not wait.',
        0,
        86_400,
    ),
)

EVENT_CAMERAS: Table = (
    ParameterRow(
        'left',
        '',
        '',
        'Left or only camera: name such as DAVIS346_00000123; or tcp://host:port or the path of a '
        'Unix socket at which DV or dv-processing serves its events; empty: the first on USB.',
    ),
    ParameterRow('right', '', '', 'Right camera, as left; empty: one camera.'),
    ParameterRow(
        'synchronised',
        True,
        '',
        'true: two cameras on USB share a clock by their sync cable; false: each has its own.',
    ),
    ParameterRow('left_frame', FRAME_IDS[0], '', "Frame of the left camera's packets."),
    ParameterRow('right_frame', FRAME_IDS[1], '', "Frame of the right camera's packets."),
    ParameterRow(
        'calibration',
        '',
        '',
        'Calibration file to publish as camera_info: a kalibr camchain, a DSEC cam_to_cam file or '
        'the left ROS calibration; empty: publish none.',
        is_path=True,
    ),
    ParameterRow(
        'right_calibration',
        '',
        '',
        "Path of the right camera's file if calibration is the left ROS calibration.",
        is_path=True,
    ),
    ParameterRow('packet_ms', 4.0, 'ms', 'Longest time that a packet holds.', 0.1, 50),
    ParameterRow(
        'noise_filter_ms',
        0.0,
        'ms',
        "Time of dv-processing's filter of background activity, for cameras on USB; 0: off.",
        0,
        1000,
        read_only=False,
    ),
    ParameterRow(
        'contrast_on',
        -1,
        '',
        "Contrast threshold of a DVXplorer's ON events, higher: fewer; -1: the camera's own.",
        -1,
        17,
        read_only=False,
    ),
    ParameterRow(
        'contrast_off',
        -1,
        '',
        "Contrast threshold of a DVXplorer's OFF events, higher: fewer; -1: the camera's own.",
        -1,
        17,
        read_only=False,
    ),
    ParameterRow(
        'biases',
        '',
        '',
        'Biases of a DAVIS (Name=coarse/fine) or DVS128 (Name=value), separated by commas, such '
        "as On=6/255, Off=4/6; empty: the camera's own.",
    ),
    ParameterRow(
        'wait_s',
        0.0,
        's',
        'Longest wait for the cameras at the start; 0: end at once without them.',
        0,
        86_400,
    ),
)
