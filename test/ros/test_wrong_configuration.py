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

"""A wrong configuration ends a node at start with one sentence and exit code 1."""

from pathlib import Path

import pytest

from spike_depth_ros.recordings.rosbag2_writer import RecordingWriter
from testing.nodes import one_sentence, run_to_the_end
from testing.stripes import TOPICS, write_recording


@pytest.fixture(scope='module')
def files(tmp_path_factory: pytest.TempPathFactory, stereo_model: Path) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp('files')
    (folder / 'text.onnx').write_text('not a model')
    (folder / 'one.yaml').write_text('cam0: {camera_model: pinhole}')
    with RecordingWriter(folder / 'empty', about={}):
        pass
    write_recording(folder / 'good', 10_000)
    names = {name: folder / name for name in ('text.onnx', 'one.yaml', 'empty', 'good', 'nowhere')}
    return names | {'model': stereo_model}


@pytest.mark.parametrize(
    ('node', 'parameters', 'arguments', 'sentence'),
    [
        ('depth', {}, [], "parameter 'model' is ''"),
        ('depth', {'model': '{nowhere}'}, [], 'does not exist'),
        ('depth', {'model': '{text.onnx}'}, [], 'is no ONNX file'),
        ('depth', {'model': '{model}', 'depth_encoding': 'mono8'}, [], "'32FC1' or '16UC1'"),
        ('depth', {'model': '{model}', 'queue': 0}, [], 'from 1 to 100 windows'),
        ('depth', {'model': '{model}', 'min_confidence': 1.5}, [], 'a number from 0 to 1 '),
        (
            'depth',
            {'model': '{model}', 'min_confidence': 0.5},
            [],
            "'min_confidence' is 0.5, but the model",
        ),
        (
            'binner',
            {'windw_ms': 50.0},
            [],
            "'windw_ms' (did you mean 'window_ms'?): use one of stereo,",
        ),
        ('binner', {'window_ms': 'long'}, [], "parameter 'window_ms' is 'long'"),
        ('binner', {'window_ms': -1.0}, [], 'from 1 to 1000 ms'),
        ('binner', {'width': 346.0}, [], 'a whole number from 8 to 4096 px'),
        ('binner', {'stereo': 1}, [], 'true or false'),
        ('binner', {'hop_ms': 60.0}, [], 'hop_ms=60 must be at most window_ms=50'),
        ('binner', {'qos_overrides./spikes.publisher.depth': 'x'}, [], 'qos_overrides./spikes'),
        ('binner', {'qos_overrides./spikes.publisher.durability': 'volatile'}, [], 'no parameter'),
        ('binner', {'qos_overrides./spikez.publishr.depth': 5}, [], 'no parameter'),
        ('binner', {'sync': 'gps'}, [], "'auto' or 'sensor' or 'host'"),
        ('binner', {'hot_pixel_hz': -1.0}, [], 'a number from 0 to 1e+06 Hz'),
        ('binner', {'calibration': '{nowhere}'}, [], 'cannot be read (No such file'),
        ('binner', {'calibration': '{text.onnx}'}, [], 'is none of a kalibr camchain (with cam0)'),
        (
            'binner',
            {'calibration': '{one.yaml}'},
            [],
            'it has no cam1, but two cameras are needed',
        ),
        (
            'binner',
            {'calibration': '{one.yaml}', 'right_calibration': '{one.yaml}'},
            [],
            'is all that is needed here: leave out',
        ),
        ('binner', {'right_calibration': '{one.yaml}'}, [], "calibration is ''"),
        (
            'binner',
            {'calibration': 'camera_info', 'right_calibration': '{one.yaml}'},
            [],
            "calibration is 'camera_info'",
        ),
        ('binner', {'use_sim_time': 5}, [], "'use_sim_time' is 5, but must be true or false"),
        ('replay', {'start_type_description_service': 5}, [], 'service'),
        ('binner', {}, ['-p', 'window_ms'], 'parameter override rule'),
        ('binner', {}, ['--', 'window_ms:=20.0'], "unknown argument 'window_ms:=20.0'"),
        ('pipeline', {}, [], "parameter 'model' is ''"),
        ('pipeline', {'model': '{model}', 'queue': 0}, [], 'from 1 to 100 windows'),
        (
            'pipeline',
            {'model': '{model}', 'min_confidence': 0.5},
            [],
            'gives no confidence: set it to 0.0, or load a model that gives it',
        ),
        ('pipeline', {'model': '{model}', 'hop_ms': 60.0}, [], 'hop_ms=60 must be at most'),
        ('pipeline', {'model': '{model}', 'windw_ms': 50.0}, [], "no parameter 'windw_ms'"),
        ('replay', {}, [], "parameter 'recording' is ''"),
        ('replay', {'recording': '{nowhere}'}, [], 'does not exist'),
        ('replay', {'recording': '{empty}'}, [], 'holds no message'),
        ('replay', {'recording': '{good}', 'left': '/none'}, [], f'it has {TOPICS[0]}'),
        ('replay', {'recording': '{good}', 'rate': 0.0}, [], 'a number from 0.01 to 100'),
    ],
)
def test_one_sentence_and_exit_code_1(
    files: dict[str, Path],
    node: str,
    parameters: dict[str, object],
    arguments: list[str],
    sentence: str,
) -> None:
    for key, value in parameters.items():
        if isinstance(value, str) and value.startswith('{'):
            parameters = parameters | {key: files[value[1:-1]]}

    code, error = run_to_the_end(node, parameters, *arguments)

    assert code == 1
    assert sentence in one_sentence(error)
    assert one_sentence(error).startswith(f'{node}: ')


def test_replay_without_a_binner_gives_up(files: dict[str, Path]) -> None:
    code, error = run_to_the_end('replay', {'recording': files['good'], 'wait_s': 0.2})

    assert code == 1
    assert "nobody subscribed to '/left/events' within 0.2 s" in one_sentence(error)


def test_unknown_node_name() -> None:
    code, error = run_to_the_end('nothing')

    assert code == 1
    assert 'use one of binner, camera, depth, pipeline, replay' in one_sentence(error)
