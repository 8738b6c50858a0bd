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

"""Depth that stands in while too few events come."""

import numpy as np

from spike_depth_ros.inference.engine import Inference
from spike_depth_ros.inference.hold import DepthHold

MS = 1_000_000
RATES = np.zeros(1, np.float32)
DEPTH = np.full((2, 2), 3, np.float32)
CONFIDENCE = np.full((2, 2), 0.8, np.float32)


def hold(confidence: np.ndarray | None = CONFIDENCE) -> DepthHold:
    hold = DepthHold()
    hold.keep(Inference(DEPTH, RATES, RATES, confidence), 1000 * MS)
    return hold


def test_confidence_is_halved_at_the_greatest_age() -> None:
    for age_ms, confidence in ((100, 0.8 * 2**-0.5), (200, 0.4)):
        held = hold().at((1000 + age_ms) * MS, 200 * MS)
        assert held is not None and held.age_ns == age_ms * MS
        assert held.inference.depth is DEPTH
        assert held.inference.confidence is not None
        np.testing.assert_allclose(held.inference.confidence, confidence, rtol=1e-6)
    np.testing.assert_array_equal(CONFIDENCE, np.float32(0.8))  # of the window itself


def test_nothing_is_held_when_older_before_or_off() -> None:
    assert hold().at(1201 * MS, 200 * MS) is None
    assert hold().at(999 * MS, 200 * MS) is None
    assert hold().at(1050 * MS, 0) is None
    assert DepthHold().at(1050 * MS, 200 * MS) is None
    forgotten = hold()
    forgotten.clear()
    assert forgotten.at(1050 * MS, 200 * MS) is None


def test_a_model_without_confidence_is_held_without() -> None:
    held = hold(None).at(1050 * MS, 200 * MS)
    assert held is not None and held.inference.confidence is None
