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

"""Model contract: metadata round trip, broken metadata, streams that do not fit."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.contract import ContractError, ModelContract


@pytest.fixture
def rig() -> SpikeStream:
    return SpikeStream(
        window_ns=50_000_000,
        hop_ns=10_000_000,
        channels=4,
        camera=PinholeCamera(346, 260, 200.0, 170.0, 131.0),
        baseline_m=0.25,
        sync='sensor',
        mapped=np.ones((260, 346), dtype=bool),
    )


def test_metadata_round_trip(contract: ModelContract) -> None:
    metadata = contract.to_metadata()
    assert metadata['spike_depth.contract_version'] == '2'
    assert metadata['spike_depth.layers'] == '["bottom", "conv1"]'
    assert ModelContract.from_metadata({**metadata, 'producer': 'x'}) == contract
    assert 'spike_depth.analog' not in metadata


def test_analog_layers_are_stated(contract: ModelContract) -> None:
    metadata = replace(contract, analog=True).to_metadata()
    assert metadata['spike_depth.analog'] == 'true'
    assert ModelContract.from_metadata(metadata).analog
    with pytest.raises(ContractError, match=r'analog is .*, but must be true or false'):
        ModelContract.from_metadata({**metadata, 'spike_depth.analog': '1'})


@pytest.mark.parametrize(
    ('key', 'text', 'message'),
    [
        ('contract_version', None, 'carries no contract, but version 2 is needed'),
        ('contract_version', '1', 'carries contract version 1, but version 2 is needed'),
        ('window_ns', None, 'lack spike_depth.window_ns'),
        ('window_ns', '5.5', 'must be a whole number'),
        ('width', 'true', 'must be a whole number'),
        ('f', 'NaN', 'must be a finite number'),
        ('f', '"200"', 'must be a finite number'),
        ('layers', 'bottom, conv1', 'must be a JSON list of names'),
        ('layers', '[1, 2]', 'must be a JSON list of names'),
        ('fanouts', '400', 'must be a JSON list of finite numbers'),
        ('fanouts', '[400.0]', 'layers 2, sizes 2, fanouts 1, firing_rate_low 2'),
        ('channels', '3', 'has 3 channels, but 2 or 4 are allowed'),
        ('f', '-1', 'f of the contract is -1.0, but must be positive'),
        ('baseline_m', '0', 'baseline_m of the contract is 0.0, but must be positive'),
        ('depth_max_m', '0.5', 'must exceed depth_min_m = 0.5'),
        ('firing_rate_low', '[0.5, 0.02]', 'envelope of layer bottom is 0.5 to 0.2'),
    ],
)
def test_broken_metadata(
    contract: ModelContract, key: str, text: str | None, message: str
) -> None:
    metadata = contract.to_metadata()
    del metadata['spike_depth.' + key]
    if text is not None:
        metadata['spike_depth.' + key] = text
    with pytest.raises(ContractError, match=message) as caught:
        ModelContract.from_metadata(metadata)
    assert '\n' not in str(caught.value)
    assert str(caught.value).endswith('.')


def test_one_camera_needs_no_baseline(contract: ModelContract, rig: SpikeStream) -> None:
    mono = replace(contract, channels=2, baseline_m=0.0)
    assert mono.mismatch(replace(rig, channels=2, baseline_m=0.0)) is None
    assert mono.depth_scale(rig) == 1.0


def test_fitting_rig(contract: ModelContract, rig: SpikeStream) -> None:
    assert contract.mismatch(rig) is None
    assert contract.depth_scale(rig) == pytest.approx(2.5)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'window_ns': 25_000_000}, 'window of the spike frames is 25 ms, .* 50 ms: .*window_ms'),
        ({'channels': 2}, 'channel count of the spike frames is 2, .* 4: .*stereo'),
        (
            {'camera': PinholeCamera(640, 260, 199.65, 173.0, 130.0)},
            'is 640 x 260, but the model needs 346 x 260: .*width and height',
        ),
        (
            {'camera': replace(MVSEC_RIG.camera, f=202.0)},
            'is 202 px, but the model needs 199.65 px within 1%: .*focal_length',
        ),
        ({'baseline_m': 0.0}, 'is 0 m, but the model needs a positive one: .*baseline'),
    ],
)
def test_unfit_rig(
    contract: ModelContract, rig: SpikeStream, change: dict[str, Any], message: str
) -> None:
    sentence = contract.mismatch(replace(rig, **change))
    assert sentence is not None
    assert re.search(message, sentence)
